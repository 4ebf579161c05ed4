"""From raw to tables: the engine, the makers, the upkeep, and who is forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from telelake.errors import SettingsError
from telelake.settings import Settings
from telelake.wiring.topics import Topics

if TYPE_CHECKING:
    from telelake.operate.forget import Forgetter
    from telelake.operate.labels import Corrected
    from telelake.operate.replay import Replayed
    from telelake.operate.upkeep import Upkept
    from telelake.ports import Engine, Maker
    from telelake.talk.labels import Label
    from telelake.wrangle.day import Report, Wrangler

_TIDY_RELEASES = 10
"""Releases after which old ones, and files that nothing needs, are dropped."""


class Building(Topics):
    """What builds days and keeps the lake small."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        super().__init__(settings, is_made_up=is_made_up)
        self._upkept: date | None = None

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
        if self.settings.talk.elsewhere:
            return ()
        if not self.settings.talk.enabled:
            from telelake.tables.catalog import MADE
            from telelake.talk.off import Off

            return tuple(map(Off, MADE))
        from telelake.talk.makers import Conversations, Questions
        from telelake.talk.parents import Parents
        from telelake.talk.rules import rules_of
        from telelake.talk.topics.maker import QuestionTopics

        hashed = self.masks.pseudonyms.of if self.masks else None
        rules = rules_of(self.settings.talk, self.zone, hashed)
        parents = Parents()  # one for both: what one has found the other need not
        return (Questions(rules, parents), Conversations(rules, parents), QuestionTopics(self.store))

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

    def correct(self, question_id: str, label: Label) -> Corrected:
        """Say something of a question that the next build, and every later one, keeps to.

        Raises:
            NotStored: nothing is published yet.
            SettingsError: there is no such message, the id has another form, or its day is frozen.
            StoreUnavailable: call again.
        """
        from telelake.operate.labels import correct

        return correct(question_id, label, self.store, self.tables.files(self._latest(), "messages"))

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


def _tell(report: Report) -> None:
    """Log what was published. Only for the schedule: commands say it themselves, and their stdout is for data."""
    if report.release:
        days = [str(day) for day in report.days]
        log = structlog.get_logger("telelake.schedule")
        log.debug("published", release=report.release, days=days, seconds=report.seconds["total"])
