"""Forget a person or a chat: everywhere, provably, and so that a crash at any step is made good by running it again.

The order, and why: the intent is written first, so that nothing half-done is forgotten itself; the journal is sealed, and no
capture may start meanwhile; every name is gathered before anything goes, and written down (the plan), because a second run
would not find it; the tombstone comes before the first segment is rewritten, so nothing can come in behind; then raw, tables,
the tables' past, local copies; then the proof, and only when it is clean are intent and plan removed.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from telelake.capture.counters import Counters
from telelake.capture.frames import Report as Frames
from telelake.capture.frames import read
from telelake.capture.journal import Journal
from telelake.capture.receive import journal_folder
from telelake.capture.seal import seal_all
from telelake.erase.segments import Counts, Rewritten, lines_of, rewritten
from telelake.erase.tombstones import open_tombstones
from telelake.erase.who import Who
from telelake.errors import CheckFailed, Conflict, NotStored, SettingsError, StoreUnavailable
from telelake.operate import made, rows
from telelake.operate.proof import INTENTS, in_bytes, search
from telelake.operate.seen import gather, segments
from telelake.ports import RawStore, TableStore
from telelake.raw import RAW, Segment
from telelake.tables.catalog import BUILDS, BUILT, MADE
from telelake.talk.topics.maker import shelf_of
from telelake.wrangle import frozen, rewrite
from telelake.wrangle import ledger as ledgers
from telelake.wrangle.day import Wrangler
from telelake.wrangle.plan import list_raw

_SHOWN = 20


@dataclass
class Report:
    """What was done; of a dry run, what would be."""

    dry_run: bool
    ids: list[int] = field(default_factory=list)
    usernames: int = 0
    names: int = 0
    erased: dict[str, int] = field(default_factory=dict)
    """Records that were theirs, by zone: stubs now."""
    redacted: dict[str, int] = field(default_factory=dict)
    """Records of others in which they were, by zone."""
    segments: int = 0
    """Files of raw and quarantine that were written anew."""
    journal: int = 0
    """Records that waited in the journal and were sealed first."""
    days: list[str] = field(default_factory=list)
    """Days that were built anew."""
    files: int = 0
    """Old files of tables, manifests, metadata and releases that were removed."""
    reports: list[str] = field(default_factory=list)
    """Reports and answers with them in it that were removed."""
    waiting: int = 0
    """Bodies in a bucket's inbox that are not sealed yet; they are cleaned when they are."""
    versions: int = 0
    """Older versions of a bucket's objects that were removed."""
    versions_left: str | None = None
    """Why older versions may be left in a bucket; None when there are none."""
    is_proven: bool = False
    """Whether the search at the end found nothing."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        return asdict(self)

    def count(self, segment: Segment, counts: Counts) -> None:
        """Count what is taken out of a segment."""
        zone = "quarantine" if segment.quarantined else str(segment.content)
        for kind, number in ((self.erased, counts.erased), (self.redacted, counts.redacted)):
            if number:
                kind[zone] = kind.get(zone, 0) + number


@dataclass(frozen=True)
class Forgetter:
    """Everything that a forgetting needs; see the module."""

    store: RawStore
    tables: TableStore
    wrangler: Wrangler
    state: Path
    zone: ZoneInfo
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    remove_older: Callable[[], int] = lambda: 0
    """Removes what a bucket keeps of removed and replaced objects, and returns how many versions that were."""

    def forget(self, *, user: int | None = None, chat: int | None = None, dry_run: bool = False) -> Report:
        """Forget one person or one chat, and whoever an earlier run began to forget.

        Raises:
            Conflict: capture, an import or a wrangler is at work.
            CheckFailed: something is left, or a day cannot be built; what was to be forgotten is noted, run it again.
            SettingsError: it is a bot of this lake, or no id of a person or a chat; or rows hold pseudonyms of another key.
            StoreUnavailable: run it again.
        """
        ids = self._checked(user, chat)
        listing, ledger, _ = self.wrangler.status()
        self.wrangler.check_key(listing, ledger)
        report = Report(dry_run)
        with self._alone(dry_run=dry_run) as journal:
            if dry_run:
                with self.tables.writing():
                    who = self._gathered(Who(ids), is_person=user is not None)
                    self._tell(who, report)
                    self._rehearse(who, report)
                report.journal = sum(who.is_in(each.body) for path in journal.closed() for each in read(path, Frames()))
                return report
            self._intend(ids, is_person=user is not None)
            for folder in self._intents():
                self._fulfil(folder, journal, report)
        return report

    def _fulfil(self, folder: str, journal: Journal, report: Report) -> None:
        intent = json.loads(self.store.get(f"{folder}intent.json"))
        is_person = bool(intent["is_person"])
        with self.tables.writing():
            rewrite.recover(self.store, self.tables.confirm)
            self.wrangler.settle()
            counters = Counters()
            seal_all(journal, self.store, self.zone, counters)
            report.journal += counters.sealed_records
            who, days = self._planned(folder, Who(frozenset(intent["ids"])))
            who = self._gathered(who, is_person=is_person)
            touched = dict(self._touched(who))
            days |= {segment.day for segment in touched}
            self._plan(folder, who, days)
            self._tell(who, report)
            is_clean = not days and not self._left(who)
            if not is_clean or not open_tombstones(self.store).has(who.ids):
                self.store.put(*open_tombstones(self.store).made(who, self.clock().timestamp()))
            for segment in touched:
                self._replace(segment, who, report)
        if not is_clean:
            self._rebuild(days, report)
            self._forget_topics(who, report)
            with self.tables.writing():
                self._edit(who, report)
                report.files += self.tables.purge()
                self._drop_local()
        self._drop_made(who, report)
        report.waiting = sum(1 for _ in self.store.list("inbox/"))
        if left := self._left(who):
            shown = "\n".join(left[:_SHOWN])
            raise CheckFailed(
                f"{len(left)} places still hold what is to be forgotten. It is noted; run telelake forget again, without "
                f"anything else at work.\n{shown}"
            )
        report.is_proven = True
        for each in [each.key for each in self.store.list(folder)]:
            self.store.delete([each])
        try:
            report.versions += self.remove_older()  # at the very end: the plan, which has all names, is one of them
        except StoreUnavailable as error:
            report.versions_left = str(error)

    # What is in the way.

    def _checked(self, user: int | None, chat: int | None) -> frozenset[int]:
        if (user is None) == (chat is None):
            raise SettingsError("Say whom to forget: --user ID or --chat ID, one of them.")
        if user is not None and user <= 0:
            raise SettingsError(f"--user {user} is no person's id: those are positive. Chats are named with --chat.")
        if chat is not None and chat >= 0:
            raise SettingsError(
                f"--chat {chat} is no group's or channel's id: those are negative. A private chat is the person's: --user {chat}."
            )
        if any(True for _ in self.store.list(f"{RAW}bot={user}/")):
            raise SettingsError(
                f"{user} is a bot of this lake: all that it received lies under its id, in {RAW}bot={user}/. Remove the lake if "
                "that is meant."
            )
        return frozenset({user if user is not None else chat or 0})

    @contextmanager
    def _alone(self, *, dry_run: bool) -> Iterator[Journal]:
        """Keep capture and imports away, as far as this machine goes, and yield the journal."""
        for lock in (self.state / "import").glob("*/lock"):
            with lock.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise Conflict(
                        "An import is at work in this lake. Wait for it, then run telelake forget again."
                    ) from None
        try:
            journal = Journal(journal_folder(self.state), seal_bytes=1)
        except Conflict as error:
            raise Conflict(
                f"Capture is running ({error}) and holds records that are not sealed yet. Stop it, run telelake forget, and "
                "start it again: Telegram keeps what comes meanwhile for a day, and brings it then."
            ) from error
        try:
            if not dry_run:
                for folder in (self.state / "import").glob("*"):
                    shutil.rmtree(folder, ignore_errors=True)
            yield journal
        finally:
            journal.close()

    # What is noted.

    def _intend(self, ids: frozenset[int], *, is_person: bool) -> None:
        for folder in self._intents():
            if json.loads(self.store.get(f"{folder}intent.json"))["ids"] == sorted(ids):
                return
        intent = {"v": 1, "ids": sorted(ids), "is_person": is_person, "since": self.clock().isoformat()}
        self.store.put(f"{INTENTS}{secrets.token_hex(8)}/intent.json", json.dumps(intent).encode())

    def _intents(self) -> list[str]:
        found = [each.key for each in self.store.list(INTENTS) if each.key.endswith("/intent.json")]
        return [key.removesuffix("intent.json") for key in found]

    def _planned(self, folder: str, who: Who) -> tuple[Who, set[date]]:
        """Return whom earlier runs found, and the days that they were to build."""
        days: set[date] = set()
        for stored in list(self.store.list(folder)):
            if stored.key.rpartition("/")[2].startswith("plan-"):
                plan = json.loads(self.store.get(stored.key))
                who = who.with_names(plan["ids"], plan["usernames"], (" ".join(each) for each in plan["names"]))
                days |= {date.fromisoformat(each) for each in plan["days"]}
        return who, days

    def _plan(self, folder: str, who: Who, days: set[date]) -> None:
        plan = {
            "ids": sorted(who.ids), "usernames": sorted(who.usernames), "names": sorted(who.names),
            "days": sorted(each.isoformat() for each in days),
        }  # fmt: skip
        self.store.put(f"{folder}plan-{secrets.token_hex(8)}.json", json.dumps(plan).encode())

    # What is found.

    def _gathered(self, who: Who, *, is_person: bool) -> Who:
        release = self.tables.latest()
        tables = {name: self.tables.files(release, name) for name in ("user_days", "chat_days")} if release else {}
        return gather(who, self.store, tables, is_person=is_person)

    def _touched(self, who: Who) -> Iterator[tuple[Segment, Counts]]:
        for segment in list(segments(self.store)):
            if done := self._without(segment, who):
                yield segment, done.counts

    def _without(self, segment: Segment, who: Who) -> Rewritten | None:
        lines = lines_of(segment.key, self.store.get(segment.key))
        return rewritten(segment, lines, [(who, None)], apart=True)

    def _tell(self, who: Who, report: Report) -> None:
        report.ids = sorted({*report.ids, *who.ids})
        report.usernames += len(who.usernames)
        report.names += len(who.names)

    def _rehearse(self, who: Who, report: Report) -> None:
        for segment, counts in self._touched(who):
            report.count(segment, counts)
            report.segments += 1
            report.days = sorted({*report.days, segment.day.isoformat()})
        report.reports = [str(path) for path in self._made_with(who)]

    def _left(self, who: Who) -> list[str]:
        folders = [] if self._is_inside() else [self.state]
        return [
            each.where
            for each in search(self._in_rows(who), self.store, *folders)
            if not each.where.startswith("inbox/")
        ]

    # What is done.

    def _replace(self, segment: Segment, who: Who, report: Report) -> None:
        """Put what is left of a segment in its place, all at once."""
        try:
            done = self._without(segment, who)
        except NotStored:
            return
        if done is None:
            return
        if segment.key in frozen.read(self.store).days.get(segment.day, ()):
            frozen.also(self.store, segment.day, done.new)
        rewrite.replace(self.store, [segment.key], done.new, self.tables.confirm)
        report.count(segment, done.counts)
        report.segments += 1

    def _rebuild(self, days: set[date], report: Report) -> None:
        """Build the days anew, and those after them, which look back for repeats."""
        wanted = {*days, *(each + timedelta(days=1) for each in days)}
        if wanted:
            done = self.wrangler.run(wanted.__contains__, anew=True)
            report.days = sorted({*report.days, *(each.isoformat() for each in done.days)})

    def _forget_topics(self, who: Who, report: Report) -> None:
        """Take somebody out of the names of topics, and of all rows that bear them."""
        shelf = shelf_of(self.store)
        if shelf and shelf.forget(lambda name: bool(who.spans(name))):
            done = self.wrangler.run()
            report.days = sorted({*report.days, *(each.isoformat() for each in done.days)})

    def _edit(self, who: Who, report: Report) -> None:
        """Edit rows that cannot be built anew: those of frozen days, and of days that have no raw at all."""
        release = self.tables.latest()
        if release is None:
            return
        listing = list_raw(self.store)
        built = ledgers.read(self.tables.files(release, BUILDS.name))
        days = {day for day, _ in built if day not in listing.days or day in listing.frozen.days}
        with TemporaryDirectory(dir=self.state) as folder:
            known = [*BUILT, *MADE, *(maker.table for maker in self.wrangler.makers if maker.table not in MADE)]
            if changed := rows.without(self._in_rows(who), known, self.tables, release, days, Path(folder)):
                self.tables.publish(changed)
                edited = {each.day.isoformat() for files in changed.values() for each in files}
                report.days = sorted({*report.days, *edited})

    def _in_rows(self, who: Who) -> Who:
        """Return somebody with what stands for their ids in the rows."""
        hashed = self.wrangler.pseudonyms
        return who.with_names((hashed.of(each) for each in who.ids), (), ()) if hashed else who

    def _drop_local(self) -> None:
        """Remove what lies on this machine of what was: copies of a bucket's files, scratch, parts that a kill left."""
        for name in ("cache", "work"):
            shutil.rmtree(self.state / name, ignore_errors=True)
        root = getattr(self.store, "root", None)
        if root is not None:
            for part in (root / ".tmp").glob("*"):
                part.unlink(missing_ok=True)

    def _drop_made(self, who: Who, report: Report) -> None:
        gone = list(self._made_with(who))
        for path in gone:
            path.unlink(missing_ok=True)
        if gone:
            made.drop(self.state, gone)
        report.reports += [str(each) for each in gone]

    def _made_with(self, who: Who) -> Sequence[Path]:
        with TemporaryDirectory() as folder:
            return [
                path
                for path in made.made(self.state)
                if path.is_file() and any(True for _ in in_bytes(who, path.name, path.read_bytes(), Path(folder)))
            ]

    def _is_inside(self) -> bool:
        root = getattr(self.store, "root", None)
        return root is not None and self.state.resolve().is_relative_to(root.resolve())
