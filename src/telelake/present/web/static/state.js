// The page's state is its address: filters (from, to, chat, …) and, by `insight.parameter`, what a single chart is set to.

import { words } from "./common.js";

const listeners = [];
export const onChange = (listener) => listeners.push(listener);

export const query = () => new URLSearchParams(location.search);

export function filters() {
  const all = query();
  return Object.fromEntries(words.filters.map((name) => [name, all.get(name)]).filter(([, value]) => value));
}

export const own = (insight, parameter) => query().get(`${insight}.${parameter}`);

// Change the address, and have everything that depends on it drawn anew. An empty value takes a filter away.
export function set(changes) {
  const all = query();
  for (const [name, value] of Object.entries(changes)) value ? all.set(name, value) : all.delete(name);
  const address = `${location.pathname}?${all}`;
  if (address === location.pathname + location.search) return;
  history.pushState(null, "", address);
  tell(Object.keys(changes));
}

const tell = (names) => listeners.forEach((listener) => listener(names));
addEventListener("popstate", () => tell(words.filters));

// Links to the other pages take the filters along.
onChange(() => {
  for (const link of document.querySelectorAll("a[data-path]")) {
    link.href = `${link.dataset.path}?${new URLSearchParams({ ...filters(), lang: document.body.dataset.lang })}`;
  }
});

// Days from the first to the last that are shown, both included.
export function span() {
  const { from = words.first_day, to = words.last_day, week } = filters();
  return week ? { from: null, to: null, days: 7 } : { from, to, days: days(from, to) };
}

const DAY = 86_400_000;
export const days = (from, to) => (from && to ? Math.round((Date.parse(to) - Date.parse(from)) / DAY) + 1 : 0);
export const shifted = (day, by) => new Date(Date.parse(day) + by * DAY).toISOString().slice(0, 10);

// The period of the same length just before; null when it is not known or reaches before the lake's first day.
export function before() {
  const { from, to, days: length } = span();
  if (!filters().from || length < 1 || shifted(from, -length) < words.first_day) return null;
  return { from: shifted(from, -length), to: shifted(from, -1) };
}

// What a period of the parameter `grain` should be when the reader has not chosen: some tens of them, not hundreds.
export function grain(choices) {
  const { days: length } = span();
  const fitting = length <= 2 ? "hour" : length <= 100 ? "day" : length <= 730 ? "week" : "month";
  return choices.includes(fitting) ? fitting : choices.at(-1);
}

// First and last day of a period that begins at `start`.
export function period(start, length) {
  const first = start.slice(0, 10);
  if (length === "week") return { from: first, to: shifted(first, 6) };
  if (length !== "month") return { from: first, to: first };
  const [year, month] = first.split("-").map(Number);
  return { from: first, to: new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10) };
}
