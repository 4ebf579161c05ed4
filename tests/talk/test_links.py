"""Who answers whom: replies, mentions, threads and time are obeyed, in any language, and how a stream is cut changes no link."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telelake.talk import links
from telelake.talk.links import Message, link, linker, model
from telelake.talk.links.past import CONTEXT, WINDOW

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOT = 900
SHIPPED = "95e2270c224458e2a5c238d522d45a583571be3f5b4c7c6c088c14db54ce406c"


def talk(*lines: tuple[float, int, str] | tuple[float, int, str, dict[str, object]]) -> list[Message]:
    """Make messages of minute, person, text and what else there is; keys are 1, 2, …"""
    return [
        Message(key, who, who == BOT, NOON + timedelta(minutes=minute), text, **(more[0] if more else {}))
        for key, (minute, who, text, *more) in enumerate(lines, 1)
    ]


def parents(messages: Sequence[Message]) -> list[int | None]:
    return [one.parent for one in link(messages)]


USUAL = (0, 5, 20, 60, 200, 3000)
RUSHED = (0, 1, 2)
BROKEN = USUAL * 30 + (80 * 3600,)


def crowd(count: int, seed: int, threads: Sequence[int | None] = (None,), gaps: Sequence[int] = USUAL) -> list[Message]:
    """Make a busy group: people, a bot, replies, mentions, threads, silences, words that return."""
    dice = random.Random(seed)
    words = [f"word{n}" for n in range(60)] + ["why", "obrigado", "alguém", "?", "não", "try", "/help", "ok"]
    made: list[Message] = []
    now = NOON
    for key in range(1, count + 1):
        now += timedelta(seconds=dice.choice(gaps))
        who = dice.choice([None, BOT, *range(1, 25), *range(1, 6)])
        made.append(
            Message(
                key,
                who,
                who == BOT,
                now,
                dice.choice([None, "/help", " ".join(dice.choices(words, k=dice.randrange(12)))]),
                dice.choice([None] * 6 + [dice.randrange(1, key + 1)]),
                tuple(dice.sample(range(1, 25), dice.choice([0, 0, 0, 1, 2]))),
                dice.choice(threads),
            )
        )
    return made


def test_nothing_and_one() -> None:
    assert link([]) == []
    [only] = link(talk((0, 1, "Does the scanner work on the new version?")))
    assert (only.key, only.parent, only.rule) == (1, None, "begins")


def test_a_reply_is_never_doubted() -> None:
    lines = [(0, 1, "How do I export?"), *((1, 2 + n % 3, f"something else {n}") for n in range(200))]
    messages = talk(
        *lines, (2, 9, "word99, thanks", {"reply_to": 1, "mentions": (3,)}), (2, 9, "and", {"reply_to": -40})
    )
    far, unseen = link(messages)[-2:]
    assert (far.parent, far.rule, far.score) == (1, "reply", 1.0)  # further than the model may look
    assert (unseen.parent, unseen.rule) == (-40, "reply")  # older than what was given


@pytest.mark.parametrize("to", [2, 3])
def test_a_reply_to_itself_or_to_what_comes_later_is_none(to: int) -> None:
    messages = talk((0, 1, "How do I export?"), (0.1, 2, "See the menu", {"reply_to": to}), (0.2, 1, "Where?"))
    assert link(messages)[1].rule != "reply"


def test_a_reply_tells_whom_a_message_addresses() -> None:
    """Ana's next words go on with Rui, who replied to her, and not with the nearer Eva."""
    ana, rui, eva, leo = 1, 2, 3, 4
    lines = [
        (0, ana, "How do I print the invoice?"),
        (0, leo, "Which plan has two users?"),
        (1, rui, "Open the menu at the top", {"reply_to": 1}),
        (1, eva, "The large one", {"reply_to": 2}),
        (2, ana, "It is not there"),
    ]
    assert parents(talk(*lines))[-1] == 3


