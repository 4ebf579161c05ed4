"""Who answers whom, measured on the IRC disentanglement corpus; and the training of the weights that ship.

    git clone https://github.com/jkkummerfeld/irc-disentanglement bench/data/irc     (CC BY 4.0; never committed)
    python bench/disentangle.py --corpus bench/data/irc              scores on dev and test, beside published ones; messages/s
    python bench/disentangle.py --corpus bench/data/irc --train      writes src/telelake/talk/links/weights.json anew

Needs numpy and scipy. Training reads the training part only, twice: as it is, and as groups less busy than that channel, slowed
down and cut into talks of which little of the past is known. It takes minutes on one core, is seeded, and the same numpy on
the same processor gives the same file. Dev is printed while training; test never.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irc import Log, Scores, read, score
from telelake.talk.links import Link, linker
from telelake.talk.links.features import Features, tell
from telelake.talk.links.model import CEILING, EXACT, SCALE, Ranker
from telelake.talk.links.past import REACH, Talk

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "src/telelake/talk/links/weights.json"
PUBLISHED = (
    ("previous message", 35.0, 27.6),
    ("linear model", 63.5, 69.5),
    ("feed-forward", 72.3, 75.6),
    ("vote of ten feed-forward", 73.5, 76.0),
)
"""Kummerfeld et al. 2019, test part: F of links, one-to-one overlap."""
SLOWER = (4, 8, 16, 32)
SHORT = (8, 120)
"""Messages in a talk that was cut."""

Real = NDArray[np.float32]
Net = dict[str, Real]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Messages with known parents."""

    told: Features
    right: NDArray[np.bool_]
    """Column 0: begins a conversation."""


def main() -> None:
    """Train when asked; then measure what ships."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--train", action="store_true", help="write the weights anew")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where --train writes them")
    parser.add_argument("--units", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-test", action="store_true", help="dev only, for one who is still choosing")
    asked = parser.parse_args()
    if asked.train:
        net = train(asked.corpus, asked.units, asked.epochs, asked.rate, asked.seed)
        write(net, asked.out)
    ranker = Ranker.of(json.loads(asked.out.read_text("ascii")))
    for part in ("dev",) if asked.no_test else ("dev", "test"):
        logs = read(asked.corpus, part)
        print(f"\n{part}: {len(logs)} files, {sum(len(log.gold) for log in logs)} annotated lines")
        before = [{m.key: p.key for p, m in zip(log.messages, log.messages[1:], strict=False)} for log in logs]
        print(f"  the message before          {score(logs, before)}")
        print(f"  telelake                    {measured(logs, ranker)}")
        for factor in SLOWER[1::2]:
            print(f"  the same, {factor:2} times slower   {measured([log.stretched(factor) for log in logs], ranker)}")
        for known in (25, 100):
            print(f"  the same, from {known:3} messages   {part_known(logs, ranker, known):.1f} % of links")
    print("\npublished, test:", *(f"  {name}: F {f}, 1-1 {overlap}" for name, f, overlap in PUBLISHED), sep="\n")
    speed(read(asked.corpus, "dev"), ranker)


def measured(logs: Sequence[Log], ranker: Ranker) -> Scores:
    """Link logs as any messages, and score."""
    return score(logs, [{one.key: _own(one) for one in linker.stream(log.messages, ranker=ranker)} for log in logs])


def part_known(logs: Sequence[Log], ranker: Ranker, known: int) -> float:
    """Give the percentage of messages rightly linked in logs cut into talks, of those whose parent is in their talk."""
    right = count = 0
    for log in logs:
        first = next(row for row, message in enumerate(log.messages) if message.key in log.gold)
        for top in range(first, len(log.messages), known):
            talk = log.messages[top : top + known]
            keys = {message.key for message in talk}
            for one in linker.stream(talk, ranker=ranker):
                if not log.gold[one.key].isdisjoint(keys):
                    count += 1
                    right += _own(one) in log.gold[one.key]
    return 100 * right / count


def speed(logs: Sequence[Log], ranker: Ranker) -> None:
    """Say how many messages a second are linked, in one busy thread."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < 10:
        for log in logs:
            count += sum(1 for _ in linker.stream(log.messages, ranker=ranker))
    seconds = time.perf_counter() - began
    print(f"\n{count / seconds:,.0f} messages/s; a million in {1_000_000 * seconds / count:.0f} s")


