"""Which kinds of updates each proxied bot asked for, kept over a restart.

The record wants every kind, a bot names those that it has handlers for, and Telegram keeps one list for each bot. So
the proxy asks for all, and what the bot asked for is remembered here, by Telegram's own rules.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telelake.capture.disk import DISK, Disk
from telelake.errors import StoreUnavailable
from telelake.telegram.calls import NOT_BY_DEFAULT
from telelake.telegram.update import loads_leniently, update_kinds

_FILE = "proxy-kinds.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a bot wants to get."""

    named: frozenset[str] | None = None
    """The kinds that it named; None for Telegram's default set."""

    def covers(self, kind: str | None) -> bool:
        """Return whether the bot wants an update of this kind. One without a kind hides nothing and is let through."""
        if kind is None:
            return True
        return kind not in NOT_BY_DEFAULT if self.named is None else kind in self.named

    def kinds(self) -> frozenset[str]:
        """Return the wanted kinds, as far as the Bot API that we know goes."""
        return frozenset(update_kinds()) - NOT_BY_DEFAULT if self.named is None else self.named

    def widened(self) -> str:
        """Return an `allowed_updates` of all kinds, and of those that the bot named and only a newer Telegram knows."""
        known = update_kinds()
        return json.dumps([*known, *sorted((self.named or frozenset()).difference(known))], separators=(",", ":"))


DEFAULT = Wish()


def read_wish(value: Any) -> Wish | None:
    """Return what an `allowed_updates` says; None when it changes nothing, because it is absent, empty or no list.

    As the server reads it: names in any case; a list without a known name means the default set.
    """
    if isinstance(value, str):
        try:
            value = loads_leniently(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    named = frozenset(each.lower() for each in value)
    return Wish(named) if named.intersection(update_kinds()) else DEFAULT


class Wishes:
    """The last wish of each bot, by its name. Belongs to one event loop."""

    def __init__(self, folder: Path, *, disk: Disk = DISK) -> None:
        """Read what was kept; a file that cannot be read counts as none, and bots then get the default set.

        Args:
            folder: the lake's local state folder.
            disk: what makes the file durable.
        """
        self._folder = folder
        self._disk = disk
        self._saving = asyncio.Lock()
        self._unsaved: set[str] = set()
        self._wishes = _read(folder / _FILE)

    def of(self, name: str) -> Wish:
        """Return a bot's last wish; the default set when it never said one."""
        return self._wishes.get(name, DEFAULT)

    def wanted(self, name: str) -> frozenset[str] | None:
        """Return the kinds that a bot wants; None when it never said so."""
        wish = self._wishes.get(name)
        return wish.kinds() if wish else None

    async def remember(self, name: str, wish: Wish) -> None:
        """Keep a wish; when this returns, it is on the medium.

        Raises:
            StoreUnavailable: it is not; it holds until the process ends.
        """
        if self._wishes.get(name) == wish and name not in self._unsaved:
            return
        async with self._saving:
            self._wishes[name] = wish
            self._unsaved.add(name)
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._save, dict(self._wishes))
            except OSError as error:
                raise StoreUnavailable(f"{self._folder / _FILE} cannot be written: {error}.") from error
            self._unsaved.clear()

    def _save(self, wishes: Mapping[str, Wish]) -> None:
        content = {name: None if wish.named is None else sorted(wish.named) for name, wish in sorted(wishes.items())}
        path = self._folder / _FILE
        new = path.with_suffix(".new")
        self._disk.make_folder(self._folder)
        self._disk.remove(new)
        file = self._disk.create(new)
        try:
            self._disk.write(file, json.dumps(content).encode() + b"\n")
            self._disk.sync(file)
        finally:
            self._disk.close(file)
        new.replace(path)
        self._disk.sync_folder(self._folder)


def _read(path: Path) -> dict[str, Wish]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    wishes = {}
    for name, named in content.items() if isinstance(content, dict) else ():
        wish = DEFAULT if named is None else read_wish(named)
        if wish is not None:
            wishes[name] = wish
    return wishes
