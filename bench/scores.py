"""How what the tables say of a made-up group compares with its truth: figures only, no lake.

Rows are those of `questions` and `question_topics` as plain dictionaries. A question counts as found when a row names any
message that asks it; a second row of the same question is one too many. What can be debated (`telelake.demo.truth`) and
what is only spoken is left out of every figure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from telelake.demo.truth import Question, Truth

Row = Mapping[str, Any]
OUTCOMES = ("confirmed", "assumed", "revoked", "escalated", "unanswered")


@dataclass(frozen=True)
class Ratio:
    """Precision and recall of something found."""

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 when nothing was."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what there is that was found; 1 when there is nothing."""
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.right + other.right, self.found + other.found, self.wanted + other.wanted)


@dataclass
class Matched:
    """Which row is which question."""

    pairs: list[tuple[Question, Row]] = field(default_factory=list)
    false: list[Row] = field(default_factory=list)
    """Rows of messages that ask nothing, and second rows of one question."""
    missed: list[Question] = field(default_factory=list)

    @property
    def questions(self) -> Ratio:
        """How well questions are found."""
        right = len(self.pairs)
        return Ratio(right, right + len(self.false), right + len(self.missed))

    @property
    def rows(self) -> list[Row]:
        """All rows that count."""
        return [row for _, row in self.pairs] + self.false

    @property
    def wanted(self) -> list[Question]:
        """All questions that count."""
        return [question for question, _ in self.pairs] + self.missed


def match(truth: Truth, rows: Iterable[Row]) -> Matched:
    """Tell which row is which question."""
    asking, found, result = truth.asking(), set[int](), Matched()
    for row in sorted(rows, key=lambda row: (row["chat_id"], row["message_id"])):
        key = (row["chat_id"], row["message_id"])
        question = asking.get(key)
        if key in truth.debatable or (question and question.is_spoken):
            continue
        if question is None or id(question) in found:
            result.false.append(row)
        else:
            found.add(id(question))
            result.pairs.append((question, row))
    result.missed = [each for each in truth.questions if not each.is_spoken and id(each) not in found]
    return result


def first_answers(matched: Matched) -> Ratio:
    """How well the first message that answers is found, over all questions and all rows.

    Whether a bot that knows nothing has answered is a matter of definition, so either is right.
    """
    return _answers(matched, lambda question: {each.message_id for each in question.first_answers if each})


def any_answers(matched: Matched) -> Ratio:
    """The same, content with any message that answers."""
    return _answers(matched, lambda question: {each.message_id for each in question.answers})


def _answers(matched: Matched, right_ones: Callable[[Question], set[int]]) -> Ratio:
    right = sum(row["answer_message_id"] in right_ones(question) for question, row in matched.pairs)
    found = sum(row["answer_message_id"] is not None for row in matched.rows)
    surely = sum(None not in question.first_answers for question in matched.wanted)
    # Who answered may be left open here, or named: then it counts as wanted too.
    named = sum(
        bool(question.answers) and None in question.first_answers and row["answer_message_id"] is not None
        for question, row in matched.pairs
    )
    return Ratio(right, found, surely + named)


def human_answers(matched: Matched) -> Ratio:
    """How well the first answer of a human is found."""

    def first(question: Question) -> int | None:
        return next((answer.message_id for answer in question.answers if answer.role != "bot"), None)

    right = sum(
        row["human_answer_message_id"] is not None and row["human_answer_message_id"] == first(question)
        for question, row in matched.pairs
    )
    found = sum(row["human_answer_message_id"] is not None for row in matched.rows)
    return Ratio(right, found, sum(first(question) is not None for question in matched.wanted))


def answered_by(matched: Matched) -> Counter[tuple[str, str]]:
    """Count (true role, role found) of questions found, `none` for no answer."""
    counts: Counter[tuple[str, str]] = Counter()
    for question, row in matched.pairs:
        true = [answer.role if answer else "none" for answer in question.first_answers]
        found = row["answered_by"] or "none"
        counts[found if found in true else true[0], found] += 1
    return counts


def outcomes(matched: Matched) -> Counter[tuple[str, str]]:
    """Count (true outcome, outcome found) of questions found whose outcome can be seen."""
    return Counter(
        (question.outcome, row["outcome"] or "open") for question, row in matched.pairs if question.outcome is not None
    )


def accuracy(confusion: Mapping[tuple[str, str], int]) -> float:
    """Return the share on the diagonal."""
    total = sum(confusion.values())
    return sum(count for (true, found), count in confusion.items() if true == found) / total if total else 1.0


def answer_errors(matched: Matched) -> list[int]:
    """Return by how many seconds the time of the first answer is wrong, where there is one and one was found."""
    return [
        min(abs(int(row["answered_at"].timestamp()) - answer.sent_at) for answer in question.first_answers if answer)
        for question, row in matched.pairs
        if question.answers and row["answered_at"] is not None
    ]


