// The SQL page: the editor, tables beside it, examples, this browser's history, and the result as a table or a chart.

import { announce, count, dark, download, make, post, t, theme, words } from "./common.js";
import { tooltip } from "./charts.js";

const editor = document.getElementById("editor");
const run = document.getElementById("run");
const stop = document.getElementById("stop");
const result = document.getElementById("result");
const past = document.getElementById("past");
const KEY = `telelake-sql-${words.person}`;
const KEPT = 40;
let asking = null;
let shown = null;

async function ask() {
  const sql = editor.value.trim();
  if (!sql) return editor.focus();
  asking?.abort();
  const own = (asking = new AbortController());
  busy(true);
  try {
    shown = { sql, ...(await (await post("/api/sql", { sql, format: "page" }, own.signal)).json()) };
    remember(sql);
    draw();
    announce(`${count(shown.total)} ${t.rows}`);
  } catch (error) {
    if (asking === own) result.replaceChildren(make("p", { className: "failed", role: "alert" }, own.signal.aborted ? t.cancelled : error.message));
  }
  if (asking === own) busy(false);
  return null;
}

function busy(is) {
  stop.hidden = !is;
  run.disabled = is;
  result.setAttribute("aria-busy", String(is));
  if (is) delete document.body.dataset.ready;
  else document.body.dataset.ready = "true";
}

const NUMBER = /INT|DOUBLE|FLOAT|DECIMAL/;
const isNumber = ({ type }) => NUMBER.test(type) && !type.endsWith("[]");

