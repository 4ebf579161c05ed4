// What all modules share: the words that the server wrote into the page, elements, values as text, and asking the API.

export const words = JSON.parse(document.getElementById("words").textContent);
export const t = words.t;
export const dark = matchMedia("(prefers-color-scheme: dark)");
export const theme = () => (dark.matches ? "dark" : "light");

// An element; its children may be texts, which cannot become markup.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "list" && typeof value !== "string") element[name] = value;
    else if (name === "className" || name === "textContent" || name === "value") element[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((each) => each !== null && each !== undefined));
  return element;
}

const announcer = document.body.appendChild(make("p", { className: "hidden", role: "status" }));
export const announce = (text) => { announcer.textContent = text; };

export async function ask(url, options = {}) {
  const answer = await fetch(url, options);
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({ error: `HTTP ${answer.status}` }));
    throw new Error(body.error);
  }
  return answer;
}
export const load = async (url, signal) => (await ask(url, { signal })).json();
export const post = (url, body, signal) =>
  ask(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Numbers and dates in the reader's way. Days are written in UTC, so that no browser's zone moves them.
const number = (value, options = {}) => new Intl.NumberFormat(words.locale, options).format(value);
const date = (value, options) => new Intl.DateTimeFormat(words.locale, { timeZone: "UTC", ...options }).format(value);
export const day = (value, style = { dateStyle: "medium" }) => date(new Date(`${value.slice(0, 10)}T00:00:00Z`), style);
export const count = (value) => number(value);

// A length of time in its two largest units: 3 min 20 s.
export function seconds(value) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => value >= size);
  if (first < 0) return `${number(value, { maximumFractionDigits: 1 })} s`;
  const parts = [];
  let rest = Math.round(value);
  for (const [unit, size] of units.slice(first, first + 2)) {
    const whole = Math.floor(rest / size);
    if (whole || !parts.length) parts.push(`${number(whole)} ${unit}`);
    rest -= whole * size;
  }
  return parts.join(" ");
}

const NUMBERS = new Set(["count", "decimal", "share", "seconds", "index"]);
export const role = (column) => words.columns[column]?.role;
// Moments are stored in UTC and shown by the lake's clock.
export const title = (column) => (words.columns[column]?.title ?? column).replace(/ \(UTC\)$/, "");
export const isNumber = (column) => NUMBERS.has(role(column));

// Text of a value, by the role of its column.
export function text(column, value, grain) {
  const is = role(column);
  if (is === "person" && value === null) return words.others;
  if (is === "topic" && value === null) return words.no_topic;
  if (value === null || value === undefined) return "–";
  switch (is) {
    case "day": return day(value);
    case "period":
      if (grain === "hour") return date(new Date(`${value}Z`), { dateStyle: "medium", timeStyle: "short" });
      return grain === "month" ? day(value, { year: "numeric", month: "long" }) : day(value);
    case "time": return date(new Date(value), { dateStyle: "short", timeStyle: "short", timeZone: words.zone });
    case "weekday": return words.weekdays[value - 1];
    case "hour": return `${String(value).padStart(2, "0")}h`;
    case "kind": return words.kinds[value] ?? value;
    case "code": return words.codes[column]?.[value] ?? value;
    case "share": return number(value, { style: "percent", maximumFractionDigits: 1 });
    case "seconds": return seconds(value);
    case "index": return number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    case "count": return number(value);
    case "decimal": return number(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    default: return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}