def mixed_conversations(matched: Matched) -> Ratio:
    """How well conversations keep askers apart: those with questions found, and those of one asker among them."""
    askers: dict[str, set[int]] = defaultdict(set)
    for question, row in matched.pairs:
        askers[row["conversation_id"]].add(question.user_id)
    return Ratio(sum(len(each) == 1 for each in askers.values()), len(askers), len(askers))


@dataclass(frozen=True)
class Conversations:
    """How well conversations are told, of those questions found that are the only true one of theirs."""

    alone: Ratio
    """Those that hold one true question, of all that hold any."""
    begin: Ratio
    """Those that begin with the message that begins the question's."""
    end: Ratio
    """Those that end when its last message was sent."""
    first_answer_by: Ratio
    handed_over: Ratio
    """Conversations called handed over against those of questions that were escalated, of those whose end can be seen."""
    outcome: Ratio


def conversations(matched: Matched, rows: Mapping[str, Row], sent: Mapping[tuple[int, int], int]) -> Conversations:
    """Compare rows of `conversations`, by their name; `sent` says when each message was sent, by chat and number."""
    holding: dict[str, list[tuple[Question, Row]]] = defaultdict(list)
    for question, row in matched.pairs:
        if row["conversation_id"] in rows:
            holding[row["conversation_id"]].append((question, row))
    alone = [(pairs[0][0], rows[name]) for name, pairs in holding.items() if len(pairs) == 1]
    ended = [(each, row) for each, row in alone if each.outcome is not None]
    last = [
        max(
            sent[each.chat_id, number]
            for number in (*each.conversation_ids, *each.part_ids)
            if (each.chat_id, number) in sent
        )
        for each, _ in alone
    ]
    by = [({answer.role if answer else None for answer in each.first_answers}, row) for each, row in alone]
    handed = [(each.outcome == "escalated", bool(row["handed_over"])) for each, row in ended]
    return Conversations(
        Ratio(len(alone), len(holding), len(holding)),
        _share(row["message_id"] in each.part_ids for each, row in alone),
        _share(abs(int(row["ended_at"].timestamp()) - at) <= 1 for (_, row), at in zip(alone, last, strict=True)),
        _share(row["first_answer_by"] in roles for roles, row in by),
        Ratio(
            sum(true and said for true, said in handed),
            sum(said for _, said in handed),
            sum(true for true, _ in handed),
        ),
        _share(row["outcome"] == each.outcome for each, row in ended),
    )


def _share(right: Iterable[bool]) -> Ratio:
    found = list(right)
    return Ratio(sum(found), len(found), len(found))


@dataclass(frozen=True)
class Grouping:
    """How well groups agree with classes."""

    nmi: float
    """Mutual information over the mean of both entropies, 0 to 1."""
    ari: float
    """Rand index over pairs, corrected for chance: 0 for chance, 1 for the same."""
    purity: float
    """Share of members that are of their group's commonest class."""
    groups: int
    members: int


def grouping(pairs: Sequence[tuple[Hashable, Hashable]]) -> Grouping:
    """Compare (class, group) of each member."""
    total = len(pairs)
    both, classes, groups = Counter(pairs), Counter(c for c, _ in pairs), Counter(g for _, g in pairs)
    if not total:
        return Grouping(1.0, 1.0, 1.0, 0, 0)
    information = sum(n / total * log(n * total / (classes[c] * groups[g])) for (c, g), n in both.items())
    entropy = (_entropy(classes, total) + _entropy(groups, total)) / 2
    together, expected, most = _agreement(both, classes, groups, total)
    best: dict[Hashable, int] = defaultdict(int)
    for (_, group), count in both.items():
        best[group] = max(best[group], count)
    return Grouping(
        nmi=information / entropy if entropy else 1.0,
        ari=(together - expected) / (most - expected) if most != expected else 1.0,
        purity=sum(best.values()) / total,
        groups=len(groups),
        members=total,
    )


def _agreement(
    both: Counter[tuple[Hashable, Hashable]], classes: Counter[Hashable], groups: Counter[Hashable], total: int
) -> tuple[float, float, float]:
    """Return the pairs that are together in both, how many chance gives, and the most there can be."""
    together, in_classes, in_groups = (sum(n * (n - 1) / 2 for n in each.values()) for each in (both, classes, groups))
    every = total * (total - 1) / 2
    return together, in_classes * in_groups / every if every else 0.0, (in_classes + in_groups) / 2


def _entropy(counts: Counter[Hashable], total: int) -> float:
    return -sum(n / total * log(n / total) for n in counts.values())
