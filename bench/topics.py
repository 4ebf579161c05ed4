"""How well are questions grouped by meaning, and how fast? Against BANKING77, whose 77 intents are known.

    git clone --depth 1 https://github.com/PolyAI-LDN/task-specific-datasets
    python bench/topics.py --corpus task-specific-datasets/banking_data

Labels are used to measure only. Three ways: fitted on the test set itself; fitted on the training set's texts (a group's own
history) and asked about the test set, which it never saw; fitted on both. Beside them, in the same process, the baseline: plain
TF-IDF, SVD and k-means, with the number of intents given. `--scale N` fits on made-up questions in number and assigns N.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.preprocessing import normalize

from telelake.talk.topics.fit import Asked, fit
from telelake.talk.topics.model import TopicModel, from_bytes

_RUNS = 5


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", type=Path, help="Folder with train.csv and test.csv.")
    options.add_argument("--scale", type=int, default=0, help="Questions to assign, made of the corpus's words.")
    options.add_argument("--sample", type=int, default=20_000, help="Different questions to fit on, of those.")
    given = options.parse_args()
    if given.corpus is None:
        options.error("--corpus is needed; see above how it is fetched")
    train, test = (_read(given.corpus / name) for name in ("train.csv", "test.csv"))
    print(f"{'':44}{'NMI':>7}{'ARI':>7}{'groups':>8}{'none':>7}{'fit s':>8}{'assign s':>10}")
    for seed in range(_RUNS):
        _baseline(test, seed)
    for name, texts in (
        ("telelake, fitted on the test set's texts", test),
        ("telelake, fitted on the training set's texts", train),
        ("telelake, fitted on both", [*train, *test]),
    ):
        start = time.perf_counter()
        model = _fitted([text for text, _ in texts])
        _show(name, test, model, time.perf_counter() - start)
    if given.scale:
        _scale([text for text, _ in [*train, *test]], given.scale, given.sample)


def _read(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def _fitted(texts: Sequence[str]) -> TopicModel:
    """Return a model as a home would give it back. The corpus does not say who asked: each question is a person's own."""
    return from_bytes(fit((Asked(text, at) for at, text in enumerate(texts)), len(texts)).to_bytes())


def _baseline(test: Sequence[tuple[str, str]], seed: int) -> None:
    start = time.perf_counter()
    weighted = TfidfVectorizer(stop_words="english").fit_transform([text for text, _ in test])
    rows = normalize(TruncatedSVD(100, random_state=seed).fit_transform(weighted))
    found = KMeans(len({label for _, label in test}), n_init=10, random_state=seed).fit_predict(rows)
    _line(f"baseline, k given, seed {seed}", test, found.tolist(), time.perf_counter() - start, None)


def _show(name: str, test: Sequence[tuple[str, str]], model: TopicModel, fit_seconds: float) -> None:
    start = time.perf_counter()
    found = [each.topic.id if each.topic else 0 for each in model.assign([text for text, _ in test])]
    _line(name, test, found, fit_seconds, time.perf_counter() - start)


def _line(
    name: str, test: Sequence[tuple[str, str]], found: Sequence[int], seconds: float, assign: float | None
) -> None:
    truth = [label for _, label in test]
    nmi, ari = normalized_mutual_info_score(truth, found), adjusted_rand_score(truth, found)
    none = sum(each == 0 for each in found) / len(found) if assign is not None else 0.0
    groups = len(set(found) - ({0} if assign is not None else set()))
    shown = "" if assign is None else f"{assign:10.2f}"
    print(f"{name:44}{nmi:7.3f}{ari:7.3f}{groups:8}{none:7.1%}{seconds:8.1f}{shown}", flush=True)


def _scale(texts: Sequence[str], count: int, sample: int) -> None:
    """Fit and assign questions put together from halves of the corpus's: as many different ones as are asked for."""
    dice = random.Random(0)
    halves = [text.split() for text in texts]
    made = []
    for _ in range(count):
        one, other = dice.choice(halves), dice.choice(halves)
        made.append(" ".join([*one[: len(one) // 2], *other[len(other) // 2 :]]))
    start = time.perf_counter()
    model = fit((Asked(text, at) for at, text in enumerate(made)), sample)
    fitted = time.perf_counter()
    size = len(model.to_bytes())
    model.assign(made)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} questions: fitted on {model.about['questions']:,} in {fitted - start:.1f} s ({len(model.topics)} topics, "
        f"{size / 1e6:.1f} MB), assigned in {done - fitted:.1f} s; peak memory {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
