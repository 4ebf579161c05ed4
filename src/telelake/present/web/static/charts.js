// Draws one chart with Vega: its tooltip, its unfinished last period, what a click on a mark means, and its pictures.

import { download, isNumber, make, role, words } from "./common.js";
import { filters, period } from "./state.js";

const tip = document.body.appendChild(make("div", { className: "tip", hidden: true }));

// Vega's own tooltip writes a style attribute, which the page's policy forbids.
export function tooltip(handler, event, item, value) {
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  const lines = Object.entries(value).map(([name, shown]) =>
    make("div", {}, make("span", {}, name), make("b", {}, String(shown))));
  tip.replaceChildren(...lines);
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  const below = event.clientY + 14 + height <= innerHeight;
  tip.style.top = `${Math.max(4, below ? event.clientY + 14 : event.clientY - height - 10)}px`;
}

const isTime = (column) => ["day", "period"].includes(role(column));

// Whether the period that begins at `start` goes on after the newest record: its number will still grow.
export const isOpen = (start, grain) =>
  Boolean(words.today) && grain !== "hour" && period(start, grain).to >= words.today;

// Show that the last period is not over: a bar lighter with a dashed edge, a line dashed up to its last point.
function unfinished(spec, rows, column, grain) {
  const last = rows.reduce((most, row) => (row[column] > most ? row[column] : most), "");
  if (!last || !isOpen(last, grain)) return rows;
  const open = `datum.is_open`;
  const marked = rows.map((row) => ({ ...row, is_open: row[column] === last }));
  if (spec.mark.type === "line") {
    const times = [...new Set(rows.map((row) => row[column]))].sort();
    const previous = times.at(-2);
    // The dashed piece needs both of its ends, so the last but one is in it too.
    const joint = marked.filter((row) => row[column] === previous).map((row) => ({ ...row, is_open: true }));
    spec.encoding.strokeDash = { field: "is_open", type: "nominal", scale: { domain: [false, true], range: [[1, 0], [4, 4]] }, legend: null };
    return [...marked, ...joint];
  }
  if (spec.mark.type === "bar") {
    spec.encoding.fillOpacity = { condition: { test: open, value: 0.35 }, value: 1 };
    spec.encoding.strokeDash = { condition: { test: open, value: [3, 3] }, value: [1, 0] };
    spec.encoding.strokeWidth = { condition: { test: open, value: 1 }, value: 0 };
    if (spec.mark.color) spec.mark.stroke = spec.mark.color;
  }
  return marked;
}

// The filters that a chart shows by itself: it keeps all its bars or cells, and only dims those that are not chosen.
export const ownFilters = (insight) => ["hour", "weekday"].filter((name) => Object.values(insight.fields).includes(name));

function dimmed(spec, insight, rows) {
  const set = Object.entries(filters()).filter(([name]) => ownFilters(insight).includes(name));
  if (!set.length) return rows;
  spec.encoding.opacity = { condition: { test: "datum.is_out", value: 0.3 }, value: 1 };
  return rows.map((row) => ({ ...row, is_out: set.some(([name, value]) => String(row[name]) !== value) }));
}

const LENGTH = [[86400, "d"], [3600, "h"], [60, "min"]]
  .reduceRight((rest, [size, unit]) => `datum.value >= ${size} ? format(datum.value / ${size}, ',.1~f') + ' ${unit}' : ${rest}`, "format(datum.value, ',.1~f') + ' s'");

// How far apart lengths of time may stand on an axis: whole seconds, minutes, hours, days.
const STEPS = [[1, [1, 2, 5, 10, 15, 30]], [60, [1, 2, 5, 10, 15, 30]], [3600, [1, 2, 3, 6, 12]], [86400, [1, 2, 5, 7, 14, 30, 90, 365]]]
  .flatMap(([unit, counts]) => counts.map((each) => each * unit));

