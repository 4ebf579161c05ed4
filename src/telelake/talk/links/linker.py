"""From messages to links: threads apart, replies first, then the model; a stream is taken in pieces whose size changes nothing."""

from __future__ import annotations

from calendar import timegm
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from telelake.talk.links import Link, Message
from telelake.talk.links.features import HORIZON_MINUTES, tell
from telelake.talk.links.model import Ranker, chances, shipped
from telelake.talk.links.past import CONTEXT, NAMED, Said, Talk
from telelake.talk.links.words import SIGNS, read

PIECE = 4096
"""Messages taken at a time."""
_COMMAND = SIGNS.index("command")
_PROMPT_MINUTES = 1
_UNKNOWN = -(1 << 61)


def stream(messages: Iterable[Message], *, piece: int = PIECE, ranker: Ranker | None = None) -> Iterator[Link]:
    """Give each message's link, in the order given."""
    ranker = ranker or shipped()
    waiting = iter(messages)
    pasts: dict[int | None, list[Said]] = {}
    while taken := list(islice(waiting, piece)):
        threads: dict[int | None, list[Message]] = defaultdict(list)
        for message in taken:
            threads[message.thread_id].append(message)
        links: dict[int | None, Iterator[Link]] = {}
        for thread, some in threads.items():
            made, pasts[thread] = _thread(pasts.get(thread, []), some, ranker)
            links[thread] = iter(made)
        yield from (next(links[message.thread_id]) for message in taken)
        now = _minute(taken[-1])
        pasts = {thread: past for thread, past in pasts.items() if now - past[-1].minute <= HORIZON_MINUTES}


def _thread(past: list[Said], messages: Sequence[Message], ranker: Ranker) -> tuple[list[Link], list[Said]]:
    """Link messages of one thread; return also what the next ones must know. A silence longer than the horizon ends all talk."""
    links: list[Link] = []
    run: list[Message] = []
    said = list(past)
    for message in messages:
        one = _said(message, said)
        if said and one.minute - said[-1].minute > HORIZON_MINUTES:
            links += _run(said, run, ranker)
            said, run = [_said(message, [])], [message]
        else:
            said.append(one)
            run.append(message)
    links += _run(said, run, ranker)
    return links, said[-CONTEXT:]


def _run(said: list[Said], messages: Sequence[Message], ranker: Ranker) -> list[Link]:
    """Link the last of what was said: `messages` are the originals of those."""
    if not messages:
        return []
    start = len(said) - len(messages)
    links: list[Link | None] = [_told(message, said, row) for row, message in enumerate(messages, start)]
    asked = [place for place, link in enumerate(links) if link is None]
    if asked:
        scores = ranker.rank(tell(Talk.of(said), np.array(asked) + start))
        chosen = scores.argmax(1).tolist()  # of equals the first: none before any, then the nearer
        sure = chances(scores).max(1).tolist()
        for place, back, chance in zip(asked, chosen, sure, strict=True):
            links[place] = _ranked(said, start + place, back, round(chance, 3))
    return [link for link in links if link is not None]


def _told(message: Message, said: Sequence[Said], row: int) -> Link | None:
    """Return the link of a message that says itself what it answers, or of a bot that a command called; None of any other."""
    if message.reply_to is not None and message.reply_to < message.key:
        return Link(message.key, message.reply_to, 1.0, "reply")
    if message.is_bot and not said[row].named and (prompt := _prompt(said, row)) is not None:
        return Link(message.key, said[prompt].key, 1.0, "bot")
    return None


def _ranked(said: Sequence[Said], row: int, back: int, chance: float) -> Link:
    """Return the link to the message so far back that the model chose; 0 is none."""
    one = said[row]
    if back == 0:
        return Link(one.key, None, chance, "begins")
    to = said[row - back]
    return Link(one.key, to.key, chance, "mention" if to.user in one.named else "model")


def _prompt(said: Sequence[Said], row: int) -> int | None:
    """Find the command that a bot's message answers: the last one of a person, a minute ago at most."""
    for before in range(row - 1, max(-1, row - 11), -1):
        one = said[before]
        if said[row].minute - one.minute > _PROMPT_MINUTES:
            return None
        if not one.bot and (one.signs[_COMMAND] or said[row].user in one.named):
            return before if one.key < said[row].key else None
    return None


def heard(messages: Iterable[Message]) -> list[Said]:
    """Read messages of one thread, as the model does."""
    said: list[Said] = []
    for message in messages:
        said.append(_said(message, said))  # each is read with those before it
    return said


def _said(message: Message, past: Sequence[Said]) -> Said:
    signs, words = read(message.text or "")
    named = list(message.mentions)
    if message.reply_to is not None:
        for one in reversed(past[-CONTEXT:]):
            if one.key == message.reply_to:
                named.insert(0, one.user)
                break
    user = message.user_id if message.user_id is not None else _UNKNOWN + message.key
    whom = [person for person in dict.fromkeys(named) if person != user]
    return Said(message.key, user, _minute(message), message.is_bot, signs, tuple(whom[:NAMED]), words)


def _minute(message: Message) -> int:
    return timegm(message.sent_at.utctimetuple()) // 60
