// The dialog with the rows behind a number, and the SQL that opens them.

import { announce, count, day, load, make, role, t, text, title, words } from "./common.js";
import { correction } from "./correct.js";
import { filters } from "./state.js";

const dialog = document.getElementById("rows");
dialog?.addEventListener("click", (event) => event.target === dialog && dialog.close());

const cell = (column, value) =>
  make("td", { className: role(column) === "text" && column === "text" ? "long" : "" }, role(column) ? text(column, value) : value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

// `keys` are the columns of the insight's row that choose; `column` the number that was clicked.
export async function openRows(insight, params, keys = {}, column = null) {
  const asked = new URLSearchParams({ ...params, lang: document.body.dataset.lang });
  if (column) asked.set("column", column);
  for (const [name, value] of Object.entries(keys)) asked.set(`key.${name}`, value ?? "");
  const url = `/api/insights/${insight.name}/rows?${asked}`;
  const close = make("button", { className: "plain", "aria-label": t.close, onclick: () => dialog.close() }, "✕");
  const head = make("div", { className: "head" }, make("h2", { id: "rows-title" }, `${t.rows_of} ${insight.title}`), close);
  const place = make("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": t.rows_of }, make("p", { className: "quiet" }, t.loading));
  dialog.replaceChildren(head, chips(keys), place);
  if (!dialog.open) dialog.showModal();
  try {
    const found = await load(url);
    place.replaceChildren(found.rows.length ? table(found) : make("p", { className: "quiet" }, t.rows_none));
    dialog.append(foot(found, url));
    announce(`${count(found.rows.length)} ${t.rows}`);
  } catch (error) {
    place.replaceChildren(make("p", { className: "quiet", role: "alert" }, error.message));
  }
  dialog.dataset.ready = "true";
}
dialog?.addEventListener("close", () => delete dialog.dataset.ready);

function chips(keys) {
  const all = { ...filters(), ...keys };
  const span = all.from || all.to ? [[all.from, all.to].map((each) => (each ? day(each) : "…")).join(" – ")] : [];
  const shown = Object.entries(all).filter(([name]) => role(name)).map(([name, value]) => `${title(name)}: ${text(name, value === "" ? null : /^\d+$/.test(value) ? Number(value) : value)}`);
  return make("p", { className: "quiet chosen" }, [...span, ...shown].join(" · "));
}

function table({ columns, rows }) {
  const names = columns.map(({ name }) => name);
  const id = words.may_label ? names.indexOf("question_id") : -1;
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, title(name))), id < 0 ? null : make("th", { scope: "col", className: "correct" }, t.correct));
  const lines = rows.map((row) => make("tr", {}, ...row.map((value, at) => cell(names[at], value)),
    id < 0 ? null : make("td", {}, correction(row[id], row[names.indexOf("text")]))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines));
}

function foot({ rows, total, sql, numbers_sql: numbers }, url) {
  const more = total > rows.length ? `${t.rows_first} ${count(rows.length)}` : `${count(rows.length)} ${t.rows}`;
  const code = (name, body) => make("details", { className: "sql" }, make("summary", {}, name), make("pre", { tabindex: "0" }, make("code", {}, body)),
    words.may_sql ? make("a", { href: `/sql?lang=${document.body.dataset.lang}#${encodeURIComponent(body)}` }, t.open_sql) : null);
  return make("div", { className: "foot" }, make("span", {}, more), code(t.rows_sql, sql), code(t.numbers_sql, numbers),
    make("span", { className: "links" }, make("a", { href: `${url}&format=csv`, download: "" }, "CSV"), make("a", { href: `${url}&format=parquet`, download: "" }, "Parquet")));
}
