"""Every error that telelake raises on purpose.

::

    TelelakeError
    ├── SettingsError          a setting is missing, unknown or impossible
    ├── NotFromTelegram        a wrong or missing secret; answered 401, nothing is stored
    ├── BodyTooLarge           over the limit; answered 413, nothing is stored
    ├── UnreadableUpdate       bytes that are not an update; they go to quarantine
    ├── UnreadableFile         a file to import is cut off, damaged or of another kind; nothing of it was imported
    ├── StoreError             a store refused
    │   ├── StoreUnavailable   the disk, the network or the service failed; may be retried
    │   ├── NotStored          there is nothing under that name
    │   └── Conflict           someone else writes or has written meanwhile; may be retried
    ├── TableMismatch          a .sql file and its declaration disagree
    ├── CheckFailed            a day did not pass its checks and was not published
    ├── TelegramError          the Bot API refused a call
    │   └── TelegramUnavailable  it was not reached, or asks to come back; may be retried
    ├── PackageError           a package for AWS could not be built
    ├── DeployError            AWS refused, or a resource of the stack failed
    ├── UnknownName            no such table, insight or bot; lists the known ones
    ├── QueryRefused           a user's SQL wrote, read files, ran too long or returned too much
    └── NotAllowed             who asks the dashboard is nobody it knows, or may not do this
        └── TooOften           asked more often than anybody may; may be retried

A message says what happened, where, and what to do. `retry` is the only thing that decides about retrying.
Bad *rows* are never exceptions: they are NULL with a note, or lie in quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class TelelakeError(Exception):
    """The base of all errors of this package."""

    retry: bool = False
    """Whether the same call may succeed later, unchanged."""


class SettingsError(TelelakeError):
    """A setting is missing, unknown or impossible; names the key and what to do."""


class NotFromTelegram(TelelakeError):
    """The secret is wrong or missing."""


class BodyTooLarge(TelelakeError):
    """The body is over the limit (Telegram's own is 512 KiB)."""


class UnreadableUpdate(TelelakeError):
    """The bytes are not a JSON object with an integer `update_id`; the message is the reason kept in quarantine."""


class UnreadableFile(TelelakeError):
    """A file to import is cut off, damaged or of another kind; says how far it could be read. Nothing of it is in the lake."""


class StoreError(TelelakeError):
    """A store refused."""


class StoreUnavailable(StoreError):
    """The disk, the network or the service failed."""

    retry = True


class NotStored(StoreError):
    """There is nothing under that name."""


class Conflict(StoreError):
    """Someone else holds the lock, or has published meanwhile."""

    retry = True


class TableMismatch(TelelakeError):
    """A .sql file and its declaration disagree."""


class CheckFailed(TelelakeError):
    """A day did not pass: says the table, the day, the check, the count and up to three example rows."""


class TelegramError(TelelakeError):
    """Telegram refused a request, or could not be asked; the message holds Telegram's own description."""

    status: int = 0
    """HTTP status of the refusal; 0 when there was no answer."""


class TelegramUnavailable(TelegramError):
    """Telegram did not answer, is out of order, or asks to wait."""

    retry = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that Telegram asks to wait; None when it names none."""


class PackageError(TelelakeError):
    """A package could not be built, or is larger than AWS takes."""


class DeployError(TelelakeError):
    """AWS refused, or a stack came to a bad end; holds AWS's own reasons."""


class UnknownName(TelelakeError):
    """There is no table, insight or bot of that name."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        super().__init__(f"There is no {what} named '{name}'.{hint} Known: {', '.join(known) or 'none'}.")


class QueryRefused(TelelakeError):
    """A query that is not a single read of the tables, or that passed its bounds."""


class NotAllowed(TelelakeError):
    """Who asks the dashboard is nobody it knows, or has a role that may not do this."""


class TooOften(NotAllowed):
    """Asked more often than anybody may."""

    retry = True

    def __init__(self, message: str, retry_after: float) -> None:
        seconds = int(retry_after) + 1
        super().__init__(f"{message} Try again in {seconds} s.")
        self.retry_after = seconds
        """Seconds to wait."""
