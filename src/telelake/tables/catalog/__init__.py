"""Every table that telelake publishes, declared once. Types, DDL, checks, docs and tests derive from here."""

from __future__ import annotations

from telelake.errors import UnknownName
from telelake.tables.catalog.days import CHAT_DAYS, CHATS, USER_DAYS, USERS
from telelake.tables.catalog.drift import DRIFT
from telelake.tables.catalog.messages import MESSAGE_ENTITIES, MESSAGE_VERSIONS, MESSAGES
from telelake.tables.catalog.records import BUILDS, CALLS, QUARANTINE, UPDATES
from telelake.tables.model import Table, View

BUILT: tuple[Table, ...] = (
    UPDATES, MESSAGE_VERSIONS, MESSAGES, MESSAGE_ENTITIES, CALLS, CHAT_DAYS, USER_DAYS, QUARANTINE, DRIFT,
)  # fmt: skip
"""Tables that a build makes from raw, in the order in which they are made."""

TABLES: tuple[Table, ...] = (*BUILT, BUILDS)
"""All tables."""

VIEWS: tuple[View, ...] = (CHATS, USERS)
"""Views over them."""


def table(name: str) -> Table:
    """Return the table of that name.

    Raises:
        UnknownName: there is none; lists those there are.
    """
    for candidate in TABLES:
        if candidate.name == name:
            return candidate
    raise UnknownName("table", name, (each.name for each in TABLES))


__all__ = [
    "BUILDS", "BUILT", "CALLS", "CHATS", "CHAT_DAYS", "DRIFT", "MESSAGES", "MESSAGE_ENTITIES", "MESSAGE_VERSIONS", "QUARANTINE", "TABLES",
    "UPDATES", "USERS", "USER_DAYS", "VIEWS", "table",
]  # fmt: skip
