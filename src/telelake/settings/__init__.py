"""Every setting, and where its value comes from; the sections, field by field, are in `ways_in` and `sections`.

Read once, at the edge (`load`), then handed on frozen. A flag wins over the environment (`TELELAKE_*`, nested by
`__`), the environment over `telelake.toml`, the file over the default. Secrets are *named* here (`{ env = "NAME" }`)
and read only where they are used; none is ever printed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from telelake.errors import SettingsError
from telelake.settings.base import NO_VARIABLE, USERINFO, Secret, has_userinfo, is_token, is_variable
from telelake.settings.sections import (
    Aws,
    Dashboard,
    Log,
    Notify,
    Privacy,
    Retention,
    Schedule,
    Sql,
    Storage,
    Talk,
    Topics,
    Upkeep,
    User,
    Wrangle,
)
from telelake.settings.ways_in import Bot, Capture

__all__ = [
    "ENV_PREFIX", "FILE_NAME", "NOT_SETTINGS", "NO_VARIABLE", "USERINFO", "Aws", "Bot", "Capture", "Dashboard",
    "Log", "Notify", "Privacy", "Retention", "Schedule", "Secret", "Settings", "Sql", "Storage", "Talk", "Topics", "Upkeep",
    "User", "Wrangle", "find_file", "has_userinfo", "is_token", "is_variable", "load", "local_path",
]  # fmt: skip

FILE_NAME = "telelake.toml"
ENV_PREFIX = "TELELAKE_"
NOT_SETTINGS = ("TELELAKE_CHROMIUM", "TELELAKE_DEMO_", "TELELAKE_TEST_")
"""Beginnings of variables that are ours and no settings. Any other `TELELAKE_*` must be a setting, or be named by one
as the place of a secret: a misspelt name must not be passed over in silence."""


class Settings(BaseSettings):
    """All settings of one lake."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    home: str = "file:lake"
    """The root of the lake: `file:///…`, a plain path, or `s3://bucket/prefix`."""
    timezone: str = "UTC"
    """IANA name of the zone that decides where a day begins; fixed when the lake is made."""
    state_dir: Path | None = None
    """Local folder of journal, lock and cache; inside the home when that is a directory."""
    bots: dict[str, Bot] = {}
    """The bots, by the name that stands in their webhook's address."""
    capture: Capture = Capture()
    dashboard: Dashboard = Dashboard()
    schedule: Schedule = Schedule()
    wrangle: Wrangle = Wrangle()
    upkeep: Upkeep = Upkeep()
    talk: Talk = Talk()
    topics: Topics = Topics()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    notify: Notify = Notify()
    log: Log = Log()
    sql: Sql = Sql()
    storage: Storage = Storage()
    aws: Aws = Aws()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; flags are applied by `load`, over both."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def bot_ids(self) -> dict[str, int]:
        """Return the bots' numeric ids by name; reads their tokens.

        Raises:
            SettingsError: one is not known, or two bots are one.
        """
        names: dict[int, str] = {}
        for name, bot in self.bots.items():
            number = bot.bot_id(name)
            if number in names:
                raise SettingsError(
                    f"bots.{names[number]} and bots.{name} are one bot: both have the id {number}. Take one out of the settings, "
                    "or give it the token of another bot."
                )
            names[number] = name
        return {name: number for number, name in names.items()}

    @property
    def tables_days(self) -> int | None:
        """Days that rows are kept in the tables; None keeps them for ever.

        Raises:
            SettingsError: its two names say different numbers.
        """
        old, new = self.wrangle.keep_days, self.retention.tables_days
        if old is not None and new is not None and old != new:
            raise SettingsError(
                f"retention.tables_days = {new} and wrangle.keep_days = {old} are two names of one setting. "
                "Take wrangle.keep_days out."
            )
        return new if new is not None else old

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, loaded."""
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise SettingsError(
                f"timezone = '{self.timezone}' is not an IANA zone name such as 'America/Sao_Paulo'."
            ) from error

    @property
    def home_path(self) -> Path | None:
        """The home as a local directory, or None when it is a bucket."""
        return local_path(self.home)

    @property
    def state_path(self) -> Path:
        """The local folder of journal, lock and cache."""
        if self.state_dir is not None:
            return self.state_dir
        if self.home_path is None:
            raise SettingsError("state_dir must be set when the home is a bucket: the journal needs a local disk.")
        return self.home_path / "state"


def local_path(home: str) -> Path | None:
    """Return the directory that a home names, or None for a bucket.

    Raises:
        SettingsError: the scheme is unknown.
    """
    scheme, colon, rest = home.partition(":")
    if not colon or "/" in scheme:
        return Path(home).expanduser().absolute()
    if scheme == "file":
        return Path(unquote(urlsplit(home).path) or rest).expanduser().absolute()
    if scheme == "s3":
        return None
    raise SettingsError(f"home = '{home}' is not understood. Use file:///path, a plain path, or s3://bucket/prefix.")


def find_file(config: Path | None, home: str | None) -> Path | None:
    """Return the settings file: `--config`, else the current folder's, else the home's, else none."""
    if config is not None:
        if not config.is_file():
            raise SettingsError(f"There is no settings file at {config}.")
        return config
    places = [Path(FILE_NAME)]
    home = home or os.environ.get("TELELAKE_HOME")
    if home and (folder := local_path(home)):
        places.append(folder / FILE_NAME)
    return next((place for place in places if place.is_file()), None)


def load(config: Path | None = None, **flags: Any) -> Settings:
    """Read settings from file, environment and flags; a flag of None was not given. Nested flags use `__`.

    Raises:
        SettingsError: names the key, the file, and the nearest known key.
    """
    given = {key: value for key, value in flags.items() if value is not None}
    file = find_file(config, given.get("home"))
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")) if file else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from error
    where = f"{file} or the environment (TELELAKE_*)" if file else "the environment (TELELAKE_*)"
    try:
        settings = Settings(**values)
        for key, value in given.items():
            settings = _with(settings, key.split("__"), value)
    except ValidationError as error:
        raise SettingsError(_explain(error, where)) from error
    _refuse_unknown_variables(settings)
    if settings.capture.max_pending_bytes < settings.capture.max_body_bytes:
        raise SettingsError(
            f"capture.max_pending_bytes = {settings.capture.max_pending_bytes} is less than capture.max_body_bytes = "
            f"{settings.capture.max_body_bytes}: a body between the two would be refused for ever. Raise the first, or "
            "lower the second."
        )
    _ = settings.zone, settings.home_path
    return settings


def _refuse_unknown_variables(settings: Settings) -> None:
    named = [secret for bot in settings.bots.values() for secret in (bot.token, bot.secret)]
    secrets = {secret.env for secret in (*named, settings.privacy.pseudonyms, settings.topics.embedder_key) if secret}
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        # The name of a section's setting goes on after `__`; pydantic checks what follows.
        top = name.upper().partition("__")[0]
        if not top.startswith(ENV_PREFIX) or top in known or name in secrets or name.startswith(NOT_SETTINGS):
            continue
        near = get_close_matches(top, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known))}."
        raise SettingsError(f"The environment variable {name} is no setting; {hint} Correct it, or unset it.")


def _with(model: Any, path: list[str], value: Any) -> Any:
    """Return a copy of `model` with one value set, validated."""
    head, *tail = path
    inner = _with(getattr(model, head), tail, value) if tail else value
    return (
        type(model).model_validate(model.model_copy(update={head: inner}).model_dump())
        if not isinstance(model, Settings)
        else model.model_copy(update={head: inner})
    )


def _explain(error: ValidationError, where: str) -> str:
    lines = []
    for item in error.errors():
        path = [str(part) for part in item["loc"]]
        if item["type"] == "extra_forbidden":
            known = _known(path[:-1])
            near = get_close_matches(path[-1], known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(sorted(known))}."
            lines.append(f"Unknown setting '{'.'.join(path)}' in {where}; {hint}")
        else:
            lines.append(f"Setting '{'.'.join(path)}' in {where}: {item['msg']}.")
    return "\n".join(lines)


def _known(path: list[str]) -> Mapping[str, Any]:
    model: Any = Settings
    for part in path:
        named = {(Settings, "bots"): Bot, (Dashboard, "users"): User}.get((model, part))
        if named is not None:
            model = (named,)  # the next part is a name
        elif isinstance(model, tuple):
            model = model[0]
        else:
            model = model.model_fields[part].annotation
            model = Secret if model == (Secret | None) else model
    return {} if isinstance(model, tuple) else model.model_fields
