"""Who may see what: accounts, roles, and the signed cookie that says who somebody is.

Without any account the dashboard is open: it listens on loopback only (`telelake.serve` sees to that), and who reaches it is
at the machine. With accounts everybody logs in, from loopback too: a reverse proxy calls from there.

A session is a signed cookie and nothing is kept here. It holds a mark of the account, so that a new password, another
role or a removed account ends its sessions at once.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telelake import settings
from telelake.errors import NotAllowed, TooOften
from telelake.present.web import passwords, telegram_login
from telelake.present.web.limits import Buckets

ROLES = ("viewer", "analyst", "admin")
"""From the one who may least: a viewer reads pages; an analyst also asks in SQL and corrects; an admin sees all."""


_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    name: str
    """Name of the account; empty where nobody logs in."""
    role: str

    def may(self, role: str) -> bool:
        """Return whether this person has at least that role."""
        return ROLES.index(self.role) >= ROLES.index(role)


OWNER = Person("", "admin")
"""Whoever is at the machine of a dashboard without accounts."""


class Access:
    """The accounts of one dashboard."""

    def __init__(
        self,
        dashboard: settings.Dashboard,
        key: bytes = b"",
        token: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = dashboard
        self._key = key or secrets.token_bytes(32)
        self._token = token
        self._clock = clock
        self._by_name = Buckets(6, 60.0, clock)
        self._by_peer = Buckets(24, 15.0, clock)
        self._trials = threading.BoundedSemaphore(2)
        self._used: dict[str, float] = {}
        self._used_lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether nobody has to log in."""
        return not self.settings.users

    @property
    def has_passwords(self) -> bool:
        """Whether anybody logs in with a password."""
        return any(user.password for user in self.settings.users.values())

    def telegram_address(self, origin: str) -> str | None:
        """Return where one logs in with Telegram, or None when nobody may."""
        if self._token is None or not any(user.telegram for user in self.settings.users.values()):
            return None
        return telegram_login.address(int(self._token.partition(":")[0]), self.settings.public_url or origin)

    def by_password(self, name: str, password: str, peer: str) -> Person:
        """Return whose name and password these are.

        Raises:
            NotAllowed: nobody's; does not say which of the two is wrong.
            TooOften: after some failures, until a while has passed.
        """
        who = f"{peer} {name}"
        if wait := max(self._by_name.wait(who), self._by_peer.wait(peer)):
            raise TooOften("Too many logins failed.", wait)
        user = self.settings.users.get(name)
        kept = user.password if user is not None else None
        if not self._trials.acquire(timeout=_WAIT_SECONDS):  # a flood of logins must not hold all threads
            raise TooOften("Many log in just now.", _WAIT_SECONDS)
        try:
            is_right = passwords.fits(password, kept or passwords.decoy())
        finally:
            self._trials.release()
        if kept is None or not is_right:
            self._by_name.take(who)
            self._by_peer.take(peer)
            raise NotAllowed("Name or password is wrong.")
        return self._person(name)

    def by_telegram(self, fields: Mapping[str, Any]) -> Person:
        """Return who Telegram says this is.

        Raises:
            NotAllowed: not signed by Telegram, too old, used before, or nobody's account.
        """
        if self._token is None:
            raise NotAllowed("Log in with Telegram is not set up here: dashboard.telegram_bot is not set.")
        now = self._clock()
        number = telegram_login.user_id(fields, self._token, now)
        with self._used_lock:
            self._used = {mark: at for mark, at in self._used.items() if now - at < 900}
            if fields["hash"] in self._used:
                raise NotAllowed("This login was used before. Start again from the login page.")
            self._used[fields["hash"]] = now
        for name, user in self.settings.users.items():
            if user.telegram == number:
                return self._person(name)
        raise NotAllowed(
            f"Your Telegram account ({number}) is not in dashboard.users. Ask who runs this lake to add it."
        )

    def session(self, person: Person) -> str:
        """Return the cookie of somebody who has just logged in."""
        ends = int(self._clock() + self.settings.session_hours * 3600)
        text = json.dumps([person.name, ends, self._mark(person.name), secrets.token_hex(8)]).encode()
        body = base64.urlsafe_b64encode(text).decode()
        return f"{body}.{self._sign(body)}"

    def person(self, cookie: str | None) -> Person | None:
        """Return whose cookie this is; None when it is nobody's any more."""
        if self.is_open:
            return OWNER
        body, _, signature = (cookie or "").partition(".")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode()):
            return None
        name, ends, mark, _ = json.loads(base64.urlsafe_b64decode(body))
        if ends < self._clock() or name not in self.settings.users or mark != self._mark(name):
            return None
        return self._person(name)

    def _person(self, name: str) -> Person:
        return Person(name, self.settings.users[name].role)

    def _mark(self, name: str) -> str:
        user = self.settings.users[name]
        told = json.dumps([name, user.role, user.password, user.telegram]).encode()
        return hmac.new(self._key, b"account:" + told, "sha256").hexdigest()[:16]

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, b"session:" + body.encode(), "sha256").hexdigest()
