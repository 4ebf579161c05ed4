"""One visit of the doctor: all looks, one after the other, and none of them stops the others."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from telelake.capture.receive import journal_folder
from telelake.errors import SettingsError, StoreError, TelelakeError
from telelake.operate.doctor import bots, lake, machine
from telelake.operate.doctor.findings import Diagnosis, Finding
from telelake.operate.health import Status
from telelake.ports import RawStore, Release
from telelake.settings import Secret, Settings
from telelake.telegram.update import botapi

_SHORTEST = 6
"""A secret that is shorter could stand in any text, and would be taken out of it."""


class ReleasedTables(Protocol):
    """What a visit asks of the published tables; `stores.iceberg.IcebergTables` is one."""

    @property
    def catalog_file(self) -> Path | None:
        """SQLite's file of the catalog."""

    def latest(self) -> Release | None:
        """Return the newest release."""

    def files(self, release: Release, table: str) -> Any:
        """Return a table's local files."""

    def needed(self, release: Release) -> Any:
        """Return what a release needs."""

    def key_of(self, location: str) -> str:
        """Return a file's key."""

    def is_whole(self, needed: Any, folder: Path) -> bool:
        """Return whether a file is there and can be read."""

    def catalog_damage(self) -> str | None:
        """Return what is wrong with the catalog's file."""


@dataclass(frozen=True)
class Visit:
    """What is looked at."""

    settings: Settings
    store: Callable[[], RawStore]
    tables: Callable[[], ReleasedTables]
    state: Callable[[], tuple[Status, int]]
    """How the lake is, and how many forgettings were begun."""

    def diagnosis(self, *, deep: bool, asks_telegram: bool) -> Diagnosis:
        """Look at everything."""
        with tempfile.TemporaryDirectory(prefix="telelake-doctor-") as scratch:
            found = [*self._machine(), *self._lake(Path(scratch), deep=deep)]
            if asks_telegram:
                found += self._bots()
        return Diagnosis(found, secrets_of(self.settings))

    def _machine(self) -> Iterator[Finding]:
        yield machine.versions(botapi()["botapi"])
        try:
            state = self.settings.state_path
        except SettingsError as error:
            yield Finding("settings", "state_dir", {"reason": str(error)})
            return
        yield from machine.look(self.settings.home_path, state)
        folder = journal_folder(state)
        yield from lake.journal(folder, captured=lake.is_captured(folder))

    def _lake(self, scratch: Path, *, deep: bool) -> Iterator[Finding]:
        path = self.settings.home_path
        if path is not None and not path.is_dir():  # to open it would make it
            yield Finding("no_lake", str(path))
            return
        given = self.settings.timezone if "timezone" in self.settings.model_fields_set else None
        try:
            home, said = lake.home(self.store(), given)
        except TelelakeError as error:
            yield Finding("home_away", self.settings.home, {"reason": str(error)})
            return
        yield said
        if home is None:
            return
        looks: tuple[Callable[[], Iterator[Finding]], ...] = (
            lambda: lake.raw(self.store(), home.zone, deep=deep),
            lambda: lake.tables(self._asked(scratch), deep=deep),
            lambda: lake.state(*self.state(), home.zone),
        )
        for look in looks:
            try:
                yield from look()
            except StoreError as error:
                yield Finding("home_away", self.settings.home, {"reason": str(error)})
            except SettingsError as error:
                yield Finding("settings", self.settings.home, {"reason": str(error)})

    def _asked(self, scratch: Path) -> lake.Tables:
        tables = self.tables()
        release = tables.latest()

        def files() -> list[lake.File]:
            needed = sorted(tables.needed(release), key=lambda each: str(each.location)) if release else []
            return [lake.File(tables.key_of(each.location), partial(tables.is_whole, each, scratch)) for each in needed]

        return lake.Tables(release.number if release else None, files, tables.catalog_file, tables.catalog_damage)

    def _bots(self) -> Iterator[Finding]:
        if not self.settings.bots:
            yield Finding("no_bot", "bots")
        try:
            captured = lake.is_captured(journal_folder(self.settings.state_path))
        except SettingsError:
            captured = False
        for name, bot in self.settings.bots.items():
            around = bots.Around(self.settings.capture.public_url, captured, self._groups(name))
            yield from bots.look(name, bot, around)

    def _groups(self, name: str) -> list[int]:
        """Return the groups that the lake knows of a bot; none with pseudonyms, for which Telegram could not be asked."""
        path = self.settings.home_path
        if self.settings.privacy.pseudonyms is not None or (path is not None and not path.is_dir()):
            return []
        try:
            tables = self.tables()
            release = tables.latest()
            files = tables.files(release, "updates") if release else []
            return lake.groups(files, self.settings.bots[name].bot_id(name), release)
        except TelelakeError:  # said by another look
            return []


def secrets_of(settings: BaseModel) -> list[str]:
    """Return the values of all secrets that settings name, as the environment has them."""
    found = list[str]()
    waiting: list[Any] = [settings]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Secret):
            value = os.environ.get(each.env, "")
            found += [value] if len(value) >= _SHORTEST else []
        elif isinstance(each, BaseModel):
            waiting += [getattr(each, name) for name in type(each).model_fields]
        elif isinstance(each, dict):
            waiting += each.values()
    return found
