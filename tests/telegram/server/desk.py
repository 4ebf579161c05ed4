"""What a bot does when it calls: its chats, the messages in them, files, and how often it may send. Lives in the loop."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.telegram.server.clock import Clock
from tests.telegram.server.log import Upload
from tests.telegram.server.methods import Asked, RefusedError, too_many
from tests.telegram.server.people import Chat, User


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that Telegram keeps, as one bot sees it."""

    file_id: str
    file_unique_id: str
    path: str
    name: str
    mime_type: str
    content: bytes = field(repr=False)

    def fields(self) -> dict[str, Any]:
        """Return what a message says of it."""
        return {"file_id": self.file_id, "file_unique_id": self.file_unique_id, "file_size": len(self.content)}


@dataclass
class Limits:
    """How often a bot may send; nothing is limited until a test says so."""

    chat_seconds: float = 0.0
    """Seconds between two messages in a chat (Telegram: about 1)."""
    group_per_minute: int | None = None
    """Messages a minute in a group (Telegram: 20)."""


class Desk:
    """One bot's."""

    def __init__(
        self, bot_id: int, clock: Clock, chance: random.Random, numbers: dict[int, int], username: str
    ) -> None:
        """Begin with nothing.

        Args:
            bot_id: whose it is.
            clock: what dates go by.
            chance: what ids are drawn with.
            numbers: the last number of each chat that numbers its messages itself; all bots share it.
            username: the bot's.
        """
        self.id = bot_id
        self.clock, self.chance = clock, chance
        self.me = {"id": bot_id, "is_bot": True, "first_name": username.title(), "username": username}
        self.began_at = clock.now()
        self.is_logged_out = False
        self.has_privacy_mode = False
        self.places: dict[int, str] = {}
        """What the bot is in each chat, as far as a test has said so."""
        self.chats: dict[int, Chat] = {}
        self.messages: dict[tuple[int, int], dict[str, Any]] = {}
        self.files: dict[str, Stored] = {}
        self.callbacks: dict[str, float] = {}
        """Until when each press can be answered."""
        self.commands: list[Any] = []
        self.limits = Limits()
        self._numbers, self._own_number = numbers, 0
        self._sent_at: dict[int, list[float]] = {}

    def knows(self, chat: Chat) -> Chat:
        """Let the bot know a chat; it can write to no other."""
        return self.chats.setdefault(chat.id, chat)

    def chat(self, asked: Asked) -> Chat:
        """Return the chat that a call names.

        Raises:
            RefusedError: the bot knows none such.
        """
        given = asked.text("chat_id")
        for chat in self.chats.values():
            if given == str(chat.id) or (chat.username and given == f"@{chat.username}"):
                return chat
        raise RefusedError(400, "Bad Request: chat not found" if given else "Bad Request: chat_id is empty")

    def next_number(self, chat: Chat) -> int:
        """Return the next message's number: the chat's own, or the account's where chats do not count."""
        if chat.numbers_its_messages:
            self._numbers[chat.id] = self._numbers.get(chat.id, 0) + 1
            return self._numbers[chat.id]
        self._own_number += 1
        return self._own_number

    def compose(self, chat: Chat, sender: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new message."""
        message = {
            "message_id": self.next_number(chat), "from": dict(sender), "chat": chat.fields(),
            "date": self.clock.date(), **content,
        }  # fmt: skip
        self.messages[chat.id, message["message_id"]] = message
        return message

    def send(self, asked: Asked, content: Mapping[str, Any]) -> dict[str, Any]:
        """Send as the bot; the message comes back whole, and never as an update.

        Raises:
            RefusedError: no such chat, or too often.
        """
        chat = self.chat(asked)
        self._check_flood(chat)
        extra: dict[str, Any] = {}
        if replied := self._replied(asked, chat):
            extra["reply_to_message"] = {key: value for key, value in replied.items() if key != "reply_to_message"}
        markup = asked.json("reply_markup")
        if isinstance(markup, dict) and "inline_keyboard" in markup:
            extra["reply_markup"] = markup
        return dict(self.compose(chat, self.me, {**extra, **content}))

    def _replied(self, asked: Asked, chat: Chat) -> dict[str, Any] | None:
        given = asked.json("reply_parameters")
        number = given.get("message_id") if isinstance(given, dict) else asked.number("reply_to_message_id")
        return self.messages.get((chat.id, number)) if isinstance(number, int) else None

    def _check_flood(self, chat: Chat) -> None:
        now = self.clock.now()
        sent = self._sent_at.setdefault(chat.id, [])
        if sent and (left := sent[-1] + self.limits.chat_seconds - now) > 0:
            raise too_many(int(left) + 1)
        most = self.limits.group_per_minute
        if most is not None and chat.type != "private" and len(sent) >= most and (left := sent[-most] + 60 - now) > 0:
            raise too_many(int(left) + 1)
        sent.append(now)

    def own_message(self, asked: Asked, act: str) -> dict[str, Any]:
        """Return the message that a call changes.

        Raises:
            RefusedError: there is none, or it is not the bot's.
        """
        chat = self.chat(asked)
        message = self.messages.get((chat.id, asked.number("message_id")))
        if message is None:
            raise RefusedError(400, f"Bad Request: message to {act} not found")
        if message["from"]["id"] != self.id and (act == "edit" or chat.type == "private"):
            raise RefusedError(400, f"Bad Request: message can't be {act}ed".replace("deleteed", "deleted"))
        return message

    def keep(self, upload: Upload, folder: str, suffix: str) -> Stored:
        """Keep a file; the same bytes are the same file, under an id that is this bot's."""
        unique = hashlib.sha256(upload.content).hexdigest()[:16]
        number = len(self.files)
        stored = Stored(
            f"BQAC{self.id}_{unique}_{number}", f"AgAD{unique}", f"{folder}/file_{number}.{suffix}", upload.name,
            upload.mime_type or "application/octet-stream", upload.content,
        )  # fmt: skip
        self.files[stored.file_id] = stored
        return stored

    def ask_callback(self, user: User, message: Mapping[str, Any], data: str) -> dict[str, Any]:
        """Return the payload of a pressed button."""
        query = str(self.chance.randrange(10**17, 10**18))
        self.callbacks[query] = self.clock.now() + 150
        return {
            "id": query, "from": user.fields(), "message": dict(message), "chat_instance": str(self.id * 7), "data": data,
        }  # fmt: skip
