"""The home and its tables: what every part of telelake needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from telelake.errors import NotStored, SettingsError
from telelake.operate.home import Home, open_home, read_home
from telelake.settings import Settings
from telelake.stores.objects import BucketStore, open_store

if TYPE_CHECKING:
    from telelake.ports import Release
    from telelake.stores.iceberg import IcebergTables
    from telelake.wrangle.masks.columns import Masks


class Core:
    """A home: its objects, and the tables published in it."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        self.settings = settings
        self._is_made_up = is_made_up

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

    def existing(self) -> Self:
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
