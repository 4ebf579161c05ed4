"""Talk as a table: who said what, when, in reply to what; made into updates, or into rows of `messages`.

Times are the lake's (America/Sao_Paulo), as `2026-03-10 09:00:00`. People are known by name: `bot`, `bot2`, `rita` (an attendant by
setting), and customers, who have the ids that are left.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.conftest import BOT

ZONE = ZoneInfo("America/Sao_Paulo")
GROUP = -1001000000001
PEOPLE = {"bot": BOT, "bot2": 777002, "rita": 501, "ana": 11, "bia": 12, "caio": 13, "davi": 14, "eva": 15}
NAMES = {number: name for name, number in PEOPLE.items()}


@dataclass(frozen=True)
class Line:
    """One line of talk."""

    at: int
    """Unix seconds."""
    who: str
    text: str
    number: int
    reply: int | None = None
    chat: str = "group"
    """`group`, or the name of the person whose private chat with the bot it is."""
    what: str = ""
    """Empty for a message; `react` with the emoji as text (empty takes it back) and `edit`, both of message `number`."""
    topic: int | None = None

    @property
    def chat_id(self) -> int:
        """Where it is said."""
        return GROUP if self.chat == "group" else PEOPLE[self.chat]

    def update(self, update_id: int, first_at: int) -> dict[str, Any]:
        """Return it as Telegram would send it; `first_at` is when the message that it is about was sent."""
        person = {"id": PEOPLE[self.who], "is_bot": self.who.startswith("bot"), "first_name": self.who.title()}
        chat = (
            {"id": GROUP, "type": "supergroup", "title": "Suporte"}
            if self.chat == "group"
            else {"id": self.chat_id, "type": "private", "first_name": self.chat.title()}
        )
        if self.what == "react":
            new = [{"type": "emoji", "emoji": self.text}] if self.text else []
            about = {"chat": chat, "message_id": self.number, "user": person, "date": self.at}
            reaction = {
                **about,
                "old_reaction": [],
                "new_reaction": new,
            }
            return {"update_id": update_id, "message_reaction": reaction}
        message: dict[str, Any] = {
            "message_id": self.number, "from": person, "chat": chat, "date": first_at, "text": self.text,
            **({"message_thread_id": self.topic, "is_topic_message": True} if self.topic else {}),
        }  # fmt: skip
        if self.what == "edit":
            return {"update_id": update_id, "edited_message": {**message, "edit_date": self.at}}
        if self.reply:
            message["reply_to_message"] = {"message_id": self.reply, "date": first_at, "chat": chat}
        return {"update_id": update_id, "message": message}

    def row(self) -> dict[str, Any]:
        """Return it as a row of `messages`."""
        moment = datetime.fromtimestamp(self.at, ZONE)
        return {
            "context_date": moment.date().isoformat(), "bot_id": BOT, "account_id": 0 if self.chat_id < 0 else BOT,
            "chat_id": self.chat_id, "message_id": self.number, "raw": f"r{self.chat_id}/{self.number}", "source": "webhook",
            "direction": "out" if self.who == "bot" else "in", "kind": "text", "is_service": False,
            "user_id": PEOPLE[self.who], "is_bot": self.who.startswith("bot"),
            "chat_type": "supergroup" if self.chat_id < 0 else "private",
            "sent_at": moment.isoformat(), "received_at": moment.isoformat(), "text": self.text,
            "sender_username": f"{self.who}_ficticia", "sender_name": self.who.title(),
            "reply_to_message_id": self.reply, "local_hour": moment.hour, "versions": 1, "is_anonymous_admin": False,
        }  # fmt: skip


def line(row: Mapping[str, str]) -> Line:
    """Return a line of a CSV: at, who, text, number; and reply, chat, what, topic where it has them."""
    moment = datetime.fromisoformat(row["at"]).replace(tzinfo=ZONE)
    number = {name: int(value) for name in ("reply", "topic") if (value := row.get(name))}
    return Line(
        int(moment.timestamp()), row["who"], row["text"], int(row["number"]), number.get("reply"),
        row.get("chat") or "group", row.get("what") or "", number.get("topic"),
    )  # fmt: skip


def read(path: Path) -> list[Line]:
    """Return the lines of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return [line(row) for row in csv.DictReader(file)]


def updates(lines: Sequence[Line]) -> list[tuple[dict[str, Any], datetime]]:
    """Return the updates of lines, each with when it is received."""
    first = {(each.chat_id, each.number): each.at for each in reversed(lines) if not each.what}
    return [
        (each.update(place, first[each.chat_id, each.number]), datetime.fromtimestamp(each.at + 1, ZONE))
        for place, each in enumerate(lines, 1)
    ]