def train(corpus: Path, units: int, epochs: int, rate: float, seed: int) -> Net:
    """Train on the training part; print the score of dev after each round."""
    logs, dev = read(corpus, "train"), read(corpus, "dev")
    random = np.random.default_rng(seed)
    lessons = [lesson(log, 0, len(log.messages)) for log in logs]
    for number, log in enumerate(logs):
        slow = log.stretched(SLOWER[number % len(SLOWER)])
        lessons += [lesson(slow, *piece) for piece in pieces(log, random)]
    net = _begin(lessons[0].told, units, random)
    speed_of = {name: np.zeros_like(weights) for name, weights in net.items()}
    square = {name: np.zeros_like(weights) for name, weights in net.items()}
    where = np.array([(n, row) for n, one in enumerate(lessons) for row in np.flatnonzero(one.right.any(1))], np.int64)
    batch, step = 256, 0
    steps = epochs * -(-len(where) // batch)
    for epoch in range(epochs):
        random.shuffle(where)
        lost = 0.0
        for top in range(0, len(where), batch):
            loss, slopes = _slopes(net, *_gather(lessons, where[top : top + batch]))
            lost += loss
            step += 1
            now = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            for name, weights in net.items():
                slope = slopes[name] + 1e-5 * weights
                speed_of[name] = 0.9 * speed_of[name] + 0.1 * slope
                square[name] = 0.999 * square[name] + 0.001 * slope * slope
                sized = np.sqrt(square[name] / (1 - 0.999**step)) + 1e-8
                weights -= (now * speed_of[name] / (1 - 0.9**step) / sized).astype(np.float32)
        print(f"{epoch}: loss {lost / len(where):.4f}, dev {measured(dev, _whole(net))}", flush=True)
    return net


def lesson(log: Log, top: int, end: int) -> Lesson:
    """Make the annotated messages of a part of a log into rows with known parents; a parent outside is not known."""
    said = linker.heard(log.messages[top:end])
    row_of = {one.key: row for row, one in enumerate(said)}
    start = next(row for row, one in enumerate(said) if one.key in log.gold)
    told = tell(Talk.of(said), np.arange(start, len(said)))
    right = np.zeros((len(said) - start, REACH + 1), np.bool_)
    for row, one in enumerate(said[start:]):
        back = [start + row - row_of[to] for to in log.gold[one.key] if to in row_of]
        right[row, [lag for lag in back if 0 <= lag <= REACH]] = True
    right[:, 1:] &= told.open
    return Lesson(told, right)


def pieces(log: Log, random: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Cut the annotated part of a log into talks."""
    top = next(row for row, message in enumerate(log.messages) if message.key in log.gold)
    while top < len(log.messages):
        end = top + int(random.integers(*SHORT))
        yield top, end
        top = end


def write(net: Net, path: Path) -> None:
    """Write the weights as whole numbers, a row a line."""
    numbers = {name: np.rint(weights * SCALE).astype(int).tolist() for name, weights in net.items()}
    bound = CEILING * max(sum(map(abs, numbers["out"])), sum(map(abs, numbers["begin_out"])))
    if bound >= EXACT:
        raise SystemExit(f"Sums of up to {bound} are not exact below {EXACT}: train with fewer units or more decay.")
    numbers["begin_more"] = int(np.rint(net["begin_more"][0] * SCALE * SCALE))
    rows = []
    for name, value in numbers.items():
        if isinstance(value, list) and isinstance(value[0], list):
            inner = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in value)
            rows.append(f'"{name}": [\n{inner}\n]')
        else:
            rows.append(f'"{name}": {json.dumps(value, separators=(",", ":"))}')
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", "ascii")


def _own(link: Link) -> int:
    return link.key if link.parent is None else link.parent


def _whole(net: Net) -> Ranker:
    numbers = {name: np.rint(weights * SCALE) for name, weights in net.items()}
    return Ranker.of({**numbers, "begin_more": float(np.rint(net["begin_more"][0] * SCALE * SCALE))})


def _begin(told: Features, units: int, random: np.random.Generator) -> Net:
    own, around, pairs = told.own.shape[1], told.around.shape[1], told.pairs.shape[2]

    def some(*shape: int) -> Real:
        spread = np.sqrt(5 / shape[0]) if len(shape) > 1 else 0.1
        return np.asarray(random.standard_normal(shape) * spread, np.float32)

    def none(size: int) -> Real:
        return np.zeros(size, np.float32)

    return {
        "pair": some(pairs, units),
        "later": some(own + around, units),
        "earlier": some(own, units),
        "bias": none(units),
        "out": some(units),
        "begin": some(own + around, units),
        "begin_bias": none(units),
        "begin_out": some(units),
        "begin_more": none(1),
    }


def _gather(
    lessons: Sequence[Lesson], where: NDArray[np.int64]
) -> tuple[Real, Real, Real, NDArray[np.bool_], NDArray[np.bool_]]:
    pairs, later, earlier, there, right = [], [], [], [], []
    for number, row in where.tolist():
        told = lessons[number].told
        pairs.append(told.pairs[row])
        later.append(np.concatenate([told.own[told.rows[row]], told.around[row]]))
        earlier.append(told.own[told.earlier[row]])
        there.append(told.open[row])
        right.append(lessons[number].right[row])
    real = np.float32
    return np.array(pairs, real), np.array(later, real), np.array(earlier, real), np.array(there), np.array(right)


def _slopes(
    net: Net, pairs: Real, later: Real, earlier: Real, there: NDArray[np.bool_], right: NDArray[np.bool_]
) -> tuple[float, Net]:
    """Give the loss, minus the log of the chance of any right parent, and its slope by each weight."""
    rows, units = len(pairs), len(net["out"])
    hidden = pairs @ net["pair"] + earlier @ net["earlier"] + (later @ net["later"] + net["bias"])[:, None]
    hidden = np.maximum(hidden, 0)
    begins = np.maximum(later @ net["begin"] + net["begin_bias"], 0)
    scores = np.concatenate([(begins @ net["begin_out"] + net["begin_more"])[:, None], hidden @ net["out"]], 1)
    scores[:, 1:][~there] = -1e9
    chance = np.exp(scores - scores.max(1, keepdims=True))
    chance /= chance.sum(1, keepdims=True)
    hit = chance * right
    sure = hit.sum(1, keepdims=True) + 1e-9
    slope = (chance - hit / sure) / rows
    back = slope[:, 1:, None] * net["out"] * (hidden > 0)
    flat, back_rows = back.reshape(-1, units), back.sum(1)
    back_begins = slope[:, :1] * net["begin_out"] * (begins > 0)
    return float(-np.log(sure).sum()), {
        "pair": pairs.reshape(len(flat), -1).T @ flat,
        "earlier": earlier.reshape(len(flat), -1).T @ flat,
        "later": later.T @ back_rows,
        "bias": back_rows.sum(0),
        "out": np.tensordot(slope[:, 1:], hidden, 2),
        "begin": later.T @ back_begins,
        "begin_bias": back_begins.sum(0),
        "begin_out": begins.T @ slope[:, 0],
        "begin_more": slope[:, :1].sum(0),
    }


if __name__ == "__main__":
    main()