@pytest.mark.parametrize("text", ["look into settings", "olha nas configurações", "mira en ajustes"])
def test_a_mention_beats_nearness(text: str) -> None:
    lines = [(0, 1, "where is the export?"), (3, 2, "how do I change my plan?"), (3.5, 3, text)]
    near = link(talk(*lines))[-1]
    assert near.parent != 1
    called = link(talk(*lines[:2], (3.5, 3, text, {"mentions": (1,)})))[-1]
    assert (called.parent, called.rule) == (1, "mention")


def test_who_is_mentioned_answers_who_mentioned() -> None:
    lines = [
        (0, 1, "which version do you have?", {"mentions": (7,)}),
        (0, 2, "has anyone tried the new scanner?"),
        (0, 3, "the invoice is wrong again"),
        (1, 7, "4.2"),
    ]
    assert parents(talk(*lines))[-1] == 1


@pytest.mark.parametrize(
    "question",
    [
        "hi, does anyone know how to cancel an order?",
        "oi, alguém sabe como cancelar um pedido?",
        "hola, ¿alguien sabe cómo cancelar un pedido?",
    ],
)
def test_a_newcomers_question_begins_a_conversation(question: str) -> None:
    lines = [(0, 1, "the printer is off"), (0, 2, "turn it on", {"mentions": (1,)}), (1, 1, "done", {"mentions": (2,)})]
    last = link(talk(*lines, (3, 5, question)))[-1]
    assert (last.parent, last.rule) == (None, "begins")


def test_a_portuguese_group_with_two_talks_at_once() -> None:
    """Nobody replies and few are named; made up, with what each line answers beside it."""
    ana, beto, caio, duda = 1, 2, 3, 4
    told: list[tuple[int | None, float, int, str, tuple[int, ...]]] = [
        (None, 0, ana, "bom dia pessoal, alguém sabe por que o boleto não abre?", ()),
        (1, 1, beto, "qual mensagem aparece, Ana?", (ana,)),
        (None, 1, caio, "gente, como troco a senha do aplicativo?", ()),
        (2, 2, ana, "diz que o boleto expirou", ()),
        (3, 2, duda, "Caio, em perfil tem a opção de senha", (caio,)),
        (4, 3, beto, "então gera outro boleto na tela de pagamentos", (ana,)),
        (5, 3, caio, "achei a opção, mas pede a senha antiga", (duda,)),
        (7, 4, duda, "clica em esqueci a senha", (caio,)),
        (6, 5, ana, "funcionou, obrigada!", (beto,)),
        (8, 5, caio, "deu certo, valeu", (duda,)),
    ]
    messages = talk(*((minute, who, text, {"mentions": whom}) for _, minute, who, text, whom in told))
    found = parents(messages)
    right = [to for to, *_ in told]
    assert found == right


def test_threads_never_mix() -> None:
    lines = [
        (0, 1, "how do I export?", {"thread_id": 10}),
        (0, 2, "how do I import?", {"thread_id": 20}),
        (1, 3, "in the menu", {"thread_id": 10}),
        (1, 4, "in the menu", {"thread_id": 20}),
        (2, 5, "in the menu"),
    ]
    assert parents(talk(*lines)) == [None, None, 1, 2, None]


def test_a_bot_answers_the_command_before_it() -> None:
    lines = [(0, 1, "/status"), (0, 2, "is the shop open today?"), (0.1, BOT, "Your order is on its way.")]
    last = link(talk(*lines))[-1]
    assert (last.parent, last.rule) == (1, "bot")
    late = link(talk(*lines[:2], (30, BOT, "Good evening, we close at six.")))[-1]
    assert late.rule != "bot"


def test_silence_ends_all_talk() -> None:
    asked = (0, 1, "how do I export?")
    assert parents(talk(asked, (71 * 60, 2, "in the menu", {"mentions": (1,)}))) == [None, 1]
    assert parents(talk(asked, (72 * 60 + 1, 2, "in the menu", {"mentions": (1,)}))) == [None, None]


