"""The IRC disentanglement corpus of Kummerfeld et al. (ACL 2019): read its files, and score links as its authors do.

A line of a log is a message, an action or a system line ("=== anna has joined"). System lines are told apart by their form,
get a link to themselves, and are no part of the talk that is linked. A nick is a person, also after a change of nick. IRC
has no replies and no mentions: people write a nick, mostly first, so a word that is the nick of somebody seen before counts
as a mention; a nick that others use as a word (in the training part) counts only at the beginning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from telelake.talk.links import Message

_LINE = re.compile(r"^\[(\d\d):(\d\d)\] (?:<([^>]*)> ?|\s*\* (\S+) ?)(.*)$")
_RENAMED = re.compile(r"=== (\S+) is now known as (\S+)")
_CALLED = re.compile(r"\s*@?([^\s,:;]+)\s?[:,;]")
_EDGES = ",:;!?()\"'"
_BOT = re.compile(r"l?ubot\w*|floodbot\d")
_ANNOTATED = 1000  # what an annotated message answers is told from this line on
_WORDY = 6  # files in which a word must stand, and not be a nick, to be a common word

Pairs = set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Log:
    """A file of the corpus."""

    name: str
    lines: int
    messages: tuple[Message, ...]
    """What people and bots said; the key is the line number."""
    gold: Mapping[int, frozenset[int]]
    """From each annotated line to those that it answers; itself when it begins a conversation."""

    def stretched(self, factor: int) -> Log:
        """Give the same talk, so many times slower."""
        if not self.messages:
            return self
        began = self.messages[0].sent_at
        return replace(
            self, messages=tuple(replace(m, sent_at=began + (m.sent_at - began) * factor) for m in self.messages)
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F of links, with those to oneself, and one-to-one overlap of conversations; in percent."""

    precision: float
    recall: float
    f: float
    one_to_one: float

    def __str__(self) -> str:
        return f"P {self.precision:.1f}  R {self.recall:.1f}  F {self.f:.1f}  1-1 {self.one_to_one:.1f}"


def read(corpus: Path, part: str) -> list[Log]:
    """Read train, dev or test."""
    folder = corpus / "data"
    common = _common_words(folder / "train")
    paths = sorted((folder / part).glob("*.annotation.txt"))
    if not paths:
        raise SystemExit(f"There is no corpus in {corpus}: clone it there as bench/disentangle.py says.")
    return [_log(path, common) for path in paths]


def score(logs: Sequence[Log], found: Sequence[Mapping[int, int]]) -> Scores:
    """Score links, from line to line, as tools/evaluation of the corpus does. System lines are added to them here."""
    gold_count = found_count = hits = overlap = total = 0
    for log, links in zip(logs, found, strict=True):
        spoken = {message.key for message in log.messages}
        ours = {(n, links[n] if n in spoken else n) for n in range(_ANNOTATED, log.lines)}
        gold = {(n, to) for n, tos in log.gold.items() for to in tos}
        gold_count, found_count, hits = gold_count + len(gold), found_count + len(ours), hits + len(gold & ours)
        overlap += _one_to_one(_clusters(gold), _clusters(ours))
        total += log.lines - _ANNOTATED
    precision, recall = 100 * hits / found_count, 100 * hits / gold_count
    return Scores(precision, recall, 2 * precision * recall / (precision + recall), 100 * overlap / total)


def _log(annotation: Path, common: frozenset[str]) -> Log:
    path = annotation.with_name(annotation.name.replace(".annotation.", ".ascii."))
    began = datetime.strptime(path.name[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    lines = path.read_text("ascii").splitlines()
    people: dict[str, int] = {}
    messages: list[Message] = []
    day = latest = 0
    for number, line in enumerate(lines):
        spoken = _LINE.match(line)
        if spoken is None:
            renamed = _RENAMED.match(line)
            if renamed and renamed[1].lower() in people:
                people.setdefault(renamed[2].lower(), people[renamed[1].lower()])
            continue
        nick, text = (spoken[3] or spoken[4] or "").strip().lower(), spoken[5]
        minute = int(spoken[1]) * 60 + int(spoken[2]) + day
        if minute < latest - 600:  # after midnight
            day, minute = day + 1440, minute + 1440
        latest = max(latest, minute)
        who = people.setdefault(nick, len(people) + 1)
        whom = tuple(person for person in dict.fromkeys(_called(text, people, common)) if person != who)
        sent = began + timedelta(minutes=minute)
        messages.append(Message(number, who, _BOT.fullmatch(nick) is not None, sent, text, mentions=whom))
    gold: dict[int, set[int]] = {}
    for line in annotation.read_text("ascii").splitlines():
        numbers = [int(part) for part in line.split() if part != "-"]
        gold.setdefault(max(numbers), set()).add(min(numbers))
    return Log(path.name, len(lines), tuple(messages), {n: frozenset(tos) for n, tos in gold.items()})


def _called(text: str, people: Mapping[str, int], common: frozenset[str]) -> Iterator[int]:
    if (first := _CALLED.match(text)) is not None:
        nick = first[1].lower()
        if nick in people:
            yield people[nick]
        elif len(nick) > 3:  # a nick is often called by its beginning
            meant = {person for name, person in people.items() if name.startswith(nick)}
            if len(meant) == 1:
                yield meant.pop()
    for part in text.split():
        for word in (part.strip(_EDGES).lower().lstrip("@"), part.strip(_EDGES + ".").lower().lstrip("@")):
            if len(word) > 2 and word in people and word not in common:
                yield people[word]
                break


def _common_words(train: Path) -> frozenset[str]:
    found: Counter[str] = Counter()
    for path in sorted(train.glob("*.ascii.txt")):
        spoken = [match for line in path.read_text("ascii").splitlines() if (match := _LINE.match(line))]
        nicks = {(match[3] or match[4] or "").strip().lower() for match in spoken}
        words = {word.lower().strip(",:;!?().") for match in spoken for word in match[5].split()}
        found.update(word for word in words - nicks if word.isalpha())
    return frozenset(word for word, files in found.items() if files >= _WORDY)


def _clusters(pairs: Pairs) -> list[set[int]]:
    """Join linked lines; lines before the annotated part join others and do not count."""
    parent: dict[int, int] = {}

    def root(line: int) -> int:
        while parent.setdefault(line, line) != line:
            parent[line] = line = parent[parent[line]]
        return line

    for one, other in pairs:
        parent[root(one)] = root(other)
    joined: dict[int, set[int]] = {}
    for line in list(parent):
        if line >= _ANNOTATED:
            joined.setdefault(root(line), set()).add(line)
    return list(joined.values())


def _one_to_one(gold: Sequence[set[int]], ours: Sequence[set[int]]) -> int:
    """Count the lines in common when conversations are matched one to one, as well as can be."""
    place = {line: number for number, cluster in enumerate(gold) for line in cluster}
    common = np.zeros((len(ours), len(gold)), np.int64)
    for row, cluster in enumerate(ours):
        for line in cluster:
            if line in place:
                common[row, place[line]] += 1
    rows, columns = linear_sum_assignment(common, maximize=True)
    return int(common[rows, columns].sum())
