"""From tables to people: the queries, the dashboard, the state and the figures of the lake."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telelake.errors import SettingsError
from telelake.settings import Settings
from telelake.wiring.building import Building

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from telelake.operate.health import Status
    from telelake.operate.metrics import Metrics
    from telelake.present.query import Lake
    from telelake.present.quick import Copies
    from telelake.present.web.access import Access


class Reading(Building):
    """What answers."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        super().__init__(settings, is_made_up=is_made_up)
        self._lake: tuple[tuple[int, Path | None], Lake] | None = None
        self._copies: Copies | None = None
        self._lake_lock = threading.Lock()

    def lake(self) -> Lake:
        """Return the newest release, opened for reading; the same object until there is a newer one.

        Raises:
            NotStored: there is no release yet.
        """
        from telelake.present.query import open_lake

        release = self._latest()
        with self._lake_lock:
            copy = self._copies.of(release.number, lambda: self._files(release)) if self._copies else None
            if self._lake and self._lake[0] == (release.number, copy):
                return self._lake[1]
            opened = open_lake(self._files(release), self.zone, self.settings.sql, copy)
            if self._lake:
                self._lake[1].close()  # a query at work ends in peace
            self._lake = ((release.number, copy), opened)
            return opened

    def metrics(self, *, with_lake: bool) -> Metrics:
        """Return the figures of what this process does: capture's when it captures, the lake's when asked for."""
        from telelake.operate.metrics import Metrics, Published, Recent, Sources

        def read() -> Published | None:
            from telelake.operate import drift, health

            release = self.tables.latest()
            if release is None:
                return None
            published_at = self.tables.published_at(release)
            rows, duplicates, quarantined = health.book_totals(self.tables.files(release, "builds"))
            at = published_at.timestamp() if published_at else 0.0
            unknown = drift.counted(drift.seen(self.tables.files(release, "drift")))
            return Published(release.number, at, duplicates, quarantined, rows, unknown)

        receiver = self._receiver
        return Metrics(
            Sources(
                capture=receiver.snapshot if receiver else lambda: None,
                lake=Recent(read) if with_lake else lambda: None,
                connections=self.connections if receiver else None,
                bots={bot.bot_id(name): name for name, bot in self.settings.bots.items()} if receiver else {},
            )
        )

    def facts(self) -> dict[str, Any]:
        """Return what the dashboard says of the lake."""
        release = self.tables.latest()
        return {
            "made_up": self.home.is_made_up,
            "home": self.settings.home,
            "timezone": self.home.timezone,
            "updated_at": self.tables.published_at(release) if release else None,
        }

    def status(self) -> Status:
        """Return how the lake is."""
        from telelake.capture.receive import journal_folder
        from telelake.operate import drift, health

        listing, ledger, release = self.wrangler.status()
        builds = self.tables.files(release, "builds") if release else []
        received = health.last_received(self.tables.files(release, "updates") if release else [])
        journal, due = journal_folder(self.state), self.wrangler.why_due(listing, ledger)
        published_at = self.tables.published_at(release) if release else None
        waiting = health.waiting(self.store, listing, due, journal)
        return health.Status(
            self.settings.home, self.home.timezone, self.home.is_made_up, health.release_number(release),
            received, health.unsealed_bytes(journal),
            health.day_statuses(listing, due, builds, self.wrangler.oldest()),
            health.quarantined(self.tables.files(release, "quarantine") if release else []),
            drift.seen(self.tables.files(release, "drift") if release else []),
            health.freshness(received, waiting, published_at, datetime.now(UTC)),
        )  # fmt: skip

    def dashboard(self) -> Starlette:
        """Return the page for people."""
        from telelake.present.quick import Copies
        from telelake.present.web.app import make_app

        if self.settings.dashboard.copy_release:
            self._copies = Copies(
                self.state / "cache" / "quick", self.home.timezone, self.settings.sql.memory, self.lake
            )
        return make_app(
            self.lake, self.facts, hosts=(self.settings.dashboard.host,), metrics=self.metrics(with_lake=True).text,
            correct=self._said, access=self.access(),
        )  # fmt: skip

    def _said(self, question_id: str, said: Mapping[str, Any]) -> None:
        """Take down what somebody said of a question in the dashboard; the next build keeps to it."""
        from telelake.talk.labels import Label

        self.correct(question_id, Label(**said))

    def access(self) -> Access:
        """Return who may open the dashboard.

        Raises:
            SettingsError: it would be open to others without a login, or what a login needs is missing.
        """
        from telelake.operate.keys import kept_key
        from telelake.present.web.access import Access

        dashboard = self.settings.dashboard
        dashboard.check()
        if not dashboard.users:
            return Access(dashboard)
        token = None
        if (name := dashboard.telegram_bot) is not None:
            if name not in self.settings.bots:
                raise SettingsError(
                    f"dashboard.telegram_bot = '{name}' is not in [bots]. Known: {', '.join(self.settings.bots)}."
                )
            token = self.settings.bots[name].api_token(name)
        return Access(dashboard, kept_key(self.state / "dashboard.key"), token)

    def close(self) -> None:
        """End what runs beside: the queries' processes."""
        if self._copies:
            self._copies.close()
        with self._lake_lock:
            if self._lake:
                self._lake[1].close()
                self._lake = None
