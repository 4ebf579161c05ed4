"""Published tables: days that are swapped whole, releases that pin them, and what keeps them from growing for ever."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.table import StaticTable

from telelake.errors import Conflict, SettingsError, StoreError, StoreUnavailable, TableMismatch
from telelake.ports import DayFile, Release
from telelake.settings import Storage, Upkeep
from telelake.stores import iceberg as module
from telelake.stores.commits import iceberg_schema
from telelake.stores.iceberg import IcebergTables
from telelake.stores.objects import BucketStore, open_store
from telelake.stores.pen import KEY, LEASE, LeasePen
from telelake.stores.upkeep import KEPT_RELEASES, maintain
from telelake.tables import catalog, derive
from telelake.tables.model import Column, Kind, Table

DAY = date(2026, 3, 10)
NEXT = date(2026, 3, 11)
PEOPLE, CHATS = catalog.table("user_days"), catalog.table("chat_days")
NONE = timedelta(0)

Days = Mapping[date, Sequence[int]]


class Shelf:
    """Tables in a home, and the engine's part of a publication."""

    def __init__(self, home: str, work: Path, storage: Storage | None = None) -> None:
        self.store: BucketStore = open_store(home, storage)
        self.base = home
        self.work = work
        self.tables = IcebergTables(self.store, home, work / "state", storage)

    def day(self, table: Table, day: date, *ids: int, **more: Any) -> DayFile:
        """Write a day of a table with a row for each id, as the engine would; without ids it has no rows."""
        if not ids:
            return DayFile(day, None, 0, "empty")
        path = self.work / f"{table.name}-{day}-{hash(ids) & 0xFFFF}.parquet"
        fill = {Kind.TIME: "now()", Kind.TEXT: "'x'", Kind.BOOL: "true", Kind.LONGS: "[1]"}
        values = ", ".join(
            f"CAST({self._value(table, column, day, more) or fill.get(column.kind, '0' if column.required else 'NULL')} "
            f'AS {column.kind.duckdb}) AS "{column.name}"'
            for column in table.columns
        )
        with duckdb.connect() as con:
            con.execute(
                f"COPY (SELECT {values} FROM (SELECT unnest({list(ids)}) AS id)) TO '{path}' "
                f"(FORMAT parquet, FIELD_IDS {derive.field_ids(table)})"
            )
        return DayFile(day, path, len(ids), f"{'-'.join(map(str, ids))}")

    def _value(self, table: Table, column: Column, day: date, more: Mapping[str, Any]) -> str | None:
        if column.name == "context_date":
            return f"DATE '{day}'"
        return "id" if column.name in ("user_id", "chat_id") else more.get(column.name)

    def publish(self, *, people: Days | None = None, chats: Days | None = None) -> Release:
        """Publish days, given as their ids."""
        made = {
            table.name: [self.day(table, day, *ids) for day, ids in days.items()]
            for table, days in ((PEOPLE, people), (CHATS, chats))
            if days
        }
        return self.tables.publish(made)

    def ids(self, table: Table, release: Release | None = None) -> list[tuple[date, int]]:
        """Return (day, id) of a table's rows as a release has them; the newest when none is named."""
        release = release or self.tables.latest()
        files = self.tables.files(release, table.name) if release else []
        if not files:
            return []
        key = "user_id" if table.name == "user_days" else "chat_id"
        with duckdb.connect() as con:
            sql = f"SELECT context_date, {key} FROM read_parquet(?) ORDER BY ALL"
            return con.execute(sql, [[str(each) for each in files]]).fetchall()

    def opened(self, table: Table) -> StaticTable:
        """Return a table as the newest release has it."""
        release = self.tables.latest()
        assert release is not None
        return StaticTable.from_metadata(release.tables[table.name], self.tables._properties)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Tables in a folder."""
    return Shelf(str(tmp_path / "home"), tmp_path)


@pytest.fixture
def bucket(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Tables in a bucket, with credentials from the environment."""
    import boto3

    for key, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    name = f"tables-{abs(hash(str(tmp_path)))}"
    boto3.client("s3", endpoint_url=aws, region_name="us-east-1").create_bucket(Bucket=name)
    return Shelf(f"s3://{name}/a/lake", tmp_path, Storage(endpoint=aws))


