"""A home does not grow but by its data: 40 simulated days of publications with upkeep; a year with TELELAKE_TEST_LONG=1.

`bench/upkeep.py` prints the figures of a year.
"""

from __future__ import annotations

import os
from pathlib import Path

from telelake.tables import catalog
from tests.stores.year import POLICY, live

DAYS = 365 if os.environ.get("TELELAKE_TEST_LONG") else 40
METADATA = 26
"""Most files of metadata of one table; see `tests/operate/test_upkeep.py`."""
TABLES = [catalog.table("user_days")]


def test_a_home_does_not_grow(tmp_path: Path) -> None:
    """A file a day and table; metadata files, snapshots, releases and the catalog stay what they were after some days.

    What grows is an entry a data file in the manifests: `bench/upkeep.py` prints their bytes.
    """
    first = None
    for grown in live(tmp_path, TABLES, DAYS):
        assert grown.data_files <= grown.days + POLICY.releases, grown
        assert grown.metadata_files <= METADATA, grown
        assert grown.snapshots <= POLICY.releases + 2, grown
        assert grown.releases <= POLICY.releases, grown
        first = first or (grown if grown.days == POLICY.releases + 1 else None)
        if first:
            assert grown.catalog_bytes == first.catalog_bytes, grown


def test_twin_without_upkeep(tmp_path: Path) -> None:
    """Twin: without it everything that the test looks at grows."""
    *_, grown = live(tmp_path, TABLES, 9, keeps=False)

    assert grown.data_files > 9 + POLICY.releases
    assert grown.snapshots > POLICY.releases + 2
    assert grown.releases > POLICY.releases
    assert grown.metadata_files > METADATA
