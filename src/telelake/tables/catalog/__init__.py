"""Every table that telelake publishes, declared once. Types, DDL, checks, docs and tests derive from here."""

from __future__ import annotations

from telelake.errors import UnknownName
from telelake.tables.catalog.days import CHAT_DAYS, CHAT_HOURS, CHATS, USER_DAYS, USERS
from telelake.tables.catalog.drift import DRIFT
from telelake.tables.catalog.events import CALLBACKS, CHOSEN_RESULTS, INLINE_QUERIES, REACTION_COUNTS, REACTIONS
from telelake.tables.catalog.members import BOOSTS, JOIN_REQUESTS, MEMBERSHIPS
from telelake.tables.catalog.messages import MESSAGE_ENTITIES, MESSAGE_VERSIONS, MESSAGES
from telelake.tables.catalog.money import GIFTS, GIVEAWAYS, PAYMENTS
from telelake.tables.catalog.polls import CHECKLIST_TASKS, POLL_ANSWERS, POLL_OPTIONS, POLLS
from telelake.tables.catalog.records import BUILDS, CALLS, QUARANTINE, UPDATES
from telelake.tables.catalog.services import (
    BUSINESS_CONNECTIONS,
    DELETED_MESSAGES,
    SERVICE_EVENTS,
    TOPIC_EVENTS,
    TOPICS,
)
from telelake.tables.catalog.talk import CONVERSATIONS, QUESTIONS
from telelake.tables.catalog.topics import QUESTION_TOPICS
from telelake.tables.model import Table, View

BUILT: tuple[Table, ...] = (
    UPDATES, MESSAGE_VERSIONS, MESSAGES, MESSAGE_ENTITIES, CALLS, CHAT_DAYS, USER_DAYS, CHAT_HOURS,
    REACTIONS, REACTION_COUNTS, CALLBACKS, INLINE_QUERIES, CHOSEN_RESULTS, MEMBERSHIPS, JOIN_REQUESTS, BOOSTS,
    POLLS, POLL_OPTIONS, POLL_ANSWERS, CHECKLIST_TASKS, PAYMENTS, GIFTS, GIVEAWAYS, SERVICE_EVENTS, TOPIC_EVENTS,
    BUSINESS_CONNECTIONS, DELETED_MESSAGES, QUARANTINE, DRIFT,
)  # fmt: skip
"""Tables that a build makes from raw, in the order in which they are made."""

MADE: tuple[Table, ...] = (
    QUESTIONS, CONVERSATIONS,
    QUESTION_TOPICS,
)  # fmt: skip
"""Tables that are made from other tables, in Python (`ports.Maker`)."""

TABLES: tuple[Table, ...] = (*BUILT, *MADE, BUILDS)
"""All tables."""

VIEWS: tuple[View, ...] = (CHATS, USERS, TOPICS)
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
    "BOOSTS", "BUILDS", "BUILT", "BUSINESS_CONNECTIONS", "CALLBACKS", "CALLS", "CHATS", "CHAT_DAYS", "CHAT_HOURS",
    "CHECKLIST_TASKS", "CHOSEN_RESULTS", "CONVERSATIONS", "DELETED_MESSAGES", "DRIFT", "GIFTS", "GIVEAWAYS", "INLINE_QUERIES", "JOIN_REQUESTS",
    "MADE", "MEMBERSHIPS", "MESSAGES", "MESSAGE_ENTITIES", "MESSAGE_VERSIONS", "PAYMENTS", "POLLS", "POLL_ANSWERS", "POLL_OPTIONS",
    "QUARANTINE", "QUESTIONS", "QUESTION_TOPICS", "REACTIONS", "REACTION_COUNTS", "SERVICE_EVENTS", "TABLES", "TOPICS", "TOPIC_EVENTS", "UPDATES", "USERS",
    "USER_DAYS", "VIEWS", "table",
]  # fmt: skip
