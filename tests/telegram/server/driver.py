"""What a test does at Telegram: people write, press, react and join; and what it then asks. For the test's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.telegram.server.account import Account
from tests.telegram.server.desk import Desk, Limits
from tests.telegram.server.log import Call, Delivery, Lost, Upload
from tests.telegram.server.methods import entities_of
from tests.telegram.server.people import Chat, User

if TYPE_CHECKING:
    from tests.telegram.server import TelegramServer

_Content = dict[str, Any] | Callable[[Desk], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of someone, and the update that brings it; None when the bot does not get it."""

    chat: Chat
    message_id: int
    update_id: int | None


class Bot:
    """One bot, seen from outside."""

    def __init__(self, server: TelegramServer, account: Account) -> None:
        self._server = server
        self._account = account
        self.token = account.token
        self.id = account.id

    # What people do

    def say(self, chat: Chat, user: User, text: str, **more: Any) -> Said:
        """Have someone write a text; `more` are further fields of the message."""
        return self._message(chat, user, {"text": text, **entities_of(text), **more})

    def show(self, chat: Chat, user: User, content: bytes, name: str, *, caption: str = "") -> Said:
        """Have someone send a file: a photo when its name ends in .jpg, else a document."""
        is_photo = name.endswith(".jpg")
        upload = Upload("file", name, "image/jpeg" if is_photo else "application/octet-stream", content)

        def fields(desk: Desk) -> dict[str, Any]:
            stored = desk.keep(upload, "photos" if is_photo else "documents", name.rpartition(".")[2])
            about: dict[str, Any] = {**stored.fields()}
            if is_photo:
                small = about | {"file_id": f"{stored.file_id}s", "width": 90, "height": 60}
                return {"photo": [small, about | {"width": 900, "height": 600}]}
            return {"document": {"file_name": name, "mime_type": stored.mime_type, **about}}

        return self._message(chat, user, fields, {"caption": caption} if caption else {})

    def edit(self, said: Said, text: str) -> int | None:
        """Have someone change what they wrote."""

        def act() -> int | None:
            message = self._account.desk.messages[said.chat.id, said.message_id]
            message |= {"edit_date": self._account.clock.date(), "text": text, **entities_of(text)}
            kind = "edited_channel_post" if said.chat.type == "channel" else "edited_message"
            return self._account.add(kind, message)

        return self._server.run(act)

    def press(self, user: User, message: dict[str, Any], data: str | None = None) -> int | None:
        """Have someone press a message's first button, or the one with this data."""
        buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
        pressed = data or buttons[0]["callback_data"]
        return self._server.run(
            lambda: self._account.add("callback_query", self._account.desk.ask_callback(user, message, pressed))
        )

    def react(self, chat: Chat, user: User, message_id: int, emoji: str) -> int | None:
        """Have someone react to a message."""
        return self.update(
            "message_reaction",
            {
                "chat": chat.fields(), "message_id": message_id, "user": user.fields(), "date": self._account.clock.date(),
                "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": emoji}],
            },
        )  # fmt: skip

    def join(self, chat: Chat, user: User) -> tuple[int | None, Said]:
        """Have someone join: the update on membership, and the service message."""
        member = {"user": user.fields()}
        joined = self.update(
            "chat_member",
            {
                "chat": chat.fields(), "from": user.fields(), "date": self._account.clock.date(),
                "old_chat_member": {**member, "status": "left"}, "new_chat_member": {**member, "status": "member"},
            },
        )  # fmt: skip
        return joined, self._message(
            chat,
            user,
            {
                "new_chat_participant": user.fields(),
                "new_chat_member": user.fields(),
                "new_chat_members": [user.fields()],
            },
        )

    def stands(self, place: str, *chats: Chat) -> None:
        """Say what the bot is in some chats: administrator, member, left…"""
        self._server.run(lambda: self._account.desk.places.update({chat.id: place for chat in chats}))

    def set_privacy(self, *, is_on: bool) -> None:
        """Switch privacy mode, as @BotFather does. It is only told: who sees what is a test's own matter."""
        self._server.run(lambda: setattr(self._account.desk, "has_privacy_mode", is_on))

    def ask_inline(self, user: User, query: str) -> int | None:
        """Have someone begin to write `@bot query`."""
        return self.update("inline_query", {"id": "1", "from": user.fields(), "query": query, "offset": ""})

    def update(
        self,
        kind: str,
        payload: Any = None,
        *,
        raw: bytes | None = None,
        queue: Hashable = None,
        expires: float | None = None,
    ) -> int | None:
        """Have any update: its payload, or its payload's bytes."""
        return self._server.run(lambda: self._account.add(kind, payload, raw=raw, queue=queue, expires=expires))

    def _message(
        self,
        chat: Chat,
        user: User,
        content: dict[str, Any] | Callable[[Desk], dict[str, Any]],
        more: dict[str, Any] | None = None,
    ) -> Said:
        def act() -> Said:
            known = self._account.desk.knows(chat)
            fields = content(self._account.desk) if callable(content) else content
            message = self._account.desk.compose(known, user.fields(), {**fields, **(more or {})})
            update_id = self._account.add("channel_post" if chat.type == "channel" else "message", message)
            return Said(chat, message["message_id"], update_id)

        return self._server.run(act)

    # What is known of it

    @property
    def calls(self) -> list[Call]:
        """Return the bot's calls so far, in the order of their answers."""
        return self._server.run(lambda: list(self._account.calls))

    def called(self, method: str) -> list[Call]:
        """Return its calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """Return every attempt to bring an update."""
        return self._server.run(lambda: list(self._account.deliveries))

    def attempts(self, update_id: int | None) -> list[Delivery]:
        """Return the attempts to bring one update."""
        return [each for each in self.deliveries if each.update_id == update_id]

    @property
    def lost(self) -> list[Lost]:
        """Return what nobody will see."""
        return self._server.run(lambda: list(self._account.lost))

    @property
    def skipped(self) -> list[str]:
        """Return the kinds of what was not even queued, because the bot does not get them."""
        return self._server.run(lambda: list(self._account.skipped))

    @property
    def made(self) -> dict[int, bytes]:
        """Return every update that was queued, in its bytes."""
        return self._server.run(lambda: dict(self._account.made))

    @property
    def pending(self) -> list[int]:
        """Return the ids that wait to be confirmed."""
        return self._server.run(lambda: list(self._account.updates.updates))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return all messages that there are, of the bot and of others."""
        return self._server.run(lambda: [dict(each) for each in self._account.desk.messages.values()])

    @property
    def allowed(self) -> frozenset[str]:
        """Return the kinds that it gets."""
        return self._server.run(lambda: self._account.allowed)

    @property
    def webhook_url(self) -> str:
        """Return its webhook's address, empty without one."""
        return self._server.run(lambda: self._account.webhook.target.url if self._account.webhook else "")

    @property
    def connections(self) -> int:
        """Return how many connections to its webhook are open."""
        return self._server.run(lambda: self._account.webhook.connections if self._account.webhook else 0)

    @property
    def limits(self) -> Limits:
        """Return its limits; a test may change them."""
        return self._account.desk.limits

    def set_webhook(self, url: str, **parameters: Any) -> None:
        """Set its webhook as a call would, from within."""
        self._server.call(self._account, "setWebhook", {"url": url, **parameters})

    def wait(self, until: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Wait until something is so, and return it."""
        ends = time.monotonic() + seconds
        while not (found := until()):
            assert time.monotonic() < ends, (
                f"not within {seconds:g} s; calls: {[each.method for each in self.calls[-20:]]}"
            )
            time.sleep(0.005)
        return found

    def wait_until_delivered(self, seconds: float = 20.0) -> None:
        """Wait until no update waits any more."""
        self.wait(lambda: not self.pending, seconds)
