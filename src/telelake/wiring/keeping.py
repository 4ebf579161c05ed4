"""What keeps a lake for years: the doctor, and its copies."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from telelake.stores.objects import BucketStore
from telelake.wiring.telling import Telling

if TYPE_CHECKING:
    from telelake.operate.copies.backup import Backed
    from telelake.operate.copies.settle import Settled
    from telelake.operate.doctor.findings import Diagnosis
    from telelake.operate.health import Status
    from telelake.stores.iceberg import IcebergTables


class Keeping(Telling):
    """What looks after the lake and carries it elsewhere."""

    def doctor(self, *, deep: bool = False, asks_telegram: bool = True) -> Diagnosis:
        """Look at everything that can be wrong; `deep` reads every file of raw and tables, not a sample.

        Makes no lake and changes none. What a look finds is never raised.
        """
        from telelake.operate.doctor.visit import Visit

        return Visit(self.settings, lambda: self.store, self._doctors_tables, self._doctors_state).diagnosis(
            deep=deep, asks_telegram=asks_telegram
        )

    def _doctors_tables(self) -> IcebergTables:
        return self.tables

    def _doctors_state(self) -> tuple[Status, int]:
        return self.status(), self.begun_forgettings()

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

    def migrate(self, target: Keeping) -> Settled:
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
