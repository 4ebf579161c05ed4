// Sends on what Telegram signed: it comes behind the `#` (from the login page) or in the query (from a bot's button).

const refused = document.getElementById("login-refused");

function signed() {
  const behind = new URLSearchParams(location.hash.slice(1)).get("tgAuthResult");
  if (behind) return atob(behind.replaceAll("-", "+").replaceAll("_", "/"));
  const query = Object.fromEntries(new URLSearchParams(location.search));
  return query.hash ? JSON.stringify(query) : null;
}

async function enter() {
  let body = null;
  try {
    body = signed();
  } catch {
    refused.textContent = refused.dataset.failed;
  }
  if (body === null) return;
  // UTF-8 in base64: each character of atob's is a byte.
  const bytes = Uint8Array.from(body, (each) => each.charCodeAt(0));
  const answer = await fetch("/login/telegram", { method: "POST", headers: { "content-type": "application/json" }, body: location.hash ? bytes : body });
  const { next, error } = await answer.json();
  history.replaceState(null, "", "/login");
  if (answer.ok) location.replace(next);
  else refused.textContent = `${refused.dataset.failed} ${error}`;
}

if (location.pathname === "/login/telegram") enter();
