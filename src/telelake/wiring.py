"""Settings in, a working lake out: the only place that knows which adapter is in use.

Everything is made when it is first asked for, and heavy packages are imported only then: a process that captures loads
neither the engine nor the tables.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog

from telelake.errors import NotStored, SettingsError, TelelakeError
from telelake.operate.home import Home, open_home, read_home
from telelake.settings import Bot, Settings
from telelake.stores.objects import BucketStore, open_store

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from telelake.capture.connection import Connections
    from telelake.capture.forward import Forwarder
    from telelake.capture.proxy.app import Proxy
    from telelake.capture.proxy.kinds import Wishes
    from telelake.capture.receive import Receiver
    from telelake.capture.webhook import Webhook
    from telelake.operate.copies.backup import Backed
    from telelake.operate.copies.settle import Settled
    from telelake.operate.doctor.findings import Diagnosis
    from telelake.operate.forget import Forgetter
    from telelake.operate.health import Status
    from telelake.operate.labels import Corrected
    from telelake.operate.metrics import Metrics
    from telelake.operate.replay import Replayed
    from telelake.operate.upkeep import Upkept
    from telelake.operate.webhooks import WebhookWatch
    from telelake.ports import Engine, Maker, Release
    from telelake.present.query import Lake
    from telelake.present.web.access import Access
    from telelake.stores.iceberg import IcebergTables
    from telelake.talk.labels import Label
    from telelake.talk.topics.fit import Embedder
    from telelake.talk.topics.shelf import Shelf
    from telelake.telegram.chat import Chat
    from telelake.wrangle.day import Report, Wrangler
    from telelake.wrangle.masks.columns import Masks

_TIDY_RELEASES = 10
"""Releases after which old ones, and files that nothing needs, are dropped."""


class App:
    """One lake and all that is done with it."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        self.settings = settings
        self._is_made_up = is_made_up
        self._receiver: Receiver | None = None
        self._lake: tuple[int, Lake] | None = None
        self._lake_lock = threading.Lock()
        self._upkept: date | None = None
        self._topics_tried: date | None = None

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

        self._receiver = Receiver(self.state, self.store, self.zone, self.settings.capture)
        return self._receiver

    @cached_property
    def connections(self) -> Connections:
        """Who is connected to the capture port, and how many may be."""
        from telelake.capture.connection import Connections, Limits, descriptors_for

        capture = self.settings.capture
        return Connections(
            Limits(capture.header_seconds, capture.body_seconds, descriptors_for(capture.open_connections))
        )

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

    def webhook(self) -> Webhook:
        """Return the public door, for the bots that have one; the others are polled beside it."""
        from telelake.capture.addresses import SourceCheck
        from telelake.capture.poll import PollBot, Poller
        from telelake.capture.webhook import Webhook, WebhookBot
        from telelake.telegram.client import BotApi

        bots = self.settings.bots
        if not bots:
            raise SettingsError(
                'No bot is set. Add to telelake.toml:\n\n[bots.support]\ntoken = { env = "SUPPORT_BOT_TOKEN" }\n'
                'secret = { env = "SUPPORT_BOT_SECRET" }'
            )
        ids = self.settings.bot_ids()
        secrets = {name: (ids[name], bot.webhook_secret(name)) for name, bot in bots.items() if bot.mode == "webhook"}
        polled = [
            PollBot(name, bot.bot_id(name), BotApi(bot.api_token(name), bot.api))
            for name, bot in bots.items()
            if bot.mode == "poll"
        ]
        capture = self.settings.capture
        source = SourceCheck(capture.trusted_proxy)
        receiver = self.receiver()
        forwards = {
            name: self._forwarder(receiver, name, bot) for name, bot in bots.items() if bot.forward_to is not None
        }
        posted = {name: WebhookBot(bot_id, secret, forwards.get(name)) for name, (bot_id, secret) in secrets.items()}
        proxy = self._proxy(receiver)
        beside = [Poller(receiver, bot).run for bot in polled] + ([proxy.run] if proxy else [])
        return Webhook(
            receiver, posted, max_body_bytes=capture.max_body_bytes, beside=beside, proxy=proxy,
            source=source if capture.source_check else None, at_stop=proxy.drain if proxy else None,
        )  # fmt: skip

    def noted(self, door: Any) -> Any:
        """Return an application whose requests are logged, when the settings ask for that; else itself."""
        if self.settings.log.level != "debug":
            return door
        from telelake.capture.requests import Requests

        return Requests(door)

    @cached_property
    def wishes(self) -> Wishes:
        """Which kinds of updates the bots behind the recording proxy asked for."""
        from telelake.capture.proxy.kinds import Wishes

        return Wishes(self.state)

    def _proxy(self, receiver: Receiver) -> Proxy | None:
        """Return the recording proxy, for the bots that have it: by their mode, or beside forwarding, for their calls."""
        capture = self.settings.capture
        proxied = {
            name: bot
            for name, bot in self.settings.bots.items()
            if bot.mode == "proxy" or (bot.mode == "webhook" and bot.forward_to and bot.has_token)
        }
        if not proxied:
            return None
        from telelake.capture.proxy.app import Proxy
        from telelake.capture.proxy.passing import ProxyBot
        from telelake.operate.webhooks import door

        def posted_to(name: str, bot: Bot) -> str | None:
            is_ours = bot.forward_to is not None and capture.public_url is not None
            return door(capture.public_url or "", name) if is_ours else None

        bots = [
            ProxyBot(
                name, bot.bot_id(name), bot.api_token(name), bot.api, is_strict=bot.recorder_failure == "strict",
                is_forwarded=bot.forward_to is not None, webhook_url=posted_to(name, bot),
                secret=bot.webhook_secret(name) if posted_to(name, bot) else "",
            )
            for name, bot in proxied.items()
        ]  # fmt: skip
        return Proxy(receiver, bots, self.wishes)

    def _forwarder(self, receiver: Receiver, name: str, bot: Bot) -> Forwarder:
        """Return what hands a bot's recorded deliveries on."""
        from telelake.capture.forward import Forwarder

        if bot.mode != "webhook":
            raise SettingsError(
                f"bots.{name} has forward_to and mode = '{bot.mode}': only what is posted can be handed on. Set mode = 'webhook'."
            )
        return Forwarder(
            receiver, bot.bot_id(name), bot.forward_to or "", seconds=bot.forward_seconds, failure=bot.forward_failure,
            token=os.environ.get(bot.token.env) if bot.token else None, wanted=lambda: self.wishes.wanted(name),
        )  # fmt: skip

    def webhooks(self, say: Callable[[str], None]) -> WebhookWatch:
        """Return what sets and looks at the bots' webhooks; says of which it cannot."""
        from telelake.operate.webhooks import Wanted, WatchedBot, WebhookWatch, door
        from telelake.telegram.client import BotApi

        capture = self.settings.capture
        watched = []
        for name, bot in self.settings.bots.items():
            if bot.mode == "proxy":
                continue
            is_posted, url = bot.mode == "webhook", None
            if is_posted and capture.public_url is not None:
                url = door(capture.public_url, name)
            try:
                api = BotApi(bot.api_token(name), bot.api) if bot.token is not None else None
                reason = f"bots.{name} has no token."
            except SettingsError as error:  # no reason not to capture
                api, reason = None, str(error)
            if api is None:
                if url is not None:
                    say(f"{reason} Set the webhook of bots.{name} yourself, to …/telegram/{name} with its secret.")
                continue
            wanted = Wanted(url, bot.webhook_secret(name), capture.max_connections) if url else None
            watched.append(WatchedBot(name, api, is_posted, wanted))
        return WebhookWatch(watched)

    @cached_property
    def tables(self) -> IcebergTables:
        """The published tables."""
        from telelake.stores.iceberg import IcebergTables

        return IcebergTables(self.store, self.settings.home, self.state, self.settings.storage, self.settings.upkeep)

    @cached_property
    def masks(self) -> Masks | None:
        """What tables hold in place of persons; None when pseudonyms are off.

        Raises:
            SettingsError: the key is missing or short, a bot's id is not known, or the packages for it are not installed.
        """
        privacy = self.settings.privacy
        key = privacy.pseudonym_key()
        if key is None:
            return None
        # Were a bot's id unknown, it would be hashed as a person's here, and be plain where the token is.
        own = self.settings.bot_ids().values()
        try:
            from telelake.wrangle.masks.columns import Masks
            from telelake.wrangle.masks.ids import Pseudonyms
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"privacy.pseudonyms needs a package that is not installed ({error.name}): pip install 'telelake[masks]'"
            ) from error
        return Masks(Pseudonyms(key, own), privacy.phone_region)

    @cached_property
    def wrangler(self) -> Wrangler:
        """What builds days."""
        from telelake.wrangle.day import Wrangler
        from telelake.wrangle.room import memory_bytes

        wrangle = self.settings.wrangle
        return Wrangler(
            self.store,
            self.tables,
            self._engine(),
            self.state / "work",
            wrangle.batch_bytes,
            self.zone,
            wrangle.most_day_bytes,
            self.settings.tables_days,
            rules=self.masks.digest if self.masks else "",
            pseudonyms=self.masks.pseudonyms if self.masks else None,
            merge_bytes=memory_bytes(wrangle.memory) // 2,
            publish_seconds=wrangle.publish_seconds,
            makers=self.makers,
        )

    @cached_property
    def makers(self) -> Sequence[Maker]:
        """What makes tables from other tables."""
        if not self.settings.talk.enabled:
            return ()
        from telelake.talk.makers import Conversations, Questions
        from telelake.talk.parents import Parents
        from telelake.talk.rules import rules_of
        from telelake.talk.topics.maker import QuestionTopics

        hashed = self.masks.pseudonyms.of if self.masks else None
        rules = rules_of(self.settings.talk, self.zone, hashed)
        parents = Parents()  # one for both: what one has found the other need not
        return (Questions(rules, parents), Conversations(rules, parents), QuestionTopics(self.store))

    def correct(self, question_id: str, label: Label) -> Corrected:
        """Say something of a question that the next build, and every later one, keeps to.

        Raises:
            NotStored: nothing is published yet.
            SettingsError: there is no such message, the id has another form, or its day is frozen.
            StoreUnavailable: call again.
        """
        from telelake.operate.labels import correct

        return correct(question_id, label, self.store, self.tables.files(self._latest(), "messages"))

    @cached_property
    def topic_models(self) -> Shelf:
        """The topic models of the home.

        Raises:
            SettingsError: the packages for it are not installed.
        """
        try:
            from telelake.talk.topics.shelf import Shelf
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"Topics need a package that is not installed ({error.name}): pip install 'telelake[topics]'"
            ) from error
        return Shelf(self.store)

    def fit_topics(self) -> bool:
        """Learn a topic model from the questions there are; return whether it is another than the one in use.

        Raises:
            SettingsError: there are too few questions, or the embedder or a package is missing.
            NotStored: nothing was published yet.
            Conflict: somebody else fitted one meanwhile.
        """
        shelf = self.topic_models
        from telelake.talk.topics.fit import fit
        from telelake.talk.topics.source import asked

        former, most = shelf.latest(), self.settings.topics.sample
        files = self.tables.files(self._latest(), "questions")
        return shelf.add(fit(asked(files, most), most, former.model if former else None, self._embedder()))

    def _embedder(self) -> Embedder | None:
        from telelake.talk.topics.embedders import LOCAL, LocalModel, Server

        topics = self.settings.topics
        if topics.embedder == "builtin":
            return None
        if topics.embedder.startswith(LOCAL):
            return LocalModel(topics.embedder)
        return Server(
            topics.embedder, topics.embedder_model, topics.embedder_key.read() if topics.embedder_key else None
        )

    def fit_topics_when_due(self) -> bool:
        """Fit the first topic model when there are enough questions, and another when it is old; return whether it did."""
        try:
            shelf = self.topic_models
        except SettingsError:
            return False  # without the packages there are no topics, and nothing is amiss
        from telelake.talk.topics.source import different

        release, settings, former = self.tables.latest(), self.settings.topics, shelf.latest()
        today = datetime.now(self.zone).date()
        if release is None or self._topics_tried == today:
            return False
        if former is None:
            is_due = different(self.tables.files(release, "questions")) >= settings.first_questions
        else:
            is_due = 0 < settings.refit_days <= (datetime.now(UTC) - former.made_at).days
        if not is_due:
            return False
        self._topics_tried = today  # once a day, also when it fails, or finds what it found before
        return self.fit_topics()

    def _engine(self) -> Engine:
        """Return what turns raw into files; Spark is loaded when it has something to build."""
        wrangle = self.settings.wrangle
        may_be_spark = wrangle.engine == "spark" or (wrangle.engine == "auto" and wrangle.spark_above_bytes is not None)
        if may_be_spark and self.masks:
            raise SettingsError(
                "Spark does not make pseudonyms, and privacy.pseudonyms is set: set wrangle.engine = 'duckdb'."
            )

        def spark() -> Engine:
            from telelake.wrangle.spark.engine import SparkEngine

            return SparkEngine(wrangle)

        if wrangle.engine == "spark":
            return spark()
        from telelake.wrangle.duckdb import DuckDBEngine

        embedded = DuckDBEngine(wrangle, self.masks)
        if not may_be_spark or wrangle.spark_above_bytes is None:
            return embedded
        from telelake.wrangle.sized import EngineBySize

        return EngineBySize(embedded, spark, wrangle.spark_above_bytes)

    def forgetter(self) -> Forgetter:
        """Return what forgets people and chats."""
        from telelake.operate.forget import Forgetter
        from telelake.stores.versions import remove_older

        settings = self.settings
        return Forgetter(
            self.store, self.tables, self.wrangler, self.state, self.zone,
            remove_older=lambda: remove_older(settings.home, settings.storage),
        )  # fmt: skip

    def begun_forgettings(self) -> int:
        """Return how many forgettings were begun and did not come to their end."""
        from telelake.operate.proof import INTENTS

        return sum(each.key.endswith("/intent.json") for each in self.store.list(INTENTS))

    def lake(self) -> Lake:
        """Return the newest release, opened for reading; the same object until there is a newer one.

        Raises:
            NotStored: there is no release yet.
        """
        from telelake.present.query import open_lake

        release = self._latest()
        with self._lake_lock:
            if self._lake and self._lake[0] == release.number:
                return self._lake[1]
            opened = open_lake(self._files(release), self.zone, self.settings.sql)
            if self._lake:
                self._lake[1].close()  # a query at work ends in peace
            self._lake = (release.number, opened)
            return opened

    def published(self) -> tuple[int, dict[str, Sequence[Path]]]:
        """Return the newest release's number, and the local files of each of its tables.

        Raises:
            NotStored: there is no release yet.
        """
        release = self._latest()
        return release.number, self._files(release)

    def _latest(self) -> Release:
        release = self.tables.latest()
        if release is None:
            raise NotStored("Nothing was published yet. Run: telelake wrangle --due")
        return release

    def _files(self, release: Release) -> dict[str, Sequence[Path]]:
        from telelake.tables.catalog import TABLES

        return {table.name: self.tables.files(release, table.name) for table in TABLES}

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
        with self._lake_lock:
            if self._lake:
                self._lake[1].close()
                self._lake = None

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

    def doctor(self, *, deep: bool = False, asks_telegram: bool = True) -> Diagnosis:
        """Look at everything that can be wrong; `deep` reads every file of raw and tables, not a sample.

        Makes no lake and changes none. What a look finds is never raised.
        """
        from telelake.operate.doctor.visit import Visit

        return Visit(self.settings, lambda: self.store, self._doctors_tables, self._doctors_state).diagnosis(
            deep=deep, asks_telegram=asks_telegram
        )

    def backup(self, target: BucketStore, *, keep: int | None = None) -> Backed:
        """Bring the lake into a folder or bucket of backups, and let all but the newest `keep` go.

        Raises:
            SettingsError: the backups there are another lake's.
            StoreError: see `operate.copies.backup.backup`.
        """
        from telelake.capture.receive import journal_folder
        from telelake.operate.copies import backup, parcel

        with tempfile.TemporaryDirectory(prefix="telelake-backup-") as scratch:
            done = backup.backup(
                self.settings.home, self.store, lambda: parcel.plan(self.store, self.tables),
                lambda: parcel.journal(journal_folder(self.state), self.zone), target, Path(scratch),
            )  # fmt: skip
        if keep is not None:
            done.removed = backup.prune(target, keep)
        return done

    def restore(self, source: BucketStore, number: int | None = None) -> Settled:
        """Make this home's lake of a backup.

        Raises:
            SettingsError: there is a lake already, or no such backup.
            StoreError: an object of the backup is damaged.
        """
        from telelake.operate.copies import backup
        from telelake.operate.copies.settle import settle

        made = backup.chosen(source, number)
        return settle(
            made.parcel, lambda key: backup.fetch(source, made, key), self.settings.home, self.store, self.tables
        )

    def migrate(self, target: App) -> Settled:
        """Make another home's lake of this one, which stays as it is; nobody may capture or wrangle here meanwhile.

        Raises:
            Conflict: somebody captures or wrangles.
            SettingsError: there is a lake already.
            StoreError: an object is damaged, or could not be written.
        """
        from telelake.capture.receive import journal_folder, seal_now
        from telelake.operate.copies import parcel
        from telelake.operate.copies.settle import settle

        with self.tables.writing():
            if journal_folder(self.state).is_dir():
                seal_now(self.state, self.store, self.zone)
            carried = parcel.plan(self.store, self.tables)
            return settle(carried, self.store.get, target.settings.home, target.store, target.tables)

    def _doctors_tables(self) -> IcebergTables:
        return self.tables

    def _doctors_state(self) -> tuple[Status, int]:
        return self.status(), self.begun_forgettings()

    def wrangle_due(self, progress: Callable[[int, int], None] | None = None) -> Report:
        """Build what is due, then tidy up when there is enough to tidy; return the report."""
        report = self.wrangler.run(progress=progress)
        if report.release and report.release // _TIDY_RELEASES > (report.release - report.releases) // _TIDY_RELEASES:
            with self.tables.writing():
                self.tables.maintain()
        return report

    def nightly(self) -> None:
        """Build what is due; once after each midnight, and once after a start, do the upkeep too."""
        try:
            _tell(self.wrangle_due())
            if self.fit_topics_when_due():
                _tell(self.wrangle_due())
        finally:  # a day that cannot be built is no reason to let the lake grow
            now = datetime.now(self.zone) - timedelta(seconds=self.settings.schedule.after_midnight_seconds)
            if self._upkept != now.date():
                self.maintain()
                self._upkept = now.date()

    def turn(self) -> None:
        """One turn of the schedule: build what is due, then tell people, also of a lake that cannot be built."""
        try:
            self.nightly()
        finally:
            self.notify()

    @cached_property
    def notifier(self) -> Chat | None:
        """The chat that is told of digest and alerts; None when it is not set.

        Raises:
            SettingsError: only one of bot and chat is set, or there is no such bot, or it has no token.
        """
        from telelake.telegram.chat import Chat
        from telelake.telegram.client import BotApi

        wanted = self.settings.notify
        if wanted.bot is None and wanted.chat is None:
            return None
        if wanted.bot is None or wanted.chat is None:
            raise SettingsError(
                "notify needs both `bot`, the name of the bot that writes, and `chat`, the id of a chat."
            )
        if wanted.bot not in self.settings.bots:
            known = ", ".join(sorted(self.settings.bots)) or "none"
            raise SettingsError(f"notify.bot = '{wanted.bot}' is none of the bots ({known}). Add [bots.{wanted.bot}].")
        bot = self.settings.bots[wanted.bot]
        return Chat(BotApi(bot.api_token(wanted.bot), bot.api), wanted.chat, wanted.thread)

    def notify(self) -> None:
        """Tell the chat what there is to tell. That it cannot be told is logged, and tried again at the next turn."""
        from telelake.operate import health
        from telelake.operate.notify import Facts, Notices

        try:
            if self.notifier is None or (release := self.tables.latest()) is None:
                return
            last = health.last_received(self.tables.files(release, "updates"))
            unread = sum(health.quarantined(self.tables.files(release, "quarantine")).values())
            notices = Notices(self.notifier, self.settings.notify, self.zone, self.state)
            notices.tell(self.lake(), Facts(self.home.is_made_up, last, unread), datetime.now(UTC))
        except TelelakeError as error:
            structlog.get_logger("telelake.notify").error("could not tell", error=str(error), retry=error.retry)

    def maintain(self) -> Upkept:
        """Let raw go that is too old to keep, compact the rest, and drop what nothing needs; return what was done."""
        from telelake.operate.retention import expire_raw
        from telelake.operate.upkeep import maintain

        with self.tables.writing():
            expire_raw(self.store, self.tables, self.wrangler, self.settings.retention.raw_days)
        return maintain(self.store, self.tables, self.zone, self.state / "upkeep", self.settings.upkeep.segment_bytes)

    def compact(self) -> int:
        """Join raw of closed days, and nothing else; return how many segments became fewer."""
        from telelake.operate.upkeep import join

        settings = self.settings.upkeep
        return join(self.store, self.tables, self.zone, self.state / "upkeep", settings.segment_bytes).before

    def replay(self, wanted: Callable[[date], bool] | None = None) -> Replayed:
        """Try the quarantine again; return what came of it."""
        from telelake.operate.replay import replay

        scratch = self.state / "replay"
        try:
            with self.tables.writing():
                return replay(self.store, self.zone, scratch, self.tables.confirm, wanted)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _tell(report: Report) -> None:
    """Log what was published. Only for the schedule: commands say it themselves, and their stdout is for data."""
    if report.release:
        days = [str(day) for day in report.days]
        log = structlog.get_logger("telelake.schedule")
        log.debug("published", release=report.release, days=days, seconds=report.seconds["total"])
