// What a person knows better about a question: one click, kept by every later build.

import { announce, make, post, t } from "./common.js";

const SAID = [
  [t.not_a_question, { is_question: false }],
  [t.answered_by_bot, { answered_by: "bot" }],
  [t.answered_by_attendant, { answered_by: "attendant" }],
  [t.answered_by_customer, { answered_by: "customer" }],
  [t.solved, { outcome: "confirmed" }],
];

// The menu of one question.
export function correction(id, says) {
  const place = make("div", { className: "correct" });
  const tell = async (said, done) => {
    try {
      await post("/api/label", { question_id: id, ...said });
      place.replaceChildren(...done);
      announce(t.noted);
    } catch (error) {
      place.append(make("p", { role: "alert" }, error.message));
    }
  };
  const noted = (label) => [
    make("span", {}, `${label} · ${t.noted} `),
    make("button", { className: "plain", onclick: () => tell({ clear: true }, [menu()]) }, t.undo),
  ];
  const menu = () => make("details", {}, make("summary", { "aria-label": `${t.correct}: ${says ?? id}` }, t.correct),
    make("div", { className: "links" }, ...SAID.map(([label, said]) => make("button", { className: "plain", onclick: () => tell(said, noted(label)) }, label))));
  place.append(menu());
  return place;
}
