"""The methods that a bot calls, answered as Telegram answers them. What is about updates is in `account.py`.

A method is a function of the bot's desk and the call; its name here, in lower case, is its name there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.telegram.server.log import Upload

if TYPE_CHECKING:
    from tests.telegram.server.desk import Desk

LARGEST_DOWNLOAD = 20 << 20
_LONGEST_TEXT = 4096


class RefusedError(Exception):
    """Telegram refuses a call."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """Return the answer."""
        parameters = {} if self.retry_after is None else {"parameters": {"retry_after": self.retry_after}}
        return {"ok": False, "error_code": self.status, "description": self.description, **parameters}


def too_many(seconds: int) -> RefusedError:
    """Return the refusal of what comes too often."""
    return RefusedError(429, f"Too Many Requests: retry after {seconds}", seconds)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call's parameters."""

    fields: dict[str, str]
    uploads: Sequence[Upload]

    def text(self, name: str) -> str:
        """Return a parameter, empty when it is not given."""
        return self.fields.get(name, "")

    def number(self, name: str, otherwise: int = 0, lowest: int | None = None, highest: int | None = None) -> int:
        """Return a whole number, within bounds; `otherwise` when it is none."""
        given = self.text(name)
        value = int(given) if re.fullmatch(r"-?\d{1,18}", given) else otherwise
        value = value if lowest is None else max(value, lowest)
        return value if highest is None else min(value, highest)

    def json(self, name: str) -> Any:
        """Return a parameter that is JSON, None when it is not given.

        Raises:
            RefusedError: it is not JSON.
        """
        if not (given := self.text(name)):
            return None
        try:
            return json.loads(given)
        except ValueError:
            raise RefusedError(400, f"Bad Request: can't parse {name} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """Return the file that a parameter names by `attach://`, or is."""
        wanted = self.text(name).removeprefix("attach://") if self.text(name).startswith("attach://") else name
        return next((each for each in self.uploads if each.part == wanted), None)


Method = Callable[["Desk", Asked], Any]


def getme(desk: Desk, _: Asked) -> Any:
    return desk.me | {
        "can_join_groups": True, "can_read_all_group_messages": not desk.has_privacy_mode, "supports_inline_queries": False,
        "can_connect_to_business": False, "has_main_web_app": False,
    }  # fmt: skip


def sendmessage(desk: Desk, asked: Asked) -> Any:
    text = asked.text("text")
    if not text.strip():
        raise RefusedError(400, "Bad Request: message text is empty")
    if len(text) > _LONGEST_TEXT:
        raise RefusedError(400, "Bad Request: message is too long")
    return desk.send(asked, {"text": text, **_entities(text)})


def sendphoto(desk: Desk, asked: Asked) -> Any:
    return desk.send(asked, _photo(desk, asked, "photo", asked.text("photo")) | _caption(asked))


def senddocument(desk: Desk, asked: Asked) -> Any:
    return desk.send(asked, _document(desk, asked, "document", asked.text("document")) | _caption(asked))


def sendmediagroup(desk: Desk, asked: Asked) -> Any:
    media = asked.json("media")
    if not isinstance(media, list) or not 2 <= len(media) <= 10:
        raise RefusedError(400, "Bad Request: there must be 2-10 items in an album")
    group = str(desk.chance.randrange(10**16, 10**17))
    makers = {"photo": _photo, "document": _document}
    made: list[Any] = []
    for item in media:
        maker = makers.get(str(item.get("type")))
        if maker is None:
            raise RefusedError(400, "Bad Request: unsupported media type")
        content = maker(desk, asked, str(item.get("media", "")).removeprefix("attach://"), str(item.get("media", "")))
        caption = {"caption": item["caption"]} if item.get("caption") else {}
        made.append(desk.send(asked, {"media_group_id": group, **content, **caption}))
    return made


def editmessagetext(desk: Desk, asked: Asked) -> Any:
    message = desk.own_message(asked, "edit")
    text = asked.text("text")
    changes: dict[str, Any] = {"text": text, **_entities(text)}
    markup = asked.json("reply_markup")
    if message.get("text") == text and message.get("reply_markup") == markup:
        raise RefusedError(
            400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message",
        )  # fmt: skip
    for gone in ("entities", "reply_markup"):
        message.pop(gone, None)
    message |= {"edit_date": desk.clock.date(), **changes, **({"reply_markup": markup} if markup else {})}
    return dict(message)


def deletemessage(desk: Desk, asked: Asked) -> Any:
    message = desk.own_message(asked, "delete")
    del desk.messages[message["chat"]["id"], message["message_id"]]
    return True


def answercallbackquery(desk: Desk, asked: Asked) -> Any:
    until = desk.callbacks.get(asked.text("callback_query_id"))
    if until is None or until < desk.clock.now():
        raise RefusedError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    return True


def getfile(desk: Desk, asked: Asked) -> Any:
    stored = desk.files.get(asked.text("file_id"))
    if stored is None:
        raise RefusedError(400, "Bad Request: invalid file_id")
    if len(stored.content) > LARGEST_DOWNLOAD:
        raise RefusedError(400, "Bad Request: file is too big")
    return {**stored.fields(), "file_path": stored.path}


def getchat(desk: Desk, asked: Asked) -> Any:
    return desk.chat(asked).fields()


def getchatmember(desk: Desk, asked: Asked) -> Any:
    chat, user = asked.number("chat_id"), asked.number("user_id")
    if chat not in desk.places:
        raise RefusedError(400, "Bad Request: chat not found")
    if user != desk.me["id"]:
        raise RefusedError(400, "Bad Request: member not found")
    return {"user": desk.me, "status": desk.places[chat]}


def setmycommands(desk: Desk, asked: Asked) -> Any:
    commands = asked.json("commands")
    if not isinstance(commands, list):
        raise RefusedError(400, "Bad Request: can't parse BotCommand: expected an Array of BotCommand")
    desk.commands = commands
    return True


def getmycommands(desk: Desk, _: Asked) -> Any:
    return desk.commands


def sendchataction(desk: Desk, asked: Asked) -> Any:
    desk.chat(asked)
    return True


setmessagereaction = sendchataction


def close(desk: Desk, _: Asked) -> Any:
    left = int(desk.began_at + 600 - desk.clock.now())
    if left > 0:
        raise too_many(left)
    return True


def logout(desk: Desk, _: Asked) -> Any:
    desk.is_logged_out = True
    return True


NAMES: dict[str, str] = {
    name.lower(): name
    for name in (
        "getMe", "sendMessage", "sendPhoto", "sendDocument", "sendMediaGroup", "editMessageText", "deleteMessage",
        "answerCallbackQuery", "getFile", "getChat", "getChatMember", "setMyCommands", "getMyCommands", "sendChatAction",
        "setMessageReaction", "close", "logOut", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo",
    )
}  # fmt: skip
"""What the server calls its methods; a bot may write them in any case."""
METHODS: dict[str, Method] = {name: globals()[name] for name in NAMES if name in globals()}


def _entities(text: str) -> dict[str, Any]:
    found = [
        {"offset": len(text[: match.start()].encode("utf-16-le")) // 2, "length": len(match[0]), "type": "bot_command"}
        for match in re.finditer(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@\w+)?", text)
    ]
    return {"entities": found} if found else {}


entities_of = _entities


def _caption(asked: Asked) -> dict[str, Any]:
    return {"caption": asked.text("caption")} if asked.text("caption") else {}


def _photo(desk: Desk, asked: Asked, field: str, given: str) -> dict[str, Any]:
    upload = asked.upload(field)
    stored = desk.keep(upload, "photos", "jpg") if upload else desk.files.get(given)
    if stored is None:
        raise RefusedError(400, "Bad Request: there is no photo in the request")
    return {"photo": [{**stored.fields(), "width": 90, "height": 60}]}


def _document(desk: Desk, asked: Asked, field: str, given: str) -> dict[str, Any]:
    upload = asked.upload(field)
    stored = desk.keep(upload, "documents", "bin") if upload else desk.files.get(given)
    if stored is None:
        raise RefusedError(400, "Bad Request: there is no document in the request")
    return {"document": {"file_name": stored.name, "mime_type": stored.mime_type, **stored.fields()}}
