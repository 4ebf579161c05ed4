"""Settings in, a working lake out: the only place that knows which adapter is in use.

Everything is made when it is first asked for, and heavy packages are imported only then: a process that captures loads
neither the engine nor the tables.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from telelake.errors import NotStored, SettingsError
from telelake.operate.home import Home, open_home, read_home
from telelake.settings import Settings
from telelake.stores.objects import BucketStore, open_store

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from telelake.capture.receive import Receiver
    from telelake.capture.webhook import Webhook
    from telelake.operate.health import Status
    from telelake.present.query import Lake
    from telelake.stores.iceberg import IcebergTables
    from telelake.wrangle.day import Wrangler


class App:
    """One lake and all that is done with it."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        self.settings = settings
        self._is_made_up = is_made_up
        self._lake: tuple[int, Lake] | None = None
        self._lake_lock = threading.Lock()

    @cached_property
    def store(self) -> BucketStore:
        """The home's objects."""
        return open_store(self.settings.home, self.settings.storage)

    @cached_property
    def home(self) -> Home:
        """What the home says of itself; the lake is made when there is none."""
        is_given = "timezone" in self.settings.model_fields_set
        return open_home(self.store, self.settings.timezone, is_given=is_given, is_made_up=self._is_made_up)

    @property
    def zone(self) -> ZoneInfo:
        """The zone that decides where a day begins."""
        return self.home.zone

    @property
    def state(self) -> Path:
        """The local folder of journal, locks and cache."""
        return self.settings.state_path

    def existing(self) -> App:
        """Return itself, or refuse when there is no lake: reading must not make one.

        Raises:
            SettingsError: there is no lake in the home.
        """
        path = self.settings.home_path
        if (path is not None and not path.is_dir()) or read_home(self.store) is None:
            raise SettingsError(
                f"There is no lake at {self.settings.home}. Name another with --home, or make one: telelake demo, telelake capture."
            )
        return self

    def pages(self, bucket: str) -> BucketStore:
        """Return the objects of a bucket for pages that people open."""
        return open_store(f"s3://{bucket}", self.settings.storage)

    def receiver(self) -> Receiver:
        """Return the core that every source ends in."""
        from telelake.capture.receive import Receiver

        return Receiver(self.state, self.store, self.zone, self.settings.capture)

    def webhook(self) -> Webhook:
        """Return the public door, for the bots that have one; the others are polled beside it."""
        from telelake.capture.poll import PollBot, Poller
        from telelake.capture.webhook import Webhook, WebhookBot
        from telelake.telegram.client import BotApi

        bots = self.settings.bots
        if not bots:
            raise SettingsError(
                'No bot is set. Add to telelake.toml:\n\n[bots.support]\ntoken = { env = "SUPPORT_BOT_TOKEN" }\n'
                'secret = { env = "SUPPORT_BOT_SECRET" }'
            )
        posted = {
            name: WebhookBot(bot.bot_id(name), bot.webhook_secret(name))
            for name, bot in bots.items()
            if bot.mode == "webhook"
        }
        polled = [
            PollBot(name, bot.bot_id(name), BotApi(bot.api_token(name), bot.api))
            for name, bot in bots.items()
            if bot.mode == "poll"
        ]
        receiver = self.receiver()
        beside = [Poller(receiver, bot).run for bot in polled]
        return Webhook(receiver, posted, max_body_bytes=self.settings.capture.max_body_bytes, beside=beside)

    @cached_property
    def tables(self) -> IcebergTables:
        """The published tables."""
        from telelake.stores.iceberg import IcebergTables

        return IcebergTables(self.store, self.settings.home, self.state, self.settings.storage)

    @cached_property
    def wrangler(self) -> Wrangler:
        """What builds days."""
        from telelake.wrangle.day import Wrangler
        from telelake.wrangle.duckdb import DuckDBEngine

        wrangle = self.settings.wrangle
        return Wrangler(
            self.store,
            self.tables,
            DuckDBEngine(wrangle),
            self.state / "work",
            wrangle.batch_bytes,
            wrangle.max_day_bytes,
            wrangle.keep_days,
        )

    def lake(self) -> Lake:
        """Return the newest release, opened for reading; the same object until there is a newer one.

        Raises:
            NotStored: there is no release yet.
        """
        from telelake.present.query import open_lake
        from telelake.tables.catalog import TABLES

        release = self.tables.latest()
        if release is None:
            raise NotStored("Nothing was published yet. Run: telelake wrangle --due")
        with self._lake_lock:
            if self._lake and self._lake[0] == release.number:
                return self._lake[1]
            files = {table.name: self.tables.files(release, table.name) for table in TABLES}
            opened = open_lake(files, self.zone, self.settings.sql)
            if self._lake:
                self._lake[1].close()  # a query at work ends in peace
            self._lake = (release.number, opened)
            return opened

    def facts(self) -> dict[str, Any]:
        """Return what the dashboard says of the lake."""
        release = self.tables.latest()
        return {
            "made_up": self.home.is_made_up,
            "home": self.settings.home,
            "timezone": self.home.timezone,
            "updated_at": self.tables.published_at(release) if release else None,
        }

    def dashboard(self) -> Starlette:
        """Return the page for people."""
        from telelake.present.web.app import make_app

        return make_app(self.lake, self.facts, hosts=(self.settings.dashboard.host,))

    def close(self) -> None:
        """End what runs beside: the queries' processes."""
        with self._lake_lock:
            if self._lake:
                self._lake[1].close()
                self._lake = None

    def status(self) -> Status:
        """Return how the lake is."""
        from telelake.capture.receive import journal_folder
        from telelake.operate import health
        from telelake.wrangle.plan import due

        listing, ledger, release = self.wrangler.status()
        builds = self.tables.files(release, "builds") if release else []
        updates = self.tables.files(release, "updates") if release else []
        return health.Status(
            self.settings.home, self.home.timezone, self.home.is_made_up, health.release_number(release),
            health.last_received(updates), health.unsealed_bytes(journal_folder(self.state)),
            health.day_statuses(listing, due(listing, ledger, self.wrangler.oldest()), builds),
        )  # fmt: skip

    def wrangle_due(self, progress: Callable[[int, int], None] | None = None) -> Any:
        """Build what is due, then tidy up when there is enough to tidy; return the report."""
        report = self.wrangler.run(progress=progress)
        if report.release and report.release % 10 == 0:
            with self.tables.writing():
                self.tables.maintain()
        return report
