"""Small made lakes: rows given in Python, written as Parquet from the declarations, as a wrangle run would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from telelake.tables import catalog
from telelake.tables.derive import field_ids
from telelake.tables.model import Kind, Table

Row = Mapping[str, Any]

_FILLERS: dict[Kind, Any] = {
    Kind.LONG: 0,
    Kind.DOUBLE: 0.0,
    Kind.BOOL: False,
    Kind.TEXT: "",
    Kind.TEXTS: [],
    Kind.LONGS: [],
    Kind.TIME: "2026-01-01T00:00:00+00:00",
    Kind.DAY: "2026-01-01",
}
_ARROW = {
    Kind.LONG: pa.int64(),
    Kind.DOUBLE: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.LONGS: pa.list_(pa.int64()),
    Kind.TIME: pa.string(),
    Kind.DAY: pa.string(),
}


def write(folder: Path, tables: Mapping[str, Sequence[Row]]) -> dict[str, list[Path]]:
    """Write each table's rows below a folder, one file a day; required columns that are not given get a filler."""
    files: dict[str, list[Path]] = {}
    for name, rows in tables.items():
        table = catalog.table(name)
        for day in sorted({row["context_date"] for row in rows}):
            path = folder / name / f"context_date={day}" / "part-0.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_day(path, table, [row for row in rows if row["context_date"] == day])
            files.setdefault(name, []).append(path)
    return files


def _write_day(path: Path, table: Table, rows: Sequence[Row]) -> None:
    # Through Arrow: thousands of single INSERTs would be slow.
    columns: dict[str, list[Any]] = {column.name: [] for column in table.columns}
    for row in rows:
        assert not set(row) - set(columns), set(row) - set(columns)
        for column in table.columns:
            filler = _FILLERS[column.kind] if column.required else None
            columns[column.name].append(row.get(column.name, filler))
    given = pa.table({name: pa.array(values, _ARROW[table.column(name).kind]) for name, values in columns.items()})
    target = str(path).replace("'", "''")
    casts = ", ".join(f'CAST("{column.name}" AS {column.kind.duckdb}) AS "{column.name}"' for column in table.columns)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("given", given)
        connection.execute(
            f"COPY (SELECT {casts} FROM given) TO '{target}' (FORMAT parquet, FIELD_IDS {field_ids(table)})"
        )


class Maker:
    """Collects messages and the days that follow from them."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.messages: list[dict[str, Any]] = []
        self.people: dict[int, tuple[str | None, str | None, str | None]] = {}
        self.chats: dict[int, dict[str, Any]] = {}

    def say(self, at: str, user: int | None, chat: int, text: str | None = "oi", **more: Any) -> Maker:
        """Add a message, at a time written in UTC."""
        sent = datetime.fromisoformat(at).replace(tzinfo=UTC)
        number = len(self.messages) + 1
        self.messages.append(
            {
                "context_date": str(sent.astimezone(self.zone).date()),
                "chat_id": chat,
                "message_id": number,
                "user_id": user,
                "is_bot": False,
                "kind": "text",
                "is_service": False,
                "direction": "in",
                "sent_at": sent.isoformat(),
                "local_hour": sent.astimezone(self.zone).hour,
                "text": text,
                "length": len(text) if text is not None else None,
                "raw": f"r{number}",
                "versions": 1,
            }
            | more
        )
        return self

    def tables(self) -> dict[str, list[Row]]:
        """Return the rows of messages, user_days, chat_days and chat_hours."""
        users: dict[tuple[str, int], dict[str, Any]] = {}
        chats: dict[tuple[str, int], dict[str, Any]] = {}
        for message in self.messages:
            day, at = message["context_date"], message["sent_at"] or f"{message['context_date']}T12:00:00+00:00"
            if (user := message["user_id"]) is not None and user in self.people:
                first, last, username = self.people[user]
                row = users.setdefault((day, user), {
                    "context_date": day, "user_id": user, "first_name": first, "last_name": last, "username": username,
                    "first_seen_at": at, "messages": 0,
                })  # fmt: skip
                row["last_seen_at"] = at
                row["messages"] += 1
            chat = message["chat_id"]
            row = chats.setdefault((day, chat), {
                "context_date": day, "chat_id": chat, "first_seen_at": at, "messages": 0, **self.chats.get(chat, {}),
            })  # fmt: skip
            row["last_seen_at"] = at
            row["messages"] += 1
        days = {"user_days": list(users.values()), "chat_days": list(chats.values())}
        return {"messages": list(self.messages), **days, "chat_hours": self._hours()}

    def _hours(self) -> list[Row]:
        hours: dict[tuple[str, int, int | None], dict[str, Any]] = {}
        people: dict[tuple[str, int, int | None], set[int]] = {}
        for message in (each for each in self.messages if not each["is_service"]):
            key = (message["context_date"], message["chat_id"], message["local_hour"])
            row = hours.setdefault(key, {
                "context_date": key[0], "chat_id": key[1], "local_hour": key[2],
                "messages": 0, "people_messages": 0, "bot_messages": 0, "out_messages": 0, "people": 0,
            })  # fmt: skip
            is_bots = (message["is_bot"] and message.get("sender_chat_id") is None) or message["direction"] == "out"
            row["messages"] += 1
            row["bot_messages" if is_bots else "people_messages"] += 1
            row["out_messages"] += message["direction"] == "out"
            if not is_bots and message["user_id"] is not None and not message["is_bot"]:
                people.setdefault(key, set()).add(message["user_id"])
            row["people"] = len(people.get(key, ()))
        return list(hours.values())
