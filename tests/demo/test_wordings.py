"""The two parts of the wordings share no sentence, so that a figure of the held-out part means something."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from telelake.demo.dice import Dice
from telelake.demo.topics import ALL_TOPICS
from telelake.demo.wordings import DEVELOPMENT, HELD_OUT, PARTS, Wordings, expand

SLOTS = {"pedido", "valor", "produto", "dia", "cidade", "cep", "codigo"}
RUN = 5
"""Words in a row that the two parts may not have in common; greetings and the like are shorter than that."""


def sentences(part: Wordings) -> set[str]:
    """Return every sentence that the part can say, without what makes it one case or another."""
    return {_plain(line) for name, lines in part.lines() if name != "products" for line in _all(lines)}


def _all(lines: tuple[str, ...]) -> list[str]:
    found = []
    for line in lines:
        # Every choice of every bracket at least once, which is all that can differ.
        widest = max((len(choice.split("|")) for choice in re.findall(r"\[([^\]]*)\]", line)), default=1)
        found += [
            re.sub(r"\[([^\]]*)\]", lambda choice, turn=turn: _turn(choice[1], turn), line) for turn in range(widest)
        ]
    return found


def _turn(choices: str, turn: int) -> str:
    options = choices.split("|")
    return options[turn % len(options)]


def _plain(line: str) -> str:
    line = re.sub(r"https?://\S+", "link", line.lower())
    return " ".join(re.findall(r"\w+|[^\w\s.,!?:;*`]+", re.sub(r"[{}]", "", line)))


def runs(part: Wordings) -> set[tuple[str, ...]]:
    """Return all runs of words of the part."""
    words = [sentence.split() for sentence in sentences(part)]
    return {tuple(each[at : at + RUN]) for each in words for at in range(len(each) - RUN + 1)}


def shared(one: Wordings, other: Wordings) -> set[object]:
    """Return the sentences and the runs of words that both have."""
    return {*(sentences(one) & sentences(other)), *(runs(one) & runs(other))}


def test_the_parts_share_no_sentence_and_no_five_words_in_a_row() -> None:
    assert not shared(DEVELOPMENT, HELD_OUT)


@pytest.mark.parametrize("stolen", ["o código de barras do boleto não está funcionando no meu banco", "Valeu!"])
def test_a_sentence_taken_from_the_other_part_is_found(stolen: str) -> None:
    leaky = replace(HELD_OUT, thanks=(*HELD_OUT.thanks, stolen))

    assert shared(DEVELOPMENT, replace(leaky, closers=(*leaky.closers, "aguardo")))
    assert shared(replace(DEVELOPMENT, thanks=(*DEVELOPMENT.thanks, stolen)), leaky)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_speaks_of_every_topic_and_leaves_no_list_empty(part: str) -> None:
    assert PARTS[part].subjects.keys() == {topic.key for topic in ALL_TOPICS}
    for name, lines in PARTS[part].lines():
        assert lines or name.endswith((".bot", ".captions")), name
        assert len(set(lines)) == len(lines), name


def test_the_bot_knows_the_same_topics_in_both_parts() -> None:
    known = [{key for key, subject in part.subjects.items() if subject.bot} for part in PARTS.values()]

    assert known[0] == known[1]


@pytest.mark.parametrize("part", PARTS)
def test_every_template_can_be_filled(part: str) -> None:
    dice = Dice(1)
    for name, lines in PARTS[part].lines():
        is_answer = name.endswith((".human", ".bot")) or name in ("unsure", "ask_back", "follow")
        for line in lines:
            for _ in range(8):
                text = expand(line, dice)
                assert not set(re.findall(r"{(\w+)}", text)) - SLOTS - ({"nome"} if is_answer else set()), line
                assert not re.search(r"[\[\]]|\s\s", text), line
                assert text, line


def test_choices_are_all_made() -> None:
    dice = Dice(1)
    seen = {expand("[o|meu] boleto [de hoje|] [venceu|sumiu]", dice) for _ in range(300)}

    assert len(seen) == 8
    assert "o boleto venceu" in seen