@pytest.fixture
def glue(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Tables in a bucket and in a database of AWS Glue."""
    import boto3

    for key, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    name = f"glue-{abs(hash(str(tmp_path)))}"
    boto3.client("s3", endpoint_url=aws, region_name="us-east-1").create_bucket(Bucket=name)
    return Shelf(f"s3://{name}", tmp_path, Storage(endpoint=aws, catalog="glue", database=name.replace("-", "_")))


@pytest.fixture(params=["shelf", "bucket", "glue"])
def home(request: pytest.FixtureRequest) -> Shelf:
    """Tables in a home of each kind."""
    found: Shelf = request.getfixturevalue(request.param)
    return found


class DiedError(Exception):
    """What a test lets happen in the middle of a publication."""


def die(*_: object, **__: object) -> Any:
    """Die."""
    raise DiedError


def test_a_publication_replaces_exactly_the_named_days(home: Shelf) -> None:
    """A named day has the new rows and none of the old; every other day stays; a day without rows is gone."""
    shelf = home
    shelf.publish(people={DAY: [1, 2], NEXT: [3]}, chats={DAY: [-1]})
    old = shelf.tables.latest()
    shelf.publish(people={DAY: [2, 4]})
    shelf.publish(people={NEXT: []})

    assert shelf.ids(PEOPLE) == [(DAY, 2), (DAY, 4)]
    assert shelf.ids(CHATS) == [(DAY, -1)]
    assert shelf.ids(PEOPLE, old) == [(DAY, 1), (DAY, 2), (NEXT, 3)], "a reader of an old release sees what it held"


def test_a_day_without_rows_in_a_table_that_is_not_there_yet(home: Shelf) -> None:
    """A first publication may be of a day without rows; the table is then there and empty."""
    home.publish(people={DAY: []})
    home.publish(chats={DAY: [-1]})

    assert home.ids(PEOPLE) == []
    assert home.ids(CHATS) == [(DAY, -1)]


@pytest.mark.parametrize("table", catalog.TABLES, ids=lambda table: table.name)
def test_iceberg_has_the_declared_field_ids(shelf: Shelf, table: Table) -> None:
    """A column's field id in Iceberg and in Parquet is the declared one, that of a list's elements included."""
    declared = {each.name: each.id for each in table.columns}
    elements = {f"{each.name}.element": each.element_id for each in table.columns if each.element_id}
    made = shelf.tables.catalog.create_table(("telelake", table.name), iceberg_schema(table))

    assert {made.schema().find_column_name(number): number for number in made.schema()._lazy_id_to_name} == {
        **declared,
        **elements,
    }
    ids = sorted((*declared.values(), *elements.values()))
    assert ids == list(range(1, len(ids) + 1)), "none skipped, none twice"


def test_a_release_is_written_once(home: Shelf) -> None:
    """A release pins every table; of two writers of one number, the second gets Conflict and changes nothing."""
    shelf = home
    shelf.publish(people={DAY: [1]}, chats={DAY: [-1]})
    rival = {"release": 2, "tables": dict(shelf.publish(people={DAY: [9]}).tables)}
    shelf.store.delete(["releases/0000000002.json"])  # it comes a moment later than the look for the newest release
    put = shelf.store.put

    def late(key: str, data: bytes) -> bool:
        if key == "releases/0000000002.json":
            put(key, json.dumps(rival).encode())
        return put(key, data)

    shelf.store.put = late  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="release 2"):
        shelf.publish(people={DAY: [5]})

    latest = shelf.tables.latest()
    assert latest is not None
    assert (latest.number, set(latest.tables)) == (2, {"user_days", "chat_days"})
    assert shelf.ids(PEOPLE) == [(DAY, 9)]


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """Signs that mean something in an address mean nothing in a folder's name; upkeep keeps what is needed there too."""
    shelf = Shelf(str(tmp_path / "são paulo's #1 100%20"), tmp_path)
    for number in range(KEPT_RELEASES + 2):
        shelf.publish(people={DAY: [number]})
    maintain(shelf.tables, shelf.store, shelf.base, NONE)

    assert (Path(shelf.base) / "catalog.db").is_file()
    assert shelf.ids(PEOPLE) == [(DAY, KEPT_RELEASES + 1)]


@pytest.mark.parametrize("moment", ["between two tables", "before the release"])
def test_a_publication_that_dies_was_never_there(home: Shelf, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """No reader sees it, and the next publication starts from the last release, also for days it does not name itself."""
    home.publish(people={DAY: [1], NEXT: [2]}, chats={DAY: [-1]})
    with monkeypatch.context() as patch:
        if moment == "before the release":
            patch.setattr(home.store, "put", die)
        else:
            swap = home.tables._swap
            patch.setattr(home.tables, "_swap", lambda table, *rest: die() if table is CHATS else swap(table, *rest))
        with pytest.raises(DiedError):
            home.publish(people={DAY: [666], NEXT: []}, chats={DAY: [-666]})

    assert home.ids(PEOPLE) == [(DAY, 1), (NEXT, 2)]
    assert home.ids(CHATS) == [(DAY, -1)]

    home.publish(people={DAY: [3]}, chats={NEXT: [-3]})

    assert home.ids(PEOPLE) == [(DAY, 3), (NEXT, 2)]
    assert home.ids(CHATS) == [(DAY, -1), (NEXT, -3)]


def test_a_first_publication_that_dies_was_never_there(home: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there is a release, what was committed and never released is not there either."""
    with monkeypatch.context() as patch:
        patch.setattr(home.store, "put", die)
        with pytest.raises(DiedError):
            home.publish(people={DAY: [666]})

    assert home.tables.latest() is None

    home.publish(people={NEXT: [1]})

    assert home.ids(PEOPLE) == [(NEXT, 1)]


def test_a_dead_publication_leaves_nothing_under_a_name_that_the_next_uses(
    bucket: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next publication has the dead one's number; with other rows it has other files."""
    put = bucket.store.put
    with monkeypatch.context() as patch:
        patch.setattr(bucket.store, "put", lambda key, data: die() if key.startswith("releases/") else put(key, data))
        with pytest.raises(DiedError):
            bucket.publish(people={DAY: [666]})
    bucket.publish(people={DAY: [1]})

    assert bucket.ids(PEOPLE) == [(DAY, 1)]


def test_a_lost_catalog_loses_nothing(shelf: Shelf) -> None:
    """The releases say what there is: without the catalog's file the next publication goes on from the last release."""
    shelf.publish(people={DAY: [1]})
    (shelf.work / "home" / "catalog.db").unlink()
    again = Shelf(shelf.base, shelf.work)
    again.publish(people={NEXT: [2]})

    assert again.ids(PEOPLE) == [(DAY, 1), (NEXT, 2)]


def test_a_broken_catalog_is_our_own_error(shelf: Shelf) -> None:
    """No foreign exception crosses the port, and readers do not need the catalog."""
    shelf.publish(people={DAY: [1]})
    with sqlite3.connect(shelf.work / "home" / "catalog.db") as con:
        con.execute("DROP TABLE iceberg_tables")
    con.close()

    with pytest.raises(StoreUnavailable, match="release 2"):
        shelf.publish(people={DAY: [2]})
    assert shelf.ids(PEOPLE) == [(DAY, 1)]


HOLDER = """
import sys
from pathlib import Path
from telelake.stores.iceberg import IcebergTables
from telelake.stores.objects import open_store
home, state = sys.argv[1:]
with IcebergTables(open_store(home), home, Path(state)).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_pen(shelf: Shelf) -> None:
    """Another process is refused while one writes; the pen of one that was killed is free."""
    command = [sys.executable, "-c", HOLDER, shelf.base, str(shelf.work / "state")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict), shelf.tables.writing():
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()

    with shelf.tables.writing():
        pass


def test_all_is_on_disk_before_it_is_referred_to(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file and each new folder is synced before the catalog's commit, and all of that before the release."""
    synced: list[str] = []
    commits: list[set[str]] = []
    real_sync, real_commit = os.fsync, shelf.tables.catalog.commit_table

    def sync(fd: int) -> None:
        real_sync(fd)
        synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))

    def commit(*arguments: Any) -> Any:
        done = real_commit(*arguments)
        commits.append(set(synced))
        return done

    shelf.store.put("lake.json", b"{}")
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(shelf.tables.catalog, "commit_table", commit)
    shelf.publish(people={DAY: [1]})
    tables = shelf.work / "home" / "tables"
    files = {str(path) for path in tables.rglob("*")}

    assert {Path(each).suffix for each in files} == {"", ".parquet", ".json", ".avro"}
    assert {each for each in files if not Path(each).is_dir()} <= commits[-1]
    assert {str(Path(each).parent) for each in files} | {str(tables.parent)} <= commits[-1], (
        "every folder with a new entry"
    )
    assert synced[-1] == str(shelf.work / "home" / "releases")


def test_each_file_is_described_as_pyiceberg_would(home: Shelf) -> None:
    """Several days of one commit are described without a look at the schema for each; nothing in the manifest shows it."""
    home.publish(people={DAY: [1, 2], DAY + timedelta(days=1): [3], DAY + timedelta(days=2): [4, 5, 6]})

    opened = home.opened(PEOPLE)
    described = [task.file for task in opened.scan().plan_files()]
    assert len(described) == 3
    for file in described:
        expected = parquet_file_to_data_file(opened.io, opened.metadata, file.file_path)
        for name in (
            "file_format", "partition", "record_count", "file_size_in_bytes", "column_sizes", "value_counts",
            "null_value_counts", "nan_value_counts", "lower_bounds", "upper_bounds", "split_offsets",
        ):  # fmt: skip
            assert getattr(file, name) == getattr(expected, name), name


def test_personal_columns_have_no_bounds(home: Shelf) -> None:
    """A manifest tells the least and greatest value of a column, but never of a personal one."""
    home.tables.publish({"user_days": [home.day(PEOPLE, DAY, 11, 12, first_name="'Ana'", username="'ana_ficticia'")]})
    table = home.opened(PEOPLE)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    entries = [entry for manifest in snapshot.manifests(table.io) for entry in manifest.fetch_manifest_entry(table.io)]
    personal = {each.id for each in PEOPLE.columns if each.personal}

    assert personal
    for entry in entries:
        bounds = {*(entry.data_file.lower_bounds or {}), *(entry.data_file.upper_bounds or {})}
        assert not bounds & personal
        assert bounds, "others have them"


def test_upkeep_bounds_files_and_metadata(shelf: Shelf) -> None:
    """However often a day is published, only what the kept releases need is there, and those can all be read."""
    counts, sizes = [], []
    for number in range(1, 31):
        shelf.publish(people={DAY: [number]})
        if number % 10 == 0:
            assert maintain(shelf.tables, shelf.store, shelf.base, NONE) > 0
            counts.append(len(list(shelf.store.list("tables/"))))
            sizes.append(Path(shelf.tables.table("user_days").metadata_location).stat().st_size)  # type: ignore[union-attr]
    there = {each.key for each in shelf.store.list("tables/")}
    releases = [shelf.tables.read_release(each.key) for each in shelf.store.list("releases/")]

    assert [each.number for each in releases] == list(range(31 - KEPT_RELEASES, 31))
    assert [shelf.ids(PEOPLE, each) for each in releases] == [[(DAY, each.number)] for each in releases]
    assert sum(key.endswith(".parquet") for key in there) == KEPT_RELEASES
    assert counts[1] == counts[2]
    assert sizes[2] < sizes[1] * 1.1
    assert len(shelf.tables.table("user_days").snapshots()) == KEPT_RELEASES  # type: ignore[union-attr]

    shelf.publish(people={NEXT: [31]})

    assert shelf.ids(PEOPLE) == [(DAY, 30), (NEXT, 31)]


def test_upkeep_leaves_what_a_reader_may_hold(shelf: Shelf) -> None:
    """Within the grace nothing goes; a release that was the newest until a moment ago stays, however old it is."""
    for number in range(1, KEPT_RELEASES + 3):
        shelf.publish(people={DAY: [number]})
    assert maintain(shelf.tables, shelf.store, shelf.base) == 0
    long_ago = 1_000_000_000
    os.utime(shelf.work / "home" / "releases" / "0000000001.json", (long_ago, long_ago))
    for path in (shelf.work / "home" / "tables").rglob("*.parquet"):
        os.utime(path, (long_ago, long_ago))

    assert maintain(shelf.tables, shelf.store, shelf.base) == 0
    first = shelf.tables.read_release("releases/0000000001.json")
    assert shelf.ids(PEOPLE, first) == [(DAY, 1)]


@pytest.mark.parametrize(("kept", "published", "left"), [(1, 3, 1), (4, 6, 4), (5, 3, 3), (50, 3, 3)])
def test_upkeep_keeps_the_releases_that_are_set(tmp_path: Path, kept: int, published: int, left: int) -> None:
    """`upkeep.releases` newest ones stay with what they pin, however few there are."""
    shelf = Shelf(str(tmp_path / "home"), tmp_path)
    policy = Upkeep(releases=kept, reader_seconds=0.0)
    shelf.tables = IcebergTables(shelf.store, shelf.base, tmp_path / "state", upkeep=policy)
    for number in range(1, published + 1):
        shelf.publish(people={DAY: [number]})
    shelf.tables.maintain()
    releases = [shelf.tables.read_release(each.key) for each in shelf.store.list("releases/")]

    assert [each.number for each in releases] == list(range(published - left + 1, published + 1))
    for each in releases:
        assert shelf.ids(PEOPLE, each) == [(DAY, each.number)]


def _declare(monkeypatch: pytest.MonkeyPatch, *columns: Column) -> Table:
    table = dataclasses.replace(PEOPLE, columns=(*PEOPLE.columns, *columns))
    monkeypatch.setattr(module.declared, "table", {"user_days": table}.__getitem__)
    return table


def test_a_declaration_that_gains_columns(home: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table gains them with the declared ids, old days read as null, and a personal one has no bounds either."""
    home.publish(people={DAY: [1]})
    free = len(PEOPLE.columns) + 1
    table = _declare(
        monkeypatch,
        Column(free, "tags", Kind.TEXTS, "Tags.", "Tags.", element_id=free + 1),
        Column(free + 2, "nickname", Kind.TEXT, "Name.", "Nome.", personal=True),
    )
    home.tables.publish({"user_days": [home.day(table, NEXT, 2)]})
    schema = home.opened(PEOPLE).schema()

    assert [schema.find_field(name).field_id for name in ("tags", "tags.element", "nickname")] == [
        free,
        free + 1,
        free + 2,
    ]
    assert home.opened(PEOPLE).properties["write.metadata.metrics.column.nickname"] == "none"
    rows = home.opened(PEOPLE).scan(selected_fields=("user_id", "nickname")).to_arrow().sort_by("user_id").to_pylist()
    assert rows == [{"user_id": 1, "nickname": None}, {"user_id": 2, "nickname": "x"}]


def test_a_column_with_an_id_that_is_not_free_is_refused(home: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Iceberg numbers columns itself: a declaration that skips an id is refused before anything is changed."""
    home.publish(people={DAY: [1]})
    table = _declare(monkeypatch, Column(len(PEOPLE.columns) + 2, "nickname", Kind.TEXT, "Name.", "Nome."))

    with pytest.raises(TableMismatch, match="nickname"):
        home.tables.publish({"user_days": [home.day(table, NEXT, 2)]})
    assert home.ids(PEOPLE) == [(DAY, 1)]


def test_a_bucket_keeps_all_below_its_prefix(bucket: Shelf) -> None:
    """Tables and releases lie in the bucket, the catalog and the cache on the local disk; upkeep works there too."""
    for number in range(KEPT_RELEASES + 2):
        bucket.publish(people={DAY: [number]})
        bucket.ids(PEOPLE)
    maintain(bucket.tables, bucket.store, bucket.base, NONE)
    release = bucket.tables.latest()
    assert release is not None

    assert all(location.startswith(f"{bucket.base}/tables/user_days/metadata/") for location in release.tables.values())
    assert {each.key.partition("/")[0] for each in bucket.store.list()} == {"tables", "releases"}
    assert sum(each.key.endswith(".parquet") for each in bucket.store.list()) == KEPT_RELEASES
    assert bucket.ids(PEOPLE) == [(DAY, KEPT_RELEASES + 1)]
    assert len(list((bucket.work / "state" / "cache").rglob("*.parquet"))) == KEPT_RELEASES
    assert (bucket.work / "state" / "catalog.db").is_file()
    assert urlsplit(bucket.base).scheme == "s3"


def test_a_release_whose_answer_was_lost_is_published(bucket: Shelf) -> None:
    """A service that stored it, lost the answer and was asked again says "there already": the bytes are our own."""
    put = bucket.store.put
    bucket.store.put = lambda key, data: put(key, data) and not key.startswith("releases/")  # type: ignore[method-assign]

    assert bucket.publish(people={DAY: [1]}).number == 1
    assert bucket.ids(PEOPLE) == [(DAY, 1)]


def steal(shelf: Shelf) -> None:
    """Take the pen over, as another does whose clock says that the lease is over."""
    clock = lambda: datetime.now(UTC) + 2 * LEASE  # noqa: E731
    LeasePen(shelf.store, clock=clock)._take()


@pytest.mark.parametrize("moment", ["before the first table", "between two tables", "before the release"])
def test_who_has_lost_the_pen_publishes_nothing(glue: Shelf, moment: str) -> None:
    """The holder looks before each commit and before the release: Conflict, and no release."""
    glue.publish(people={DAY: [1]}, chats={DAY: [-1]})
    swap = glue.tables._swap
    swapped: list[str] = []

    def stolen(table: Table, *rest: Any) -> str:
        if (moment, len(swapped)) in (("before the first table", 0), ("between two tables", 1)):
            steal(glue)
        done = swap(table, *rest)
        swapped.append(table.name)
        if (moment, len(swapped)) == ("before the release", 2):
            steal(glue)
        return done

    glue.tables._swap = stolen  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="taken over"), glue.tables.writing():
        glue.publish(people={DAY: [666]}, chats={DAY: [-666]})

    assert len(swapped) == {"before the first table": 0, "between two tables": 1, "before the release": 2}[moment]
    assert [each.key for each in glue.store.list("releases/")] == ["releases/0000000001.json"]
    assert (glue.ids(PEOPLE), glue.ids(CHATS)) == ([(DAY, 1)], [(DAY, -1)])
    with pytest.raises(Conflict, match="is wrangling"), glue.tables.writing():
        pass
    glue.store.delete([KEY])
    glue.tables._swap = swap  # type: ignore[method-assign]
    with glue.tables.writing():
        glue.publish(people={NEXT: [2]})
    assert glue.ids(PEOPLE) == [(DAY, 1), (NEXT, 2)]
    assert glue.ids(CHATS) == [(DAY, -1)]


def rows_of_glue(shelf: Shelf, table: Table) -> list[tuple[date, int]]:
    """Return a table's (day, id) as those see it who go by the catalog, as Athena does."""
    properties = {"glue.endpoint": shelf.tables._storage.endpoint, "glue.region": "us-east-1"}
    found = GlueCatalog("another reader", **shelf.tables._properties, **properties)
    key = "user_id" if table is PEOPLE else "chat_id"
    rows = found.load_table((shelf.tables._storage.database, table.name)).scan().to_arrow().to_pylist()
    return sorted((row["context_date"], row[key]) for row in rows)


@pytest.mark.parametrize("home_kind", ["bucket", "glue"])
@pytest.mark.parametrize(
    ("same_day", "releases"), [(True, True), (False, True), (False, False)], ids=["same day", "other day", "dies then"]
)
def test_a_rival_that_commits_first(
    home_kind: str, request: pytest.FixtureRequest, tmp_path: Path, same_day: bool, releases: bool
) -> None:
    """Two writers without a pen: the one whose commit another's came before gets Conflict, whatever pyiceberg would merge."""
    shelf: Shelf = request.getfixturevalue(home_kind)
    shelf.publish(people={DAY: [1]}, chats={DAY: [-1]})
    (tmp_path / "rival").mkdir()
    rival = Shelf(shelf.base, tmp_path / "rival", shelf.tables._storage)
    rival.tables._state = shelf.tables._state  # the same catalog, where that is a file
    put = rival.store.put
    if not releases:
        rival.store.put = lambda key, data: die() if key.startswith("releases/") else put(key, data)  # type: ignore[method-assign]
    commit = shelf.tables.catalog.commit_table
    pending = [lambda: rival.publish(people={DAY if same_day else NEXT: [2]})]

    def late(*arguments: Any) -> Any:
        if pending:
            with suppress(DiedError):
                pending.pop()()
        return commit(*arguments)

    shelf.tables.catalog.commit_table = late  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        shelf.publish(people={DAY: [666]}, chats={DAY: [-666]})
    won = [(DAY, 2)] if same_day else [(DAY, 1), (NEXT, 2)] if releases else [(DAY, 1)]
    assert shelf.ids(PEOPLE) == won, "a release holds what its own writer has read and built"
    assert shelf.ids(CHATS) == [(DAY, -1)]

    shelf.publish(people={DAY: [3]})

    assert shelf.ids(PEOPLE) == [(DAY, 3), *won[1:]]
    if home_kind == "glue":
        assert rows_of_glue(shelf, PEOPLE) == [(DAY, 3), *won[1:]]


def test_glue_shows_what_was_published(glue: Shelf) -> None:
    """Who goes by the catalog sees the rows, the declared types and the comments of the newest publication."""
    glue.publish(people={DAY: [1, 2], NEXT: [3]})
    glue.publish(people={NEXT: [4]})
    table = glue.tables.catalog.glue.get_table(DatabaseName=glue.tables._storage.database, Name="user_days")["Table"]  # type: ignore[attr-defined]
    columns = {each["Name"]: each for each in table["StorageDescriptor"]["Columns"]}

    assert rows_of_glue(glue, PEOPLE) == [(DAY, 1), (DAY, 2), (NEXT, 4)]
    assert table["Parameters"]["table_type"] == "ICEBERG"
    assert list(columns) == [each.name for each in PEOPLE.columns]
    assert {name: each["Type"] for name, each in columns.items()}["context_date"] == "date"
    assert {name: each["Comment"] for name, each in columns.items()} == {each.name: each.en for each in PEOPLE.columns}


def test_a_lost_glue_database_loses_nothing(glue: Shelf) -> None:
    """The releases say what there is: tables that are gone from Glue are registered again, with all their days."""
    glue.publish(people={DAY: [1]})
    client = glue.tables.catalog.glue  # type: ignore[attr-defined]
    client.delete_table(DatabaseName=glue.tables._storage.database, Name="user_days")
    glue.publish(people={NEXT: [2]})

    assert glue.ids(PEOPLE) == rows_of_glue(glue, PEOPLE) == [(DAY, 1), (NEXT, 2)]


def test_a_glue_database_of_another_lake_is_left_alone(glue: Shelf, tmp_path: Path) -> None:
    """Two lakes that were given one database: the second is refused before it touches the first one's table."""
    glue.publish(people={DAY: [1]})
    (tmp_path / "other").mkdir()
    other = Shelf(f"{glue.base}/elsewhere", tmp_path / "other", glue.tables._storage)

    with pytest.raises(SettingsError, match=r"storage\.database"):
        other.publish(people={DAY: [666]})
    assert other.tables.latest() is None
    assert rows_of_glue(glue, PEOPLE) == [(DAY, 1)]


def test_what_was_released_is_known_without_pyiceberg(shelf: Shelf, tmp_path: Path) -> None:
    """It takes half a second to load, which who only looks at the release need not spend, and a build hides."""
    shelf.publish(people={DAY: [1]})
    program = (
        "import sys\nfrom pathlib import Path\nfrom telelake.stores.iceberg import IcebergTables\n"
        "from telelake.stores.objects import open_store\nhome = sys.argv[1]\n"
        "print(IcebergTables(open_store(home), home, Path(home)).latest().number, 'pyiceberg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, shelf.base], capture_output=True, text=True, check=True)

    assert done.stdout == "1 False\n"


def test_a_view_in_the_place_of_a_table_is_named(glue: Shelf, aws: str) -> None:
    """Somebody's view of that name is not overwritten, and the message says what to do."""
    import boto3

    database = glue.tables._storage.database
    assert glue.tables.catalog.list_tables(database) == []
    view = {"Name": PEOPLE.name, "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true"}}
    boto3.client("glue", endpoint_url=aws, region_name="us-east-1").create_table(DatabaseName=database, TableInput=view)

    with pytest.raises(SettingsError, match=rf"{PEOPLE.name} of the Glue database {database} is no Iceberg table"):
        glue.publish(people={DAY: [1]})
    assert glue.tables.latest() is None


def test_upkeep_of_glue(glue: Shelf) -> None:
    """As of any home: only what the kept releases need is there, and those and the catalog can be read."""
    for number in range(KEPT_RELEASES + 2):
        glue.publish(people={DAY: [number]})
    assert maintain(glue.tables, glue.store, glue.base, NONE) > 0
    releases = [glue.tables.read_release(each.key) for each in glue.store.list("releases/")]

    assert [glue.ids(PEOPLE, each) for each in releases] == [[(DAY, each.number - 1)] for each in releases]
    assert len(releases) == KEPT_RELEASES
    assert rows_of_glue(glue, PEOPLE) == [(DAY, KEPT_RELEASES + 1)]
    assert sum(each.key.endswith(".parquet") for each in glue.store.list()) == KEPT_RELEASES


def test_glue_that_is_away_is_our_own_error(glue: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """No exception of botocore crosses the port: what may be tried again is told from what was refused."""
    glue.publish(people={DAY: [1]})
    client = glue.tables.catalog.glue  # type: ignore[attr-defined]

    def fail(code: str, status: int) -> Any:
        def update(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "UpdateTable")

        return update

    monkeypatch.setattr(client, "update_table", fail("InternalServiceException", 500))
    with pytest.raises(StoreUnavailable, match="release 2"):
        glue.publish(people={DAY: [2]})
    monkeypatch.setattr(client, "update_table", fail("AccessDeniedException", 400))
    with pytest.raises(StoreError, match="Grant the right") as refused:
        glue.publish(people={DAY: [2]})
    assert refused.value.retry is False
    monkeypatch.undo()
    assert glue.ids(PEOPLE) == [(DAY, 1)]


def test_a_folder_has_no_glue(tmp_path: Path) -> None:
    """AWS cannot read a folder: said at once, and what to do."""
    with pytest.raises(SettingsError, match="s3://bucket"):
        Shelf(str(tmp_path / "home"), tmp_path, Storage(catalog="glue"))
