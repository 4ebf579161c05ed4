"""Questions meet by meaning, whatever their wording; and a topic stays the same when the model is made anew."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from telelake.errors import SettingsError, UnknownName
from telelake.talk.topics import fit as fitting
from telelake.talk.topics import groups
from telelake.talk.topics.fit import Asked, fit
from telelake.talk.topics.model import TopicModel, from_bytes
from telelake.talk.topics.words import language_of, words
from tests.talk.topics.sayings import PT, asked, questions

MOST = 1000


@pytest.fixture(scope="module")
def model() -> TopicModel:
    """A model of the made-up questions."""
    return fit(asked(), MOST)


def topic(model: TopicModel, text: str) -> int | None:
    """Return the topic of a question."""
    found = model.assign([text])[0].topic
    return found.id if found else None


def usual(model: TopicModel, about: str) -> int | None:
    """Return the topic that most questions of an intent have."""
    found = [topic(model, text) for text, truth in questions() if truth == about]
    return Counter(each for each in found if each is not None).most_common(1)[0][0]


def test_words_meet_across_accents_case_plurals_slang_and_held_letters() -> None:
    """Spelling is levelled before anything is counted."""

    def stems(text: str) -> list[str]:
        return [each.stem for each in words(text, "pt") if not each.is_common]

    assert stems("CARTÕES bloqueados") == stems("cartao bloqueado") == stems("cartãooo bloqueado")
    assert stems("vc n sabe pq não paga") == stems("você não sabe porque nao paga")
    assert stems("olá gente, bom dia") == []


def test_who_and_where_is_no_word() -> None:
    """Usernames, links, addresses, commands and numbers reach no model."""
    assert words("/start @fulano fulano@example.com https://example.com/x 11987654321 12345-678", "pt") == []


def test_each_question_is_read_in_its_own_language() -> None:
    """A group may speak several."""
    assert [language_of([text]) for text in ("não sei o que fazer", "where is my card", "¿dónde está mi tarjeta?")] == [
        "pt",
        "en",
        "es",
    ]
    ours = {each.stem for each in words("where are the payments", "pt") if not each.is_common}
    assert ours == {"payment"}


def test_wordings_of_one_thing_meet(model: TopicModel) -> None:
    """Groups are those that a person would make."""
    found = [topic(model, text) or 0 for text, _ in questions()]
    truth = [about for _, about in questions()]
    assert normalized_mutual_info_score(truth, found) > 0.75
    assert len(PT) - 1 <= len(model.topics) <= 2 * len(PT)


def test_wordings_that_it_has_not_seen(model: TopicModel) -> None:
    """New questions find their topic, with typos and slang."""
    for text, about in (
        ("o boletto tá vencidooo", "boleto"), ("vcs tem o rastreio do pedido atrasado?", "entrega"),
        ("esqueci minha senhaa", "senha"), ("cupom de descontoo invalido??", "cupom"),
    ):  # fmt: skip
        assert topic(model, text) == usual(model, about), text


def test_what_is_like_nothing_known_has_no_topic(model: TopicModel) -> None:
    """Noise is allowed: silence is better than a guess."""
    for text in ("kkkkkk", "", "🙂🙂", "alguém viu o jogo ontem à noite?", "bom dia!"):
        assert topic(model, text) is None, text


def test_names_are_words_of_the_topic(model: TopicModel) -> None:
    """A name is read at a glance, written as people write it, and no two are alike."""
    names = {each.id: each.name for each in model.topics}
    assert "boleto" in names[usual(model, "boleto") or 0]
    assert "senha" in names[usual(model, "senha") or 0]
    assert len(set(names.values())) == len(names)


def test_a_word_of_one_person_is_in_no_model() -> None:
    """A name or a secret that one person wrote, however often, is not learned, and is no topic's name."""
    loud = [Asked(f"{text} Zuleidenilda", 7) for text, about in questions() if about == "boleto"]
    learned = fit([*asked(), *loud], MOST)
    assert all("zuleid" not in each.name.lower() for each in learned.topics)
    many = fit([*asked(), *(replace(each, user_id=100 + at) for at, each in enumerate(loud))], MOST)
    assert len(many.features.words) > len(learned.features.words)


def test_any_order_gives_the_same_bytes(model: TopicModel) -> None:
    """The model is a function of the set of questions."""
    mixed = [*asked(), *asked()[:20]]
    random.Random(3).shuffle(mixed)
    assert fit(mixed, MOST).to_bytes() == model.to_bytes()


def test_a_model_comes_back_from_its_bytes(model: TopicModel) -> None:
    """What the home keeps says the same."""
    back = from_bytes(model.to_bytes())
    assert back.to_bytes() == model.to_bytes()
    texts = [text for text, _ in questions()]
    assert [each.topic for each in back.assign(texts)] == [each.topic for each in model.assign(texts)]


