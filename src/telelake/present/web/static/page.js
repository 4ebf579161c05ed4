// Fills the cards: asks the API for each insight's rows, draws its chart, and writes the same numbers as a table.
// The server has chosen the language and the filters; this only draws, and draws again when light turns to dark.
"use strict";

const words = JSON.parse(document.getElementById("words").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const cards = [...document.querySelectorAll(".card")];
const tip = document.body.appendChild(make("div", { className: "tip", hidden: true }));
const kept = new Map();
const views = new Map();

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function load(url) {
  const answer = await fetch(url);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

// Text of a value, by the role of its column.
function text(column, value) {
  const role = words.columns[column]?.role;
  if (role === "person" && value === null) return words.others;
  if (value === null) return "–";
  const number = (options) => new Intl.NumberFormat(words.locale, options).format(value);
  switch (role) {
    case "day":
      return new Intl.DateTimeFormat(words.locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(value));
    case "weekday": return words.weekdays[value - 1];
    case "hour": return String(value).padStart(2, "0") + "h";
    case "kind": return words.kinds[value] ?? value;
    case "share": return number({ style: "percent", maximumFractionDigits: 1 });
    case "count": return number({});
    case "decimal": return number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
    default: return String(value);
  }
}

const isNumber = (column) => ["count", "decimal", "share"].includes(words.columns[column]?.role);

function table(rows) {
  const columns = Object.keys(rows[0]).filter((column) => column !== "rank");
  const cell = (tag, column, content) =>
    make(tag, { className: isNumber(column) ? "n" : "", ...(tag === "th" ? { scope: "col" } : {}) }, content);
  const head = make("tr", {}, ...columns.map((column) => cell("th", column, words.columns[column].title)));
  const lines = rows.map((row) => make("tr", {}, ...columns.map((column) => cell("td", column, text(column, row[column])))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines));
}

function figures(row) {
  const short = (value) =>
    new Intl.DateTimeFormat(words.locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(value));
  const entries = Object.entries(row).map(([column, value]) => {
    const full = text(column, value);
    const shown = words.columns[column].role === "day" && value !== null ? short(value) : full;
    return make("div", {}, make("dt", {}, words.columns[column].title), make("dd", { title: full }, shown));
  });
  return make("dl", {}, ...entries);
}

// Vega's own tooltip writes a style attribute, which the page's policy forbids.
function tooltip(handler, event, item, value) {
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  const lines = Object.entries(value).map(([name, shown]) =>
    make("div", {}, make("span", {}, name), make("b", {}, String(shown))));
  tip.replaceChildren(...lines);
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8)) + "px";
  tip.style.top = Math.max(4, event.clientY + 14 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 14) + "px";
}

async function draw(card, insight) {
  const place = card.querySelector(".chart");
  const rows = kept.get(insight.name) ?? (await load(card.dataset.url));
  kept.set(insight.name, rows);
  views.get(insight.name)?.finalize();
  const counted = rows.some((row) => row.messages || row.people);
  if (!counted) {
    place.replaceChildren(make("p", { className: "quiet" }, words.empty));
  } else if (card.classList.contains("figures")) {
    place.replaceChildren(figures(rows[0]));
  } else {
    const spec = insight.chart;
    spec.data.values = rows;
    place.replaceChildren();
    const result = await vegaEmbed(place, spec, { tooltip });
    views.set(insight.name, result);
    card.view = result.view;
  }
  const numbers = card.querySelector(".numbers");
  numbers?.addEventListener("toggle", () => {
    const scroll = numbers.querySelector(".scroll");
    if (numbers.open && rows.length && !scroll.firstChild) scroll.append(table(rows));
  });
  card.dataset.drawn = dark.matches ? "dark" : "light";
}

async function drawAll() {
  delete document.body.dataset.ready;
  const theme = dark.matches ? "dark" : "light";
  const insights = new Map();
  const listed = load(`/api/insights?lang=${document.body.dataset.lang}&theme=${theme}`);
  await Promise.all(cards.map(async (card) => {
    try {
      for (const insight of await listed) insights.set(insight.name, insight);
      await draw(card, insights.get(card.dataset.insight));
    } catch (error) {
      card.querySelector(".chart").replaceChildren(
        make("p", { className: "quiet", role: "alert" }, `${words.failed} ${error.message}`));
      card.dataset.drawn = "failed";
    }
  }));
  document.body.dataset.ready = "true";
}

dark.addEventListener("change", drawAll);
drawAll();
