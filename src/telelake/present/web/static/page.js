// A page of insights: fills the cards that are seen, and fills them again when filters, or light and dark, change. A card
// below the window is asked for when it comes near: who filters waits for what they look at, not for the whole page.

import { Card } from "./cards.js";
import { dark, isNumber, load, make, role, t, text, theme, words } from "./common.js";
import * as filters from "./filters.js";
import { openRows } from "./rows.js";
import * as state from "./state.js";

const lang = document.body.dataset.lang;
const cards = new Map();
let listed = [];

const elements = [...document.querySelectorAll(".card")];
const names = elements.map((each) => each.dataset.insight).join(",");
const list = () => load(`/api/insights?${new URLSearchParams({ names, lang, theme: theme() })}`);

const NEAR = 300;
const isWithin = ({ element }, margin) => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -margin && top < innerHeight + margin;
};
let waitsFor = 0;

// The page says that it is ready when nothing is asked for any more.
async function during(work) {
  waitsFor += 1;
  delete document.body.dataset.ready;
  await Promise.allSettled(work);
  waitsFor -= 1;
  if (waitsFor) return;
  document.body.dataset.ready = "true";
  setTimeout(look, 50, NEAR); // what comes next when somebody scrolls
}

// Show what waits, of the cards in the window and so far around it; paper has no below.
function look(margin) {
  const seen = [...cards.values()].filter((card) => card.waits && isWithin(card, margin));
  return seen.length ? during(seen.map((card) => card.show())) : null;
}

function refresh(names = null) {
  const own = (card) => names === null || names.some((name) => !name.includes(".") || name.startsWith(`${card.insight.name}.`));
  for (const card of cards.values()) if (own(card)) card.wait();
  return during([look(0), names?.every((name) => name.includes(".")) ? null : answers()]);
}

// The three questions: sentences in which each number opens its rows.
async function answers() {
  if (!document.querySelector(".questions")) return;
  const asked = new URLSearchParams({ ...state.filters(), lang });
  const replies = await load(`/api/first?${asked}`).catch((error) => ({ error }));
  for (const article of document.querySelectorAll(".question")) {
    const reply = replies.error ? null : replies.find((each) => each.name === article.dataset.question);
    const place = article.querySelector(".reply");
    place.classList.toggle("quiet", !reply?.parts);
    place.replaceChildren(...(reply?.parts?.map((part) => sentence(part, reply)) ?? [replies.error ? `${t.failed} ${replies.error.message}` : reply.empty]));
  }
}

// Weekdays are written in full in a sentence; 1 January 2024 was a Monday.
const inWords = (column, value) => role(column) === "weekday" && value
  ? new Intl.DateTimeFormat(words.locale, { weekday: "long", timeZone: "UTC" }).format(Date.UTC(2024, 0, value)) : text(column, value);

function sentence(part, { name, title, params, keys, row }) {
  if (typeof part === "string") return part;
  const shown = inWords(part.column, row[part.column]);
  if (!keys || !isNumber(part.column)) return make("strong", {}, shown);
  const open = () => openRows({ name, title }, params, Object.fromEntries(keys.map((key) => [key, row[key]])), part.column);
  return make("button", { className: "number", title: t.open_rows, onclick: open }, shown);
}

async function begin() {
  listed = await list();
  for (const element of elements) {
    cards.set(element.dataset.insight, new Card(element, listed.find((each) => each.name === element.dataset.insight)));
  }
  state.onChange((names) => { filters.changed(names); refresh(names); });
  addEventListener("beforeprint", () => look(Infinity));
  await Promise.all([filters.setUp(), refresh()]);
  const observer = new IntersectionObserver(() => waitsFor || look(NEAR), { rootMargin: `${NEAR}px 0px` });
  for (const element of elements) observer.observe(element);
}

dark.addEventListener("change", async () => {
  listed = await list();
  for (const card of cards.values()) card.insight = listed.find((each) => each.name === card.insight.name);
  await refresh();
});
begin();
