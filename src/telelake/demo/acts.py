"""What can happen in a chat, each thing able to write itself as one update's payload.

Acts are planned before they happen. A message learns its number only when it is written, so acts that refer to it
hold the message itself. Writing must therefore go in order of time; `group.py` sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from telelake.demo.wire import utf16_length

if TYPE_CHECKING:
    from telelake.demo.cast import Chat, Person


class Act(Protocol):
    """Something that happens; `write` is called once, when its time has come."""

    @property
    def queue(self) -> int:
        """The chat or user in whose queue Telegram delivers it."""

    @property
    def delays(self) -> tuple[float, ...]:
        """Seconds from the act to each delivery of it; empty leaves it to chance."""

    def write(self, now: int) -> str | None:
        """Return `"kind":{…}`, or None when it cannot happen any more."""


@dataclass(slots=True, eq=False)
class Say:
    """A message, service messages included."""

    chat: Chat
    by: Person
    content: str
    """Members: text and entities, media, or a service field."""
    reply_to: Say | None = None
    extra: str = ""
    """Members before the content, such as `forward_origin`."""
    tail: str = ""
    """Members after the content, such as `reply_markup`."""
    delays: tuple[float, ...] = ()
    text: str = ""
    """The text without escapes; empty when there is none. Quotes are cut from it."""
    message_id: int = 0
    """0 until it is written."""
    date: int = 0
    thread_id: int = 0
    """In a supergroup, the first message of the chain of replies; 0 outside one."""

    @property
    def queue(self) -> int:
        return self.chat.id

    def write(self, now: int) -> str | None:
        """Take the chat's next number; in a group that has moved, write to where it has moved."""
        chat = self.chat = self.chat.moved_to or self.chat
        self.message_id, self.date = chat.next_id, now
        chat.next_id += 1
        return f'"message":{self._json("")}'

    def write_edit(self, now: int) -> str:
        """Return the message in its present state as an edit."""
        return f'"edited_message":{self._json(f""","edit_date":{now}""")}'

    def stub(self) -> str:
        """Return the message as it stands inside a reply to it: without what it replies to itself."""
        tail = f",{self.tail}" if self.tail else ""
        return f"{{{self._head()}{self._thread()},{self.content}{tail}}}"

    def _head(self) -> str:
        return f'"message_id":{self.message_id},"from":{self.by.json},"chat":{self.chat.json},"date":{self.date}'

    def _thread(self) -> str:
        return f',"message_thread_id":{self.thread_id}' if self.thread_id else ""

    def _json(self, edited: str) -> str:
        target, reply = self.reply_to, ""
        if target is not None and target.chat is self.chat and target.message_id:
            if self.chat.is_super:
                self.thread_id = target.thread_id or target.message_id
            reply = f',"reply_to_message":{target.stub()}'
        # A reply into a chat that has moved meanwhile is no reply, and then has nothing to quote.
        extra = f",{self.extra}" if self.extra and (reply or target is None) else ""
        tail = f",{self.tail}" if self.tail else ""
        return f"{{{self._head()}{edited}{self._thread()}{extra}{reply},{self.content}{tail}}}"


@dataclass(slots=True, eq=False)
class Edit:
    """A change of a message; it lands in its chat, and not at all when the chat has moved meanwhile."""

    of: Say
    content: str
    delays: tuple[float, ...] = ()
    date: int = 0
    """0 until it is written, and when it never is."""

    @property
    def queue(self) -> int:
        return self.of.chat.id

    def write(self, now: int) -> str | None:
        if not self.of.message_id or self.of.chat.moved_to:
            return None
        self.of.content, self.date = self.content, now
        return self.of.write_edit(now)


@dataclass(slots=True, eq=False)
class React:
    """A reaction, or its removal; only administrators are told, and the listener is one in supergroups."""

    to: Say
    by: Person
    old: str
    new: str
    delays: tuple[float, ...] = ()
    date: int = 0
    """0 until it is written, and when it never is."""

    @property
    def queue(self) -> int:
        return self.by.id

    def write(self, now: int) -> str | None:
        if not self.to.message_id or not self.to.chat.is_super:
            return None
        self.date = now
        return (
            f'"message_reaction":{{"chat":{self.to.chat.json},"message_id":{self.to.message_id},"user":{self.by.json},'
            f'"date":{now},"old_reaction":{self.old},"new_reaction":{self.new}}}'
        )


@dataclass(slots=True, eq=False)
class Note:
    """Any other update: its payload is known beforehand but for the time, which stands in it as `@now`."""

    queue: int
    payload: str
    delays: tuple[float, ...] = ()

    def write(self, now: int) -> str | None:
        return self.payload.replace("@now", str(now))


@dataclass(slots=True, eq=False)
class Pin:
    """A message is pinned: a service message that holds it."""

    of: Say
    say: Say

    @property
    def queue(self) -> int:
        return self.say.queue

    @property
    def delays(self) -> tuple[float, ...]:
        return self.say.delays

    def write(self, now: int) -> str | None:
        if not self.of.message_id:
            return None
        self.say.content = f'"pinned_message":{self.of.stub()}'
        return self.say.write(now)


@dataclass(slots=True, eq=False)
class Retitle:
    """The group takes another title, which every later update shows."""

    say: Say
    title: str
    """Quoted."""
    old_title: str

    @property
    def queue(self) -> int:
        return self.say.queue

    @property
    def delays(self) -> tuple[float, ...]:
        return self.say.delays

    def write(self, now: int) -> str | None:
        self.say.chat.json = self.say.chat.json.replace(self.old_title, self.title)
        return self.say.write(now)


@dataclass(slots=True, eq=False)
class Move:
    """A basic group becomes a supergroup; the other half is an ordinary message in the new one."""

    say: Say
    to: Chat

    @property
    def queue(self) -> int:
        return self.say.queue

    @property
    def delays(self) -> tuple[float, ...]:
        return self.say.delays

    def write(self, now: int) -> str | None:
        payload = self.say.write(now)
        self.say.chat.moved_to = self.to
        return payload


def quoted(text: str, start: int, end: int) -> tuple[str, int]:
    """Return a part of a text and where it begins, counted in UTF-16."""
    return text[start:end], utf16_length(text[:start])
