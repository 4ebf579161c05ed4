// The filters of the page: the form, the brush over the volume of messages, and a chip for each filter that is set.

import { count, day, load, make, t, text, title, words } from "./common.js";
import * as state from "./state.js";

const form = document.querySelector(".filters");
const place = document.getElementById("volume");
const period = document.getElementById("period");
let bins = [];

export async function setUp() {
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  for (const field of form.querySelectorAll("select[name], input[type=date]")) field.addEventListener("change", apply);
  period.addEventListener("change", () => {
    const { from, to } = period.selectedOptions[0].dataset;
    if (period.value !== "own") state.set({ from, to, week: "" });
  });
  document.getElementById("clear").addEventListener("click", (event) => { event.preventDefault(); clear(); });
  document.getElementById("apply").classList.add("hidden");
  // On a phone the fields would push the answers off the screen.
  document.getElementById("fields").open = innerWidth > 600;
  show();
  await volume();
}

export const clear = () => state.set(Object.fromEntries(words.filters.map((name) => [name, ""])));

function apply() {
  const changes = Object.fromEntries([...form.querySelectorAll("select[name], input[type=date]")].map((field) => [field.name, field.value]));
  const { from, to } = changes;
  if (from && to && from > to) [changes.from, changes.to] = [to, from];
  state.set(changes);
}

export function changed(names) {
  show();
  if (names.some((name) => ["chat", "who"].includes(name))) return volume();
  select();
  return null;
}

// Fields and chips, from the address.
function show() {
  const set = state.filters();
  for (const field of form.querySelectorAll("select[name], input[type=date]")) {
    const value = set[field.name] ?? "";
    // A chat or topic that is not among the largest is still what was asked for.
    if (field.options && ![...field.options].some((each) => each.value === value)) field.append(make("option", { value }, `#${value}`));
    field.value = value;
  }
  const chosen = [...period.options].find((each) => each.value !== "own" && each.dataset.from === (set.from ?? "") && each.dataset.to === (set.to ?? ""));
  period.value = chosen && !set.week ? chosen.value : "own";
  document.getElementById("clear").hidden = !Object.keys(set).length;
  const chips = Object.entries(set).filter(([name]) => ["week", "hour", "weekday"].includes(name)).map(([name, value]) => {
    const label = name === "week" ? `${t.week} ${value}` : `${title(name)}: ${text(name, Number(value))}`;
    return make("li", {}, label, make("button", { type: "button", className: "plain", "aria-label": `${t.take_away}: ${label}`, onclick: () => state.set({ [name]: "" }) }, "✕"));
  });
  document.getElementById("chips").replaceChildren(...chips);
}

// Messages of the whole lake by day, joined into at most some hundred bars.
async function volume() {
  const { chat = "", who = "" } = state.filters();
  const rows = await load(`/api/insights/messages_per_day?${new URLSearchParams({ chat, who })}`).catch(() => []);
  const size = Math.max(1, Math.ceil(rows.length / 140));
  bins = [];
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size);
    bins.push({ from: part[0].day, to: part.at(-1).day, messages: part.reduce((sum, row) => sum + row.messages, 0) });
  }
  place.hidden = bins.length < 2;
  if (place.hidden) return;
  const most = Math.max(...bins.map((each) => each.messages), 1);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${bins.length} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  bins.forEach((each, at) => {
    const bar = document.createElementNS(svg.namespaceURI, "rect");
    const height = each.messages ? Math.max(2, (each.messages / most) * 100) : 0;
    for (const [name, value] of Object.entries({ x: at + 0.1, y: 100 - height, width: 0.8, height })) bar.setAttribute(name, value);
    svg.append(bar);
  });
  const handle = (end) => make("div", { className: `handle ${end}`, role: "slider", tabindex: "0", "aria-label": end === "from" ? t.from : t.to, "aria-valuemin": "0", "aria-valuemax": String(bins.length - 1) });
  const ends = make("p", { className: "ends" }, make("span", {}, day(bins[0].from)), make("span", { className: "said" }), make("span", {}, day(bins.at(-1).to)));
  place.replaceChildren(make("div", { className: "plot" }, svg, make("div", { className: "sel" }), handle("from"), handle("to")), ends);
  drag();
  select();
}

let chosen = [0, 0];

// Draw the selection: by the address, or by what is being dragged.
function select(range = null) {
  const plot = place.querySelector(".plot");
  if (!plot) return;
  const { from, to } = state.filters();
  const first = from ? Math.max(0, bins.findIndex((each) => each.to >= from)) : 0;
  const last = to ? bins.findLastIndex((each) => each.from <= to) : bins.length - 1;
  chosen = range ?? [Math.min(first, bins.length - 1), Math.max(0, last)];
  const [left, right] = [(chosen[0] / bins.length) * 100, ((chosen[1] + 1) / bins.length) * 100];
  const sel = plot.querySelector(".sel");
  sel.style.left = `${left}%`;
  sel.style.width = `${right - left}%`;
  [["from", left, chosen[0], bins[chosen[0]].from], ["to", right, chosen[1], bins[chosen[1]].to]].forEach(([end, x, at, value]) => {
    const handle = plot.querySelector(`.handle.${end}`);
    handle.style.left = `${x}%`;
    handle.setAttribute("aria-valuenow", at);
    handle.setAttribute("aria-valuetext", day(value));
  });
  [...plot.querySelectorAll("rect")].forEach((bar, at) => bar.classList.toggle("out", at < chosen[0] || at > chosen[1]));
  const messages = bins.slice(chosen[0], chosen[1] + 1).reduce((sum, each) => sum + each.messages, 0);
  const range_ = range || from || to ? `${day(bins[chosen[0]].from)} – ${day(bins[chosen[1]].to)} · ` : "";
  place.querySelector(".said").textContent = `${range_}${count(messages)} ${t.messages}`;
}

function commit() {
  const [first, last] = chosen;
  const isAll = first === 0 && last === bins.length - 1;
  state.set(isAll ? { from: "", to: "", week: "" } : { from: bins[first].from, to: bins[last].to, week: "" });
}

function drag() {
  const plot = place.querySelector(".plot");
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return Math.max(0, Math.min(bins.length - 1, Math.floor(((event.clientX - box.left) / box.width) * bins.length)));
  };
  plot.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    plot.setPointerCapture(event.pointerId);
    const begun = at(event);
    const [first, last] = chosen;
    const isWhole = first === 0 && last === bins.length - 1;
    const handle = event.target.closest(".handle");
    const isMove = !handle && !isWhole && begun >= first && begun <= last && last > first;
    const anchor = handle ? (handle.classList.contains("from") ? last : first) : begun;
    let moved = false;
    const move = (one) => {
      const now = at(one);
      moved ||= now !== begun;
      if (isMove) {
        const by = Math.max(-first, Math.min(bins.length - 1 - last, now - begun));
        select([first + by, last + by]);
      } else select([Math.min(anchor, now), Math.max(anchor, now)]);
    };
    const end = () => {
      plot.removeEventListener("pointermove", move);
      if (!moved && !handle) select([begun, begun]);
      commit();
    };
    plot.addEventListener("pointermove", move);
    plot.addEventListener("pointerup", end, { once: true });
  });
  for (const handle of plot.querySelectorAll(".handle")) {
    handle.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -1e9, End: 1e9 }[event.key];
      if (!steps) return;
      event.preventDefault();
      const isFrom = handle.classList.contains("from");
      const [first, last] = chosen;
      const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
      select(isFrom ? [clamp(first + steps, 0, last), last] : [first, clamp(last + steps, first, bins.length - 1)]);
      commit();
    });
  }
}
