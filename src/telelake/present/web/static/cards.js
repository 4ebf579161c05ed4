// A card: one insight with its title's choices, chart or figures, numbers, and exports.

import { announce, count, day, isNumber, load, make, role, t, text, theme, title, words } from "./common.js";
import { BARS, chosen, draw, isCut, ownFilters, picture } from "./charts.js";
import { correction } from "./correct.js";
import { openRows } from "./rows.js";
import * as state from "./state.js";

const LISTED = 50;
const HIDDEN = new Set(["rank", "user_id", "topic_id", "chat_id", "replier_id", "replied_id", "message_id", "account_id", "question_id"]);

export class Card {
  constructor(element, insight) {
    this.element = element;
    this.insight = insight;
    this.place = element.querySelector(".chart");
    for (const field of element.querySelectorAll("[data-param]")) {
      const name = field.dataset.param;
      const given = state.own(insight.name, name);
      if (given) field.value = given;
      field.addEventListener("change", () => state.set({ [`${insight.name}.${name}`]: field.value }));
    }
    for (const button of element.querySelectorAll("[data-picture]")) {
      button.addEventListener("click", () => this.view && picture(this.view, button.dataset.picture, insight.name, getComputedStyle(element).backgroundColor));
    }
    element.querySelector(".numbers")?.addEventListener("toggle", () => this.list());
  }

  // The filters that this insight has, and its own parameters.
  get params() {
    const own = ownFilters(this.insight);
    const isMine = ([name]) => this.insight.params.includes(name) && !own.includes(name);
    const params = Object.fromEntries(Object.entries(state.filters()).filter(isMine));
    for (const field of this.element.querySelectorAll("[data-param]")) {
      const name = field.dataset.param;
      const given = state.own(this.insight.name, name);
      if (name === "grain") {
        field.value = given ?? state.grain([...field.options].map((each) => each.value));
        this.grain = field.value;
      } else if (given !== null) field.value = given;
      if (field.value) params[name] = field.value;
    }
    return params;
  }

  url(params, format) {
    const asked = new URLSearchParams({ ...params, lang: document.body.dataset.lang, ...(format ? { format } : {}) });
    return `/api/insights/${this.insight.name}?${asked}`;
  }

  // Note that what is shown is not what was asked for, and stop asking for what was.
  wait() {
    this.asking?.abort();
    this.waits = true;
    const params = this.params;
    for (const link of this.element.querySelectorAll("[data-format]")) link.href = this.url(params, link.dataset.format);
  }

  async show() {
    this.asking?.abort();
    this.waits = false;
    this.asking = new AbortController();
    const { signal } = this.asking;
    const params = this.params;
    this.element.setAttribute("aria-busy", "true");
    try {
      const earlier = this.insight.mark === "figures" ? state.before() : null;
      const [rows, previous] = await Promise.all([
        load(this.url(params), signal),
        earlier ? load(this.url({ ...params, ...earlier }), signal) : null,
      ]);
      this.rows = rows;
      await this.draw(previous?.[0]);
    } catch (error) {
      if (signal.aborted) return;
      const again = make("button", { className: "plain", onclick: () => this.show() }, t.again);
      this.place.replaceChildren(make("p", { className: "quiet", role: "alert" }, `${t.failed} ${error.message} `, again));
      this.element.dataset.drawn = "failed";
    }
    this.element.removeAttribute("aria-busy");
  }

