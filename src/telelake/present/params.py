"""What an insight may be asked with: the filters that all share, and the few parameters of some.

Each is declared once, with how its text is read. A filter chooses rows and is NULL when it is not given; it means the
same in every insight, because only the macros of `macros.sql` read it. The others change what an insight shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from telelake.errors import SettingsError


def _day(name: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            raise ValueError(value)
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise SettingsError(f"'{name}' is '{_short(value)}', which is not a day. Write it as 2026-03-31.") from error


def _id(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
        example = (
            "a chat's id. Write its number, such as -1001234567890." if name == "chat" else "an id. Write a number."
        )
        raise SettingsError(f"'{name}' is '{_short(value)}', not {example}")
    return int(str(value))


def _week(name: str, value: Any) -> str:
    try:
        if not (match := re.fullmatch(r"(\d{4})-W(\d\d)", str(value))):
            raise ValueError(value)
        date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError as error:
        raise SettingsError(
            f"'{name}' is '{_short(value)}', which is not an ISO week. Write it as 2026-W10."
        ) from error
    return str(value)


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        if value not in choices:
            raise SettingsError(f"'{name}' is '{_short(value)}'. Use one of {', '.join(choices)}.")
        return str(value)

    return read


def _between(first: int, last: int) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", str(value)) or not first <= int(value) <= last:
            raise SettingsError(f"'{name}' is '{_short(value)}'. Write a whole number from {first} to {last}.")
        return int(value)

    return read


def _words(name: str, value: Any) -> str:
    text = " ".join(str(value).split())
    if not 1 <= len(text) <= 100:
        raise SettingsError(f"'{name}' has {len(text)} characters. Write 1 to 100.")
    return text


def _short(value: Any) -> str:
    return str(value)[:40]


GRAINS = ("hour", "day", "week", "month")
"""How long a period is; weeks are those of ISO 8601, which belong to the year of their Thursday."""
SENDERS = ("people", "customers", "attendants", "bots", "everyone")
"""People, with channels and anonymous admins; of these the persons who are no attendants, and those who are; bots, ours and
others; and all of them, which differs from nothing where an insight chooses people by itself."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter."""

    name: str
    en: str
    """What it does, in one sentence."""
    pt: str
    read: Callable[[str, Any], Any]
    """Return the typed value of a text, or raise SettingsError."""
    is_filter: bool = True
    """Whether it chooses rows; one that does not has a default in the insight's header."""
    choices: tuple[str, ...] = ()


_DECLARED = (
    Param("from", "First day.", "Primeiro dia.", _day),
    Param("to", "Last day, included.", "Último dia, incluído.", _day),
    Param("chat", "Only this chat, before and after its migration.", "Só este chat, antes e depois da migração.", _id),
    Param("week", "Only this ISO week, such as 2026-W10.", "Só esta semana ISO, como 2026-W10.", _week),
    Param("who", "Who wrote: people, of these customers or attendants; bots; everyone.",
          "Quem escreveu: pessoas, destas clientes ou atendentes; bots; todos.", _one_of(*SENDERS), choices=SENDERS),
    Param("topic", "Only questions of this topic, by its id.", "Só perguntas deste assunto, pelo seu id.", _id),
    Param("hour", "Only this local hour, 0 to 23.", "Só esta hora local, 0 a 23.", _between(0, 23)),
    Param("weekday", "Only this weekday, 1 for Monday to 7.", "Só este dia da semana, 1 (segunda) a 7.", _between(1, 7)),
    Param("grain", "Length of a period.", "Tamanho do período.", _one_of(*GRAINS), is_filter=False, choices=GRAINS),
    Param("words", "Words to look for, in any case, with or without accents.",
          "Palavras a buscar, maiúsculas ou não, com ou sem acentos.", _words, is_filter=False),
    Param("silent", "Days of silence.", "Dias de silêncio.", _between(1, 3660), is_filter=False),
)  # fmt: skip
PARAMS: Mapping[str, Param] = {each.name: each for each in _DECLARED}
"""All parameters by name; the filters first."""
FILTERS: tuple[str, ...] = tuple(name for name, each in PARAMS.items() if each.is_filter)
"""What a page may filter all its insights by; an insight's own `params` say which of them mean something there."""


def checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters with their values, typed; those not given are None.

    Raises:
        SettingsError: says which one is wrong and what to write.
    """
    if unknown := sorted(set(params) - set(PARAMS)):
        raise SettingsError(f"There is no parameter '{unknown[0]}'. Known: {', '.join(PARAMS)}.")
    values: dict[str, Any] = {}
    for name, each in PARAMS.items():
        value = params.get(name)
        values[name] = None if value in (None, "") else each.read(name, value)
    if values["from"] and values["to"] and values["from"] > values["to"]:
        raise SettingsError(f"'from' ({values['from']}) is after 'to' ({values['to']}). Swap them; both are included.")
    return values


def written(sql: str, params: Mapping[str, Any]) -> str:
    """Return SQL with each `$name` replaced by its value, so that it can be pasted, and planned: a filter that is not
    given, and all that only it needs, is gone before the query runs; a `$name` would stay unknown until then.

    >>> written("SELECT $chat, $from, $who", {"chat": -5, "from": None, "who": "o'x"})
    "SELECT -5, NULL, 'o''x'"
    """
    return re.sub(r"\$([a-z_]+)\b", lambda found: _literal(params[found[1]]), sql)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(value)
    text = "'" + str(value).replace("'", "''") + "'"
    if isinstance(value, datetime):
        return f"TIMESTAMP {text}"
    return f"DATE {text}" if isinstance(value, date) else text
