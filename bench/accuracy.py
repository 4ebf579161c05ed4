"""How right the answers are: tables against the truth of made-up groups.

    python bench/accuracy.py --seeds 3

Makes a lake for each seed and each part of the wordings (development: what rules may be written looking at; held-out:
sentences that they have never seen), the real way: posted to `telelake capture`, sealed, wrangled. Then compares
`questions`, `conversations` and `question_topics` with the generator's labels, and prints docs/reference/accuracy.md's
figures as Markdown. Reproducible: the groups end at a fixed time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent))

import scores
from telelake.demo.group import generate
from telelake.demo.run import TIMEZONE, deliver
from telelake.demo.truth import Truth
from telelake.demo.wordings import PARTS
from telelake.errors import TelelakeError
from telelake.settings import load
from telelake.wiring import App

END = datetime(2026, 11, 20, 16, 20, tzinfo=ZoneInfo(TIMEZONE))
NO_TOPIC = "(none)"
PLAIN = """
WITH said AS (
    SELECT m.chat_id, m.message_id, m.user_id, m.sent_at, m.reply_to_message_id, coalesce(m.text, m.caption) AS text,
           CASE WHEN m.is_bot THEN 'bot' WHEN a.user_id IS NOT NULL THEN 'attendant' ELSE 'customer' END AS role
    FROM messages AS m
    LEFT JOIN (SELECT DISTINCT user_id FROM memberships WHERE new_status = 'administrator') AS a USING (user_id)
),
replies AS (
    SELECT q.chat_id, q.message_id, arg_min(r.message_id, r.message_id) AS answer_message_id,
           arg_min(r.role, r.message_id) AS answered_by, arg_min(r.sent_at, r.message_id) AS answered_at,
           min(r.message_id) FILTER (WHERE r.role <> 'bot') AS human_answer_message_id,
           bool_or(r.role = 'bot') AND bool_or(r.role = 'attendant') AS is_both
    FROM said AS q
    JOIN said AS r ON r.chat_id = q.chat_id AND r.reply_to_message_id = q.message_id AND r.user_id <> q.user_id
    GROUP BY ALL
)
SELECT s.chat_id, s.message_id, s.text, r.* EXCLUDE (chat_id, message_id, is_both), 'plain' AS outcome_rule,
       s.chat_id || ' ' || s.message_id AS conversation_id,
       CASE WHEN r.message_id IS NULL THEN 'unanswered' WHEN r.is_both THEN 'escalated' ELSE 'assumed' END AS outcome