  async draw(previous) {
    this.result?.finalize();
    this.result = this.view = null;
    this.element.querySelector(".based").textContent = this.based();
    const isFilled = this.rows.some((row) => Object.entries(row).some(([column, value]) => isNumber(column) && value));
    if (!isFilled) {
      const clear = Object.keys(state.filters()).length
        ? make("button", { className: "plain", onclick: () => state.set(Object.fromEntries(words.filters.map((each) => [each, ""]))) }, t.clear_filters) : null;
      const asks = [...this.element.querySelectorAll("input[data-param]")].find((field) => !field.value);
      this.place.replaceChildren(make("p", { className: "quiet" }, asks ? t.write_first : clear ? t.empty : t.empty_lake, " ", asks ? null : clear));
    } else if (this.insight.mark === "figures") {
      this.place.replaceChildren(this.figures(this.rows[0], previous));
    } else if (this.insight.mark === "table") {
      this.place.replaceChildren(make("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": this.insight.title }, this.table(LISTED)));
    } else {
      this.place.replaceChildren();
      this.result = await draw(this.place, this.insight, this.rows, this.grain, (datum) => this.pick(datum));
      this.element.view = this.view = this.result.view;
    }
    this.element.querySelector(".numbers .scroll")?.replaceChildren();
    this.list();
    this.element.dataset.drawn = theme();
  }

  based() {
    const column = this.insight.based_on;
    const total = this.rows.reduce((sum, row) => sum + (row[column] ?? 0), 0);
    const based = column && this.rows.length ? `${t.based_on} ${count(total)} ${title(column).toLowerCase()}` : "";
    // A filter that means nothing here must not look as if it did.
    const names = { topic: t.topic, who: t.who, chat: t.chat, from: t.from, to: t.to, week: t.week, hour: title("hour"), weekday: title("weekday") };
    const without = Object.keys(state.filters()).filter((name) => !this.insight.params.includes(name)).map((name) => names[name].toLowerCase());
    const cut = isCut(this.insight, this.rows) ? `${t.largest} ${BARS} ${t.of} ${count(this.rows.length)}` : "";
    const people = this.insight.only_people && !state.filters().who ? t.only_people : "";
    return [based, people, cut, without.length ? `${t.not_by} ${without.join(", ")}` : ""].filter(Boolean).join(" · ");
  }

  // A click on a bar or a cell filters by it; by what cannot be filtered, it opens the rows.
  pick(datum) {
    const changes = chosen(this.insight, datum, this.grain);
    const set = state.filters();
    if (Object.keys(changes).length) {
      // The same mark again takes the filter away.
      const isSet = Object.entries(changes).every(([name, value]) => (set[name] ?? "") === value);
      state.set(isSet ? Object.fromEntries(Object.keys(changes).map((name) => [name, ""])) : changes);
      announce(t.filtered);
    } else if (this.insight.keys && !("rank" in datum && datum.topic === null)) this.open(datum, datum.folded ?? null);
  }

  open(row, column) {
    const keys = Object.fromEntries((this.insight.keys ?? []).map((name) => [name, plain(row[name], name)]));
    openRows(this.insight, this.params, keys, column);
  }

  list() {
    const scroll = this.element.querySelector(".numbers .scroll");
    if (scroll && this.element.querySelector(".numbers").open && this.rows?.length && !scroll.firstChild) scroll.append(this.table(1000));
  }

  table(most) {
    const columns = Object.keys(this.rows[0]).filter((column) => !HIDDEN.has(column) && this.rows.some((row) => row[column] !== null));
    const corrects = words.may_label && this.insight.mark === "table" && "question_id" in this.rows[0];
    const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col", className: isNumber(column) ? "n" : "" }, title(column))),
      corrects ? make("th", { scope: "col", className: "correct" }, t.correct) : null);
    const line = (row) => make("tr", {}, ...columns.map((column) => make("td", { className: isNumber(column) ? "n" : { text: "long", chat: "wrap", topic: "wrap" }[role(column)] ?? "" }, this.number(row, column))),
      corrects ? make("td", {}, correction(row.question_id, row.text)) : null);
    const body = make("tbody", {}, ...this.rows.slice(0, most).map(line));
    const made = make("table", {}, make("thead", {}, head), body);
    if (this.rows.length <= most) return made;
    const more = make("button", { className: "plain", onclick: () => { body.append(...this.rows.slice(most).map(line)); more.remove(); } }, `${t.show_all} ${count(this.rows.length)}`);
    return make("div", {}, made, more);
  }

  // A value as text; a number that has rows behind it is a button that opens them.
  number(row, column) {
    // Of ranked topics, the row without one has all that follow: it is not those that have none, and opens no rows.
    const isRest = "rank" in row && row.topic === null;
    const shown = isRest && column === "topic" ? words.other_topics : text(column, row[column], this.grain);
    if (isRest || !this.insight.keys || !isNumber(column) || !row[column]) return shown;
    return make("button", { className: "number", title: t.open_rows, onclick: () => this.open(row, column) }, shown);
  }

  figures(row, previous) {
    const entries = Object.keys(row).filter((column) => !HIDDEN.has(column)).map((column) => {
      const value = row[column];
      const full = text(column, value, this.grain);
      const shown = role(column) === "day" && value !== null ? day(value, { day: "numeric", month: "short" }) : this.number(row, column);
      return make("div", {}, make("dt", {}, title(column)), make("dd", { className: role(column) === "time" ? "moment" : "", title: full }, shown), this.change(column, value, previous?.[column]));
    });
    return make("dl", {}, ...entries);
  }

  // How much more or less it is than in the period before.
  change(column, value, earlier) {
    if (!isNumber(column) || value === null || earlier === null || earlier === undefined) return null;
    const isShare = role(column) === "share";
    if (!isShare && !earlier) return null;
    const by = isShare ? (value - earlier) * 100 : value / earlier - 1;
    const format = isShare ? { maximumFractionDigits: 1, signDisplay: "exceptZero" } : { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" };
    const said = new Intl.NumberFormat(words.locale, format).format(by) + (isShare ? ` ${t.points}` : "");
    const arrow = by > 0 ? "▲" : by < 0 ? "▼" : "=";
    return make("dd", { className: "change", title: `${t.before}: ${text(column, earlier)}` },
      make("span", { "aria-hidden": "true" }, `${arrow} `), said, make("span", { className: "hidden" }, ` ${t.than_before}`));
  }
}

// A value of Vega's datum as the API takes it: Vega has made moments of days.
function plain(value, column) {
  if (["day", "period"].includes(role(column)) && typeof value !== "string" && value !== null) {
    const text = new Date(value).toISOString();
    return role(column) === "day" ? text.slice(0, 10) : text.slice(0, 19);
  }
  return value;
}
