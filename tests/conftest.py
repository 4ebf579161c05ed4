"""What many tests share: a lake in a folder, filled through the core that every source ends in."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from telelake import raw
from telelake.capture.seal import line_of
from telelake.ports import Release, TableStore
from telelake.present.query import Lake, open_lake
from telelake.settings import Sql, Wrangle
from telelake.stores.iceberg import IcebergTables
from telelake.stores.objects import DirectoryStore
from telelake.tables.catalog import TABLES
from telelake.wrangle.day import Report, Wrangler
from telelake.wrangle.duckdb import DuckDBEngine
from tests.canaries import Watch
from tests.ending import Ending
from tests.moto_server import moto_server
from tests.plain_tables import PlainTables

if TYPE_CHECKING:
    from telelake.wrangle.masks.columns import Masks
    from tests.lambdas.cloud import Cloud, Wire

BOT = 7_000_000_001
NOW = datetime(2026, 3, 10, 15, 0, 0, tzinfo=UTC)


class LakeFolder:
    """A lake in a folder, with capture's sealing, the real engine and the real tables."""

    def __init__(
        self, root: Path, zone: str = "America/Sao_Paulo", *, iceberg: bool = True, masks: Masks | None = None
    ) -> None:
        self.root = root
        self.zone = ZoneInfo(zone)
        self.store = DirectoryStore(root)
        self.tables: TableStore = (
            IcebergTables(self.store, str(root), root / "state") if iceberg else PlainTables(root / "plain")
        )
        self.mask(masks)
        self._ids = itertools.count(1)

    def mask(self, masks: Masks | None) -> None:
        """Switch pseudonyms on or off."""
        self.engine = DuckDBEngine(Wrangle(), masks)
        work = self.root / "state" / "work"
        self.wrangler = Wrangler(
            self.store, self.tables, self.engine, work, 1 << 28, self.zone, rules=masks.digest if masks else "",
            pseudonyms=masks.pseudonyms if masks else None,
        )  # fmt: skip

    def record(
        self, body: bytes | dict[str, Any], at: datetime = NOW, bot: int = BOT, record_id: str | None = None
    ) -> raw.Record:
        """Return a body as it was captured."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return raw.Record(record_id or f"test-{next(self._ids):08d}", bot, "webhook", at, data)

    def call(
        self,
        method: str,
        request: dict[str, Any],
        answer: Any,
        at: datetime = NOW,
        record_id: str | None = None,
        **more: Any,
    ) -> raw.Record:
        """Return a call as it was recorded."""
        started_at = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        head = {"call": method, "started_at": started_at, "seconds": 0.125, "status": 200}
        body = json.dumps({**head, "request": request, "answer": answer, **more}).encode()
        return raw.Record(record_id or f"test-{next(self._ids):08d}", BOT, "proxy", at, body, raw.Content.CALLS)

    def seal(self, records: Iterable[raw.Record], *, marked: bool = True) -> None:
        """Put records into raw and quarantine, as one sealing would; unmarked, as one would that knows no form."""
        groups: dict[tuple[bool, raw.Content, int, date], list[raw.Line]] = defaultdict(list)
        for record in records:
            quarantined, day, line = line_of(record, self.zone)
            if not marked and not quarantined and record.content is raw.Content.UPDATES:
                line = raw.raw_line(record)
            groups[quarantined, record.content, record.bot_id, day].append(line)
        for (quarantined, content, bot, day), lines in groups.items():
            key = raw.segment_key(quarantined=quarantined, bot_id=bot, day=day, lines=lines, content=content)
            self.store.put(key, raw.pack(lines))

    def add_export(
        self,
        *messages: dict[str, Any] | bytes,
        chat: dict[str, Any] | None = None,
        account: int = 0,
        own: Sequence[int] = (BOT,),
        file: str = "result.json",
        at: datetime = NOW,
    ) -> None:
        """Put messages of an export into raw, as importing the file would; one without a date comes at `at`."""
        known = {"id": -1001000000001, "type": "supergroup", "name": "Suporte", **(chat or {})}
        days: dict[date, list[raw.Line]] = defaultdict(list)
        for number, message in enumerate(messages):
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            moment = at
            if isinstance(message, dict) and str(message.get("date_unixtime")).isdecimal():
                moment = datetime.fromtimestamp(int(message["date_unixtime"]), UTC)
            record_id = f"import-{hashlib.sha256(file.encode()).hexdigest()[:16]}-{number}"
            line = raw.raw_line(raw.Record(record_id, 0, "import", moment, body, raw.Content.EXPORTS))
            beside = f',"account":{account},"chat":{json.dumps(known)},"own":{json.dumps(list(own))},"body":'.encode()
            head, _, rest = line.data.partition(b',"body":')
            days[moment.astimezone(self.zone).date()].append(raw.Line(head + beside + rest, line.digest))
        for day, lines in days.items():
            key = raw.segment_key(quarantined=False, bot_id=0, day=day, lines=lines, content=raw.Content.EXPORTS)
            self.store.put(key, raw.pack(lines))

    def add(self, *bodies: bytes | dict[str, Any], at: datetime = NOW, bot: int = BOT) -> None:
        """Capture bodies and seal them together."""
        self.seal([self.record(body, at, bot) for body in bodies])

    def wrangle(self, wanted: Callable[[date], bool] | None = None) -> Report:
        """Build what is due, or what is wanted."""
        return self.wrangler.run(wanted)

    def release(self) -> Release:
        """Return the newest release."""
        found = self.tables.latest()
        assert found is not None
        return found

    def files(self, table: str) -> Sequence[Path]:
        """Return a table's files in the newest release."""
        return self.tables.files(self.release(), table)

    def open(self) -> Lake:
        """Open the newest release for queries."""
        return open_lake({table.name: self.files(table.name) for table in TABLES}, self.zone, Sql())

    def rows(self, sql: str, **views: str) -> list[tuple[Any, ...]]:
        """Run SQL in which each table name stands for its newest files."""
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            for table in TABLES:
                if paths := self.files(table.name):
                    con.execute(f"CREATE VIEW {table.name} AS FROM read_parquet({[str(path) for path in paths]})")
            return con.execute(sql).fetchall()

    def content(self, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of tables, as text and sorted, less what says where they came from."""
        return {
            name: sorted(self.rows(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {name}"), key=str)
            if self.files(name)
            else []
            for name in tables
        }


def pytest_configure(config: pytest.Config) -> None:
    """Have the whole run searched for secrets when it ends, and the process end as its tests did."""
    if not hasattr(
        config, "workerinput"
    ):  # of several processes (pytest-xdist), the one that has all reports and folders
        config.pluginmanager.register(Watch(config), "canaries")
    config.pluginmanager.register(Ending(), "ending")


@pytest.fixture
def lake(tmp_path: Path) -> LakeFolder:
    """A new, empty lake in America/Sao_Paulo."""
    return LakeFolder(tmp_path / "lake")


@pytest.fixture
def make_lake(tmp_path: Path) -> Callable[..., LakeFolder]:
    """A maker of further lakes."""
    numbers = itertools.count()
    return lambda **options: LakeFolder(tmp_path / f"lake-{next(numbers)}", **options)


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of a stand-in for AWS."""
    with moto_server() as address:
        yield address


@pytest.fixture
def cloud(aws: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A new queue, bucket and secret; the environment is that of the functions."""
    from tests.lambdas.cloud import Cloud

    made = Cloud(aws)
    for key, value in made.environment.items():
        monkeypatch.setenv(key, value)
    return made


@pytest.fixture
def wire(aws: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """What lies between telelake and AWS; it can be made to fail."""
    from tests.lambdas.cloud import Wire

    made = Wire(aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
    yield made
    made.close()


def message(
    update_id: int, message_id: int, text: str | None = "oi", *, kind: str = "message", **fields: Any
) -> dict[str, Any]:
    """Return an update with a message; `fields` replace or add to the message's, and None takes one out."""
    payload: dict[str, Any] = {
        "message_id": message_id,
        "from": {"id": 11, "is_bot": False, "first_name": "Ana", "username": "ana_ficticia", "language_code": "pt-br"},
        "chat": {"id": -1001000000001, "title": "Suporte", "type": "supergroup"},
        "date": int(NOW.timestamp()),
        "text": text,
        **fields,
    }
    return {"update_id": update_id, kind: {key: value for key, value in payload.items() if value is not None}}