FROM said AS s
LEFT JOIN replies AS r USING (chat_id, message_id)
WHERE s.role = 'customer' AND s.text LIKE '%?%'
"""
"""What everybody would write first: a question has a question mark, and its answer is the first reply to it."""


@dataclass
class Lake:
    """What was found in one lake, and what is true."""

    part: str
    seed: int
    truth: Truth
    questions: list[dict[str, Any]]
    topics: dict[tuple[int, int], tuple[int | None, str | None]] | None
    """By chat and message; None when there is no such table."""
    matched: scores.Matched
    plain: scores.Matched
    """What `PLAIN` finds."""
    conversations: dict[str, dict[str, Any]]
    """Rows of `conversations` by name."""
    sent: dict[tuple[int, int], int]
    """When each message was sent, Unix seconds, by chat and number."""


def main() -> None:
    """Make the lakes, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="lakes of each part")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--wordings", choices=[*PARTS, "both"], default="both")
    parser.add_argument("--errors", type=int, default=0, help="wrong rows of the development part to show of each kind")
    asked = parser.parse_args()
    parts = list(PARTS) if asked.wordings == "both" else [asked.wordings]
    lakes = []
    with tempfile.TemporaryDirectory(prefix="telelake-accuracy-") as folder:
        for part in parts:
            for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
                started = time.perf_counter()
                lakes.append(make(Path(folder) / f"{part}-{seed}", part, seed, asked.messages, asked.days))
                print(f"{part}, seed {seed}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
    print(f"`python bench/accuracy.py {' '.join(sys.argv[1:])}`\n".replace(" `", "`"))
    print(figures(lakes, parts))
    for part in parts:
        print(confusions([lake for lake in lakes if lake.part == part], part))
    for part in parts:
        print(names(next(lake for lake in lakes if lake.part == part)))
    for lake in lakes:
        # Held-out sentences are not shown, so that nobody writes a rule for them.
        if asked.errors and lake.part == "development":
            print(errors(lake, asked.errors))


def make(home: Path, part: str, seed: int, messages: int, days: int) -> Lake:
    """Make one lake the real way and read what its tables say."""
    app = App(load(home=str(home), timezone=TIMEZONE), is_made_up=True)
    _ = app.home
    group = generate(messages, days, seed, END, app.zone, PARTS[part], keeps_truth=True)
    deliver(app, group)
    app.wrangle_due()
    # A topic model is learned from the questions that there are; every day is due by it again.
    app.fit_topics()
    app.wrangle_due()
    with app.lake() as lake:
        plain = scores.match(group.truth, lake.query(PLAIN).records())
        questions = list(lake.query("SELECT * FROM questions").records())
        conversations = {row["conversation_id"]: row for row in lake.query("SELECT * FROM conversations").records()}
        times = lake.query(
            "SELECT chat_id, message_id, epoch(sent_at)::BIGINT FROM messages WHERE sent_at IS NOT NULL"
        ).rows
        sent = {(chat, number): at for chat, number, at in times}
        try:
            found = lake.query("SELECT chat_id, message_id, topic_id, topic_name FROM question_topics").rows
        except TelelakeError as missing:
            print(f"no topics: {missing}", file=sys.stderr)
            topics = None
        else:
            topics = {(chat, message): (topic, name) for chat, message, topic, name in found}
    matched = scores.match(group.truth, questions)
    return Lake(part, seed, group.truth, questions, topics, matched, plain, conversations, sent)


def figures(lakes: list[Lake], parts: list[str]) -> str:
    """Return the table of all figures: the mean of a part's lakes, and the lowest and highest."""
    columns: dict[str, list[dict[str, float | None]]] = {}
    for part in parts:
        of_part = [lake for lake in lakes if lake.part == part]
        columns[part] = [measure(lake.matched) | talk_figures(lake) | topic_figures(lake) for lake in of_part]
        columns[f"{part}, plain rule"] = [measure(lake.plain) for lake in of_part]
    lines = ["| what | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for name in columns[parts[0]][0]:
        cells = (spread([each.get(name) for each in column]) for column in columns.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def spread(values: list[float | None]) -> str:
    """Return mean (lowest to highest); whole numbers stay whole."""
    known = [value for value in values if value is not None]
    if not known:
        return "n/a"
    form = "{:.3f}" if any(isinstance(value, float) for value in known) else "{:.0f}"
    mean, low, high = (form.format(value) for value in (statistics.fmean(known), min(known), max(known)))
    return mean if low == high else f"{mean} ({low}–{high})"


def measure(matched: scores.Matched) -> dict[str, float | None]:
    """Return every figure of one lake but the topics'."""
    first, any_, human = scores.first_answers(matched), scores.any_answers(matched), scores.human_answers(matched)
    roles, outcome, seconds = scores.answered_by(matched), scores.outcomes(matched), scores.answer_errors(matched)
    result: dict[str, float | None] = {"questions in truth": len(matched.wanted), "rows found": len(matched.rows)}
    for name, ratio in (
        ("questions", matched.questions),
        ("first answer", first),
        ("first answer, any right one", any_),
        ("first human answer", human),
    ):
        result |= {f"{name}: precision": ratio.precision, f"{name}: recall": ratio.recall, f"{name}: F1": ratio.f1}
    result["who answered first (none, too): accuracy"] = scores.accuracy(roles)
    result["outcome: accuracy"] = scores.accuracy(outcome)
    result["outcome: macro F1"] = statistics.fmean(per_outcome(outcome).values())
    result["time of first answer: exact"] = sum(error <= 1 for error in seconds) / max(1, len(seconds))
    result["time of first answer: error P90, seconds"] = sorted(seconds)[int(0.9 * len(seconds))] if seconds else None
    result["conversations of one asker"] = scores.mixed_conversations(matched).precision
    return result


def talk_figures(lake: Lake) -> dict[str, float | None]:
    """Return how well conversations are told, of those that hold one true question."""
    found = scores.conversations(lake.matched, lake.conversations, lake.sent)
    return {
        "conversations of one question": found.alone.precision,
        "conversations of one: begin where it begins": found.begin.precision,
        "conversations of one: end where it ends": found.end.precision,
        "conversations of one: who answered first": found.first_answer_by.precision,
        "conversations of one: handed over, precision": found.handed_over.precision,
        "conversations of one: handed over, recall": found.handed_over.recall,
        "conversations of one: outcome": found.outcome.precision,
    }


def per_outcome(confusion: Counter[tuple[str, str]]) -> dict[str, float]:
    """Return the F1 of each outcome that there is."""
    result = {}
    for name in scores.OUTCOMES:
        right = confusion[name, name]
        found = sum(count for (_, each), count in confusion.items() if each == name)
        wanted = sum(count for (each, _), count in confusion.items() if each == name)
        if wanted or found:
            result[name] = scores.Ratio(right, found, wanted).f1
    return result


def topic_figures(lake: Lake) -> dict[str, float | None]:
    """Return how well questions found are grouped: those with a topic, and all, with the rest as one group."""
    names = ("NMI", "ARI", "purity")
    result: dict[str, float | None] = dict.fromkeys(
        ("topics: found", "topics: share of questions with one", *(f"topics: {name}" for name in names))
    )
    if lake.topics is None:
        return result
    pairs = topic_pairs(lake)
    named = [pair for pair in pairs if pair[1] is not None]
    kept, everything = scores.grouping(named), scores.grouping(pairs)
    return {
        "topics: in truth": len({topic for topic, _ in pairs}),
        "topics: found": kept.groups,
        "topics: share of questions with one": len(named) / max(1, len(pairs)),
        "topics: NMI": kept.nmi,
        "topics: ARI": kept.ari,
        "topics: purity": kept.purity,
        "topics: NMI, the rest as one group": everything.nmi,
        "topics: ARI, the rest as one group": everything.ari,
    }


def topic_pairs(lake: Lake) -> list[tuple[str, int | None]]:
    """Return true topic and topic found of each question found."""
    topics = lake.topics or {}
    return [
        (question.topic, topics.get((row["chat_id"], row["message_id"]), (None, None))[0])
        for question, row in lake.matched.pairs
    ]


def confusions(lakes: list[Lake], part: str) -> str:
    """Return who answered and how it ended, truth against found, over a part's lakes."""
    roles = sum((scores.answered_by(lake.matched) for lake in lakes), Counter())
    ended = sum((scores.outcomes(lake.matched) for lake in lakes), Counter())
    tables = [
        _confusion(roles, ("bot", "attendant", "customer", "none"), ()),
        _confusion(ended, scores.OUTCOMES, ("open",)),
    ]
    return f"{part}, truth (rows) against found (columns):\n\n" + "\n".join(tables)


def _confusion(counts: Counter[tuple[str, str]], names: tuple[str, ...], more: tuple[str, ...]) -> str:
    columns = (*names, *more)
    lines = ["| | " + " | ".join(columns) + " | right |", "|---|" + "---:|" * (len(columns) + 1)]
    for true in names:
        row = [counts[true, found] for found in columns]
        share = f"{counts[true, true] / sum(row):.2f}" if sum(row) else "n/a"
        lines.append(f"| {true} | " + " | ".join(map(str, row)) + f" | {share} |")
    return "\n".join(lines) + "\n"


def names(lake: Lake) -> str:
    """Return each topic found with its name, size and what it is made of."""
    if lake.topics is None:
        return ""
    named = dict(lake.topics.values())
    made_of: dict[int | None, Counter[str]] = defaultdict(Counter)
    for true, found in topic_pairs(lake):
        made_of[found][true] += 1
    lines = [f"Topics of {lake.part}, seed {lake.seed}:\n", "| name | questions | what they are |", "|---|---:|---|"]
    for topic, counts in sorted(made_of.items(), key=lambda item: -item[1].total()):
        common = ", ".join(f"{name} {count}" for name, count in counts.most_common(3))
        lines.append(f"| {NO_TOPIC if topic is None else named.get(topic)} | {counts.total()} | {common} |")
    return "\n".join(lines) + "\n"


def errors(lake: Lake, most: int) -> str:
    """Return some of what is wrong."""
    lines = [f"Wrong in {lake.part}, seed {lake.seed}:"]
    lines += [f"  no question: {row['text']!r}" for row in lake.matched.false[:most]]
    lines += [f"  missed: {each.topic} {each.chat_id} {each.message_id}" for each in lake.matched.missed[:most]]
    wrong = [
        f"  ended {question.outcome} by {question.outcome_rule}, found {row['outcome']} by {row['outcome_rule']}: {row['text']!r}"
        for question, row in lake.matched.pairs
        if question.outcome not in (None, row["outcome"])
    ]
    return "\n".join(lines + wrong[:most])


if __name__ == "__main__":
    main()