function draw() {
  const { rows, columns, total, seconds } = shown;
  const said = total > rows.length ? `${t.rows_first} ${count(rows.length)} ${t.of} ${count(total)}` : `${count(total)} ${t.rows}`;
  const save = ["csv", "parquet", "arrow"].map((form) => make("button", { className: "plain", onclick: () => keep(form) }, form === "csv" ? "CSV" : form === "arrow" ? "Arrow" : "Parquet"));
  const asChart = make("button", { className: "plain", "aria-pressed": "false", id: "as-chart", disabled: !rows.length || !columns.some(isNumber), onclick: (event) => toggle(event.target) }, t.as_chart);
  const bar = make("div", { className: "foot" }, make("span", {}, `${said} · ${new Intl.NumberFormat(words.locale, { maximumFractionDigits: 2 }).format(seconds)} s`), asChart, make("span", { className: "links" }, ...save));
  const head = make("tr", {}, ...columns.map((each) => make("th", { scope: "col", title: each.type, className: isNumber(each) ? "n" : "" }, each.name)));
  const lines = rows.map((row) => make("tr", {}, ...row.map((value, at) => make("td", { className: isNumber(columns[at]) ? "n" : "" }, cell(value, columns[at])))));
  const place = make("div", { className: "scroll view", tabindex: "0", role: "region", "aria-label": t.result }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
  result.replaceChildren(bar, rows.length ? place : make("p", { className: "quiet" }, t.rows_none));
}

const cell = (value, column) =>
  value === null ? "" : isNumber(column) && !/_id$|^id$/.test(column.name) ? new Intl.NumberFormat(words.locale, { maximumFractionDigits: 6 }).format(value) : typeof value === "object" ? JSON.stringify(value) : String(value);

async function keep(format) {
  const answer = await post("/api/sql", { sql: shown.sql, format }).catch((error) => announce(error.message));
  if (answer) download(await answer.blob(), `query.${format}`);
}

// A first guess: the first text or day across, the first number up; all can be chosen.
function toggle(button) {
  if (button.getAttribute("aria-pressed") === "true") return draw();
  button.setAttribute("aria-pressed", "true");
  const { columns } = shown;
  const names = columns.map((each) => each.name);
  const y = columns.find((each) => isNumber(each) && each !== columns[0]) ?? columns.find(isNumber);
  const x = columns.find((each) => each !== y) ?? y;
  const isDay = /DATE|TIMESTAMP/.test(x.type);
  const choice = (id, label, options, value) =>
    make("label", {}, make("span", {}, label), make("select", { id, onchange: chart }, ...options.map((each) => make("option", { value: each, selected: each === value }, each || "–"))));
  const place = make("div", { className: "view" },
    make("div", { className: "choices" }, choice("mark", t.chart_kind, ["bar", "line", "point", "area"], isDay ? "line" : "bar"), choice("x", t.chart_x, names, x.name), choice("y", t.chart_y, columns.filter(isNumber).map((each) => each.name), y.name), choice("color", t.chart_color, ["", ...names], "")),
    make("div", { className: "chart", id: "drawing" }));
  result.querySelector(".view").replaceWith(place);
  return chart();
}

async function chart() {
  const value = (id) => document.getElementById(id).value;
  const { columns, rows } = shown;
  const field = (name) => {
    const column = columns.find((each) => each.name === name);
    const type = isNumber(column) ? "quantitative" : /DATE|TIMESTAMP/.test(column.type) ? "temporal" : "nominal";
    const escaped = name.replaceAll(/([.[\]'"\\])/g, "\\$1");
    return { field: escaped, type, title: name, ...(type === "temporal" ? { scale: { type: "utc" } } : {}) };
  };
  const spec = structuredClone(words.frame[theme()]);
  const x = field(value("x"));
  if (value("mark") === "bar" && x.type === "quantitative") x.type = "ordinal";
  if (x.type === "nominal") x.sort = null;
  spec.mark = { type: value("mark"), tooltip: true, ...(value("color") ? {} : { color: spec.ink }) };
  delete spec.ink;
  spec.encoding = { x, y: field(value("y")), ...(value("color") ? { color: field(value("color")) } : {}) };
  spec.data = { values: rows.map((row) => Object.fromEntries(row.map((each, at) => [columns[at].name, each]))) };
  const drawn = await window.vegaEmbed(document.getElementById("drawing"), spec, { tooltip });
  document.getElementById("drawing").view = drawn.view;
}
dark.addEventListener("change", () => document.getElementById("drawing") && chart());

// History stays in this browser, by person.
const history_ = () => { try { return JSON.parse(localStorage.getItem(KEY)) ?? []; } catch { return []; } };

function remember(sql) {
  localStorage.setItem(KEY, JSON.stringify([sql, ...history_().filter((each) => each !== sql)].slice(0, KEPT)));
  list();
}

function list() {
  const items = history_().map((sql) => make("li", {}, make("button", { className: "plain", title: sql, onclick: () => take(sql) }, sql.replaceAll(/\s+/g, " ").slice(0, 90))));
  past.replaceChildren(...items);
  document.getElementById("no-past").hidden = items.length > 0;
  document.getElementById("forget").hidden = items.length === 0;
}

function take(sql) {
  editor.value = sql;
  editor.focus();
}

function insert(name) {
  editor.setRangeText(name, editor.selectionStart, editor.selectionEnd, "end");
  editor.focus();
}

editor.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); ask(); }
});
run.addEventListener("click", ask);
stop.addEventListener("click", () => asking?.abort());
document.getElementById("forget").addEventListener("click", () => { localStorage.removeItem(KEY); list(); });
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const table of document.querySelectorAll(".schema details")) {
    const names = [...table.querySelectorAll("[data-name]")];
    table.hidden = wanted !== "" && !names.some((each) => each.dataset.name.includes(wanted));
    table.open = wanted !== "" && !table.hidden && !table.dataset.name.includes(wanted);
  }
});
document.querySelector(".schema").addEventListener("click", (event) => {
  const name = event.target.closest("button[data-name]")?.dataset.name;
  if (name) insert(name);
});
document.querySelector(".examples").addEventListener("click", (event) => {
  const sql = event.target.closest("[data-sql]")?.dataset.sql;
  if (sql) { take(sql); ask(); }
});
list();
if (location.hash.length > 1) editor.value = decodeURIComponent(location.hash.slice(1));
document.body.dataset.ready = "true";