def more() -> list[Asked]:
    """Return the questions, further wordings of them, and a thing that is new."""
    further = [Asked(f"{text}, alguém responde?", 200 + at) for at, (text, _) in enumerate(questions()) if at % 3 == 0]
    new = """garantia do fone quebrado | o fone quebrou, tem garantia? | fone parou, quero a garantia | garantia do fone
        | meu fone quebrou na garantia | fone quebrado ainda na garantia | como aciono a garantia do fone
        | aciono garantia fone com defeito | o fone veio com defeito, garantia | fone com defeito"""
    said = enumerate(new.split("|"))
    return [*asked(), *further, *(Asked(" ".join(text.split()), 300 + at) for at, text in said)]


def kept(before: TopicModel, after: TopicModel) -> list[bool]:
    """Return for each intent whether its topic is the same in both."""
    return [usual(before, about) == usual(after, about) for about in PT]


def test_topics_keep_number_and_name_when_days_are_added(model: TopicModel) -> None:
    """A topic is the same after a new fit, and what is new gets a number that none had."""
    named = model.renamed(usual(model, "boleto") or 0, "Pagar boleto")
    after = fit(more(), MOST, named)
    assert sum(kept(named, after)) >= len(PT) - 1
    names = {each.id: each for each in after.topics}
    boleto = names[usual(after, "boleto") or 0]
    assert (boleto.name, boleto.is_named) == ("Pagar boleto", True)
    before = {each.id: each.name for each in named.topics}
    assert all(before.get(each.id, each.name) == each.name for each in after.topics)
    new = topic(after, "garantia do fone com defeito")
    assert new is not None and new >= named.next_id
    assert len({each.name for each in after.topics}) == len(after.topics)


def test_the_twin_without_the_former_model_numbers_anew(model: TopicModel) -> None:
    """Without inheritance the numbers would be those of the sizes, and the test above could not pass by chance."""
    renumbered = replace(model, topics=tuple(replace(each, id=each.id + 50) for each in model.topics), next_id=90)
    assert sum(kept(renumbered, fit(more(), MOST, renumbered))) >= len(PT) - 1
    assert not any(kept(renumbered, fit(more(), MOST)))


def test_a_rename_is_checked(model: TopicModel) -> None:
    """An unknown number, an empty name and a name that is taken are refused."""
    one, other = model.topics[:2]
    with pytest.raises(UnknownName, match="999"):
        model.renamed(999, "x")
    with pytest.raises(SettingsError, match="empty"):
        model.renamed(one.id, "  ")
    with pytest.raises(SettingsError, match="already"):
        model.renamed(one.id, other.name)


def test_too_few_questions_are_refused() -> None:
    """With a sentence that says how many there are."""
    with pytest.raises(SettingsError, match="5 different questions are too few"):
        fit(asked()[:5], MOST)
    with pytest.raises(SettingsError, match="hardly a word that 3 people used"):
        # Each of letters of its own, that not even a piece of a word is shared.
        fit([Asked("".join(chr(0x4E00 + 12 * at + letter) for letter in range(12)), at) for at in range(24)], MOST)


def test_the_sample_is_bounded_and_drawn_whatever_the_order() -> None:
    """A lake of millions of questions costs a fit no more than the bound."""
    few = fit(asked(), 50)
    assert few.about["questions"] == 50
    assert fit(reversed(asked()), 50).to_bytes() == few.to_bytes()


def test_many_rows_are_joined_by_knots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a bound rows join by their knots first; the groups stay good."""
    monkeypatch.setattr(groups, "_DIRECT", 30)
    found = fit(asked(), MOST)
    labels = [topic(found, text) or 0 for text, _ in questions()]
    assert normalized_mutual_info_score([about for _, about in questions()], labels) > 0.6


def test_groups_are_those_of_the_rows() -> None:
    """Three heaps of rows are three groups, though nobody says three."""
    dice = np.random.default_rng(0)
    heaps = np.repeat(np.eye(3, 12), 40, axis=0) + dice.normal(0, 0.12, (120, 12))
    rows = (heaps / np.linalg.norm(heaps, axis=1, keepdims=True)).astype(np.float32)
    labels, _ = groups.grouped(rows)
    assert normalized_mutual_info_score(np.repeat(range(3), 40), labels) > 0.7


def test_strangeness_is_told_by_the_questions_themselves(model: TopicModel) -> None:
    """The bound lies between what is known and what is not."""
    assert 0.05 <= model.least < 0.9
    assert fitting._STRANGE < 0.05
