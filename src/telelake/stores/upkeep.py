"""What keeps a lake from growing for ever: old releases, old snapshots, and files that nothing refers to.

A file goes only when no kept release and no current table refers to it *and* it is older than a reader may be: on
doubt it stays.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from pyiceberg.table import StaticTable
from pyiceberg.table import Table as IcebergTable

from telelake.settings import Upkeep
from telelake.stores.objects import BucketStore

if TYPE_CHECKING:
    from telelake.stores.iceberg import IcebergTables

KEPT_RELEASES = Upkeep().releases
GRACE = timedelta(seconds=Upkeep().reader_seconds)
"""How long a reader may hold a release that is no longer kept."""


def maintain(
    tables: IcebergTables, store: BucketStore, base: str, grace: timedelta = GRACE, kept_releases: int = KEPT_RELEASES
) -> int:
    """Drop what is old; return the number of files removed."""
    from telelake.stores.iceberg import RELEASES

    oldest = datetime.now(UTC) - grace
    releases = list(store.list(RELEASES))
    # A reader may have opened a release until its successor came, however old it is itself.
    followed = pairwise(releases[: max(0, len(releases) - kept_releases + 1)])
    gone = [each.key for each, successor in followed if successor.modified < oldest]
    kept = [tables.read_release(each.key) for each in releases if each.key not in gone]
    store.delete(gone)
    removed = len(gone)
    for name in sorted({name for release in kept for name in release.tables}):
        current = tables.table(name)
        if current is None:
            continue
        locations = [release.tables[name] for release in kept if name in release.tables]
        pinned = [StaticTable.from_metadata(location, current.io.properties) for location in locations]
        _expire(current, pinned)
        used = {location for table in (current.refresh(), *pinned) for location in _referred(table)}
        orphans = [
            each.key
            for each in store.list(f"tables/{name}/")
            if f"{base}/{each.key}" not in used and each.modified < oldest
        ]
        store.delete(orphans)
        tables.cache.tidy(name, grace)
        removed += len(orphans)
    return removed


def purge(tables: IcebergTables, store: BucketStore, base: str) -> int:
    """Keep the newest release, told of by new manifests, and nothing of what was before; return the files removed.

    Without any grace: who still reads an older release loses it. It is what forgetting asks for.
    """
    last = tables.latest()
    if last is None:
        return _remove_all_but(store, base, set())
    anew = {name: tables.lay_anew(name, location) for name, location in last.tables.items()}
    tables.pin(anew)
    # Only now: a crash before it leaves what the older release needs to be taken back to.
    used = set(anew.values())
    for name, location in anew.items():
        if current := tables.table(name):
            _expire(current, [StaticTable.from_metadata(location, current.io.properties)])
            used |= _referred(current.refresh())
        tables.cache.tidy(name, timedelta(0))
    return _remove_all_but(store, base, used)


def _remove_all_but(store: BucketStore, base: str, used: set[str]) -> int:
    from telelake.stores.iceberg import RELEASES

    old = [each.key for each in store.list(RELEASES)][:-1]
    orphans = [each.key for each in store.list("tables/") if f"{base}/{each.key}" not in used]
    store.delete([*old, *orphans])
    return len(old) + len(orphans)


def _expire(current: IcebergTable, pinned: list[StaticTable]) -> None:
    """Forget the snapshots that no kept release pins."""
    wanted = {snapshot.snapshot_id for table in (current, *pinned) if (snapshot := table.current_snapshot())}
    old = [each.snapshot_id for each in current.snapshots() if each.snapshot_id not in wanted]
    if old:
        current.maintenance.expire_snapshots().by_ids(old).commit()


def _referred(table: IcebergTable) -> set[str]:
    """Return the locations of all that a table's current snapshot needs, its metadata included."""
    found = {table.metadata_location}
    if snapshot := table.current_snapshot():
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            found.update(entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))
    return found
