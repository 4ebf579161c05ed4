"""What a home says of itself: `lake.json`, written once when the lake is made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from telelake.errors import NotStored, SettingsError
from telelake.ports import RawStore

KEY = "lake.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Home:
    """What is fixed for a lake's whole life."""

    timezone: str
    """IANA name of the zone that decides where a day begins."""
    is_made_up: bool = False
    """Whether the data are a demonstration's; every page then says so."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, loaded."""
        return ZoneInfo(self.timezone)


def read_home(store: RawStore) -> Home | None:
    """Return what a home says of itself, or None when there is no lake yet.

    Raises:
        SettingsError: it was made by a later telelake.
        StoreUnavailable: call again.
    """
    try:
        found = json.loads(store.get(KEY))
    except NotStored:
        return None
    if found["format"] > FORMAT:
        raise SettingsError(
            f"The lake is of format {found['format']}, made by a later telelake; this one knows {FORMAT}. Update it."
        )
    return Home(found["timezone"], found.get("made_up", False))


def open_home(store: RawStore, timezone: str, *, is_given: bool, is_made_up: bool = False) -> Home:
    """Return what a home says of itself, and make the lake when there is none.

    Raises:
        SettingsError: another time zone was given than the lake was made with.
        StoreUnavailable: call again.
    """
    home = read_home(store)
    if home is None:
        body = {"format": FORMAT, "timezone": timezone, "made_up": is_made_up}
        store.put(KEY, json.dumps(body, indent=1).encode())
        home = read_home(store)
        assert home is not None
    if is_given and home.timezone != timezone:
        raise SettingsError(
            f"timezone = '{timezone}', but this lake was made with '{home.timezone}', which decides its days for ever. "
            "Take the setting out, or make another lake."
        )
    return home