@pytest.mark.parametrize("gaps", [USUAL, RUSHED, BROKEN])
@pytest.mark.parametrize("piece", [29, 100])
def test_pieces_change_nothing(piece: int, gaps: Sequence[int]) -> None:
    messages = crowd(1200, 1, (None, None, 5), gaps)
    assert list(linker.stream(messages, piece=piece)) == link(messages)


def test_twin_pieces_with_too_short_a_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = crowd(1500, 1)
    whole = link(messages)
    monkeypatch.setattr(linker, "CONTEXT", WINDOW // 2)
    assert list(linker.stream(messages, piece=100)) != whole


def test_a_days_links_are_the_same_with_more_of_the_past() -> None:
    """A window of twice what the model may look back on is all that matters: once for a message, once for those it looks at."""
    messages = crowd(1200, 2)
    assert link(messages[-900:])[2 * CONTEXT :] == link(messages)[300 + 2 * CONTEXT :]


def test_the_same_again_and_in_another_zone() -> None:
    messages = crowd(300, 3)
    moved = [replace(m, sent_at=m.sent_at.astimezone(timezone(timedelta(hours=-3)))) for m in messages]
    bare = [replace(m, sent_at=m.sent_at.replace(tzinfo=None)) for m in messages]
    assert link(messages) == link(messages) == link(moved) == link(bare)


def test_a_stream_takes_no_more_than_a_piece_ahead() -> None:
    taken = 0

    def counted() -> Iterator[Message]:
        nonlocal taken
        for message in crowd(400, 4):
            taken += 1
            yield message

    found = linker.stream(counted(), piece=50)
    next(found)
    assert taken == 50
    assert len(list(found)) == 399


messages_of_any_kind = st.lists(
    st.builds(
        Message,
        key=st.integers(-5, 60),
        user_id=st.none() | st.integers(1, 5),
        is_bot=st.booleans(),
        sent_at=st.integers(-1, 1 << 31).map(lambda second: datetime.fromtimestamp(second, UTC)) | st.just(NOON),
        text=st.none() | st.text(max_size=20) | st.sampled_from(["?", "/start", "oi", "thanks", "\ud83d", "ß İ ﬁ"]),
        reply_to=st.none() | st.integers(-5, 60),
        mentions=st.lists(st.integers(1, 5), max_size=6).map(tuple),
        thread_id=st.none() | st.integers(1, 2),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(messages_of_any_kind)
def test_any_messages_give_links_that_cannot_run_in_circles(messages: list[Message]) -> None:
    found = link(messages)
    assert [one.key for one in found] == [message.key for message in messages]
    threads = {(m.thread_id, m.key) for m in messages}
    for one, message in zip(found, messages, strict=True):
        assert 0 <= one.score <= 1
        assert (one.parent is None) == (one.rule == "begins")
        if one.parent is not None:
            assert one.parent < one.key  # so no circle, whatever the order given
        if one.rule == "reply":
            assert one.parent == message.reply_to
        elif one.parent is not None:
            assert (message.thread_id, one.parent) in threads


def test_the_weights_are_those_named() -> None:
    assert links.fingerprint() == SHIPPED, "Other weights: measure them with bench/disentangle.py, then name them here."


def test_the_weights_are_small_and_whole_and_their_sums_exact() -> None:
    text = files("telelake.talk.links").joinpath("weights.json").read_text("ascii")
    assert len(text) < 1_000_000
    numbers = json.loads(text)

    def flat(value: object) -> Iterator[object]:
        if isinstance(value, list):
            for inner in value:
                yield from flat(inner)
        else:
            yield value

    assert all(type(number) is int for number in flat(list(numbers.values())))
    for name in ("out", "begin_out"):
        assert model.CEILING * sum(abs(weight) for weight in numbers[name]) < model.EXACT


def test_the_import_loads_no_numpy() -> None:
    told = "import sys, telelake.talk.links as l; assert 'numpy' not in sys.modules; l.link([]); assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", told], check=True)


def test_a_link_says_what_it_rests_on() -> None:
    assert {one.rule for one in link(crowd(600, 5))} == {"reply", "mention", "bot", "model", "begins"}