// Axes that the numbers themselves ask for: lengths of time in their units, no fractions of a message, codes in their order.
function axes(spec, insight, rows, width) {
  const { x, y } = spec.encoding;
  const times = insight.fields.y.split(",");
  if (role(times[0]) === "seconds") {
    const most = Math.max(...rows.flatMap((row) => times.map((column) => row[column] ?? 0)));
    const step = STEPS.find((each) => most / each <= 6) ?? most / 5;
    y.axis = { ...y.axis, labelExpr: LENGTH, values: Array.from({ length: Math.ceil(most / step) + 1 }, (_, at) => at * step) };
  }
  if (role(insight.fields.x) === "code") {
    const isTight = width < 110 * new Set(rows.map((row) => row[insight.fields.x])).size;
    Object.assign(x, { sort: null, axis: { ...x.axis, labelAngle: isTight ? -40 : 0, labelOverlap: false, labelLimit: 160 } });
  }
  if (y.axis?.labelLimit && width >= 480) y.axis = { ...y.axis, labelLimit: Math.min(width / 3, 260) };
  for (const [channel, encoding] of [["x", x], ["y", y]]) {
    const columns = insight.fields[channel].split(",");
    const most = Math.max(...rows.flatMap((row) => columns.map((column) => row[column] ?? 0)));
    if (insight.mark !== "stacked" && role(columns[0]) === "count" && most < 5) {
      encoding.axis = { ...encoding.axis, values: Array.from({ length: most + 1 }, (_, at) => at) };
    }
  }
}

export const BARS = 20;
export const isCut = (insight, rows) => insight.mark === "bar" && isNumber(insight.fields.x) && rows.length > BARS;

export async function draw(place, insight, rows, grain, pick) {
  const spec = structuredClone(insight.chart);
  if (spec.mark.type === "bar" && spec.encoding.y.type === "nominal") {
    // More bars than have room for their names would be a smear; the numbers have them all.
    if (isCut(insight, rows)) rows = rows.toSorted((a, b) => b[insight.fields.x] - a[insight.fields.x]).slice(0, BARS);
    // Two bars as tall as eight would look like two walls.
    const bars = new Set(rows.map((row) => row[insight.fields.y])).size;
    spec.height = Math.max(Math.min(spec.height, bars * 44 + 40), bars * 17); // lower, their names would overlap
  }
  axes(spec, insight, rows, place.clientWidth);
  const time = Object.values(insight.fields).find(isTime);
  const weekly = grain ?? "day";
  if (time === "period") spec.encoding.x.timeUnit =
    { hour: "utcyearmonthdatehours", month: "utcyearmonth" }[weekly] ?? "utcyearmonthdate";
  spec.data.values = time ? unfinished(spec, rows, time, role(time) === "day" ? "day" : weekly) : dimmed(spec, insight, rows);
  const result = await window.vegaEmbed(place, spec, { tooltip });
  result.view.addEventListener("click", (_, item) => {
    const datum = item?.datum;
    if (datum && !Array.isArray(datum) && item.mark.marktype !== "group") pick(datum);
  });
  return result;
}

// The filters that a mark stands for; empty when it stands for none, and its rows are opened instead.
export function chosen(insight, datum, grain) {
  const found = {};
  for (const column of Object.values(insight.fields).flatMap((each) => each.split(","))) {
    const value = datum[column];
    if (value === undefined || value === null || isNumber(column)) continue;
    if (isTime(column) && column !== "cohort") {
      const start = typeof value === "number" || value instanceof Date ? new Date(value).toISOString() : String(value);
      Object.assign(found, period(start, role(column) === "day" ? "day" : grain), { week: "" });
    } else if (column === "hour" || column === "weekday") found[column] = String(value);
  }
  for (const [column, filter] of [["topic_id", "topic"], ["chat_id", "chat"]]) {
    if (insight.params.includes(filter) && datum[column]) found[filter] = String(datum[column]);
  }
  return Object.fromEntries(Object.entries(found).filter(([name]) => insight.params.includes(name)));
}

// A picture of what is drawn, on the page's own ground: a transparent one is black in many programs.
export async function picture(view, kind, name, ground) {
  view.background(ground);
  await view.runAsync();
  if (kind === "svg") download(new Blob([await view.toSVG()], { type: "image/svg+xml" }), `${name}.svg`);
  else {
    const canvas = await view.toCanvas(2);
    canvas.toBlob((blob) => download(blob, `${name}.png`), "image/png");
  }
  view.background("transparent");
  await view.runAsync();
}
