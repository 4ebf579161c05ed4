"""What a lake tells people by itself, in a chat: a digest of the day before, and alerts.

Looked at after each run of the schedule. What was told is kept in the local state, and noted after Telegram took it:
whoever is cut off in between tells it once more, and nothing is left untold. Where the note is lost, the newest
digest and what is still the case are told once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from telelake.present.digest import SHOWN, digest, waits
from telelake.present.insight import insight, run

if TYPE_CHECKING:
    from telelake.ports import Notifier
    from telelake.present.query import Lake
    from telelake.settings import Notify

NAME = "told.json"
_WEEK = 7
_TEXTS = {
    "en": {
        "waiting": "Questions that have waited for more than {minutes} minutes: {count}",
        "spike": "Asked suddenly: {topic}, {count} times today, {usual:.1f} on an average day of the week before",
        "silent": "No update has come for {hours} h, since {since:%Y-%m-%d %H:%M} UTC. Is capture running? telelake status",
        "quarantined": "New bodies that could not be read: {count}. They are kept: telelake status, telelake replay",
    },
    "pt": {
        "waiting": "Perguntas que esperam há mais de {minutes} minutos: {count}",
        "spike": "Pergunta repentina: {topic}, {count} vezes hoje, {usual:.1f} num dia médio da semana anterior",
        "silent": "Nenhum update chega há {hours} h, desde {since:%d/%m/%Y %H:%M} UTC. A captura está de pé? telelake status",
        "quarantined": "Novos corpos que não puderam ser lidos: {count}. Estão guardados: telelake status, telelake replay",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What is looked at beside the tables' own answers."""

    is_made_up: bool
    last_received_at: datetime | None
    quarantined: int
    """Bodies that could not be read, of all days."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told."""

    digest: str = ""
    """The last day that was summed up."""
    waiting: Sequence[str] = ()
    """Questions, by `question_id`, that were told of and still wait."""
    spikes: Sequence[str] = ()
    """Topics, as day and id, told of in the last days."""
    silence: str = ""
    """The receipt after which a silence was told of."""
    quarantined: int | None = None
    """Bodies that could not be read, as of the last look; None before the first, which tells of none."""


@dataclass(slots=True)
class Notices:
    """Tells one chat of one lake; see the module."""

    to: Notifier
    settings: Notify
    zone: ZoneInfo
    state: Path
    told: Told = field(init=False)

    def __post_init__(self) -> None:
        self.told = _read(self.state / NAME)

    def tell(self, lake: Lake, facts: Facts, now: datetime) -> None:
        """Tell what there is to tell at a moment (UTC).

        Raises:
            TelegramError: it was not taken; what is still true is told at the next look.
        """
        if self.settings.alerts:
            self._alert(lake, facts, now)
        yesterday = now.astimezone(self.zone).date() - timedelta(days=1)
        is_time = now.astimezone(self.zone).hour >= self.settings.digest_hour
        if self.settings.digest and is_time and self.told.digest != yesterday.isoformat():
            made = digest(lake, yesterday, self.settings.lang, self.settings.charts, is_made_up=facts.is_made_up)
            self.to.text(made.html)
            self._note(digest=yesterday.isoformat())  # a picture that is refused must not bring the words again
            if made.pictures:
                self.to.pictures(made.pictures)

    def _alert(self, lake: Lake, facts: Facts, now: datetime) -> None:
        texts = _TEXTS[self.settings.lang]
        rows = self._waiting(lake, now)
        if new := [row for row in rows if row["question_id"] not in self.told.waiting]:
            head = texts["waiting"].format(count=len(new), minutes=self.settings.waiting_minutes)
            self.to.text("\n".join([f"⏳ <b>{head}</b>", *waits(new[-SHOWN:], self.settings.lang)]))
        self._note(waiting=[row["question_id"] for row in rows])
        today = now.astimezone(self.zone).date()
        for topic_id, topic, count, usual in self._spikes(lake, today):
            key = f"{today}/{topic_id}"
            if key not in self.told.spikes:
                self.to.text(f"📈 {texts['spike'].format(topic=escape(topic), count=count, usual=usual)}")
                kept = [each for each in self.told.spikes if each.startswith(str(today))]
                self._note(spikes=[*kept, key])
        self._silence(facts, now, texts["silent"])
        if self.told.quarantined is not None and facts.quarantined > self.told.quarantined:
            self.to.text(f"⚠️ {texts['quarantined'].format(count=facts.quarantined - self.told.quarantined)}")
        self._note(quarantined=facts.quarantined)

    def _waiting(self, lake: Lake, now: datetime) -> list[dict[str, Any]]:
        """Return the questions of the last week that have waited too long by the clock, not by the lake's last message."""
        first = now.astimezone(self.zone).date() - timedelta(days=_WEEK)
        rows = run(lake, insight("unanswered_queue"), {"from": first}).records()
        waited = [row | {"waiting_seconds": int((now - row["asked_at"]).total_seconds())} for row in rows]
        return [row for row in waited if row["waiting_seconds"] >= 60 * self.settings.waiting_minutes]

    def _spikes(self, lake: Lake, today: date) -> list[tuple[int, str, int, float]]:
        """Return topics that are asked of suddenly: id, name, questions today, questions on an average day before."""
        asked = {"from": today - timedelta(days=_WEEK), "to": today}
        before: dict[int, int] = {}
        now: dict[int, tuple[str, int]] = {}
        for row in run(lake, insight("topics_over_time"), asked | {"grain": "day"}).records():
            if row["topic_id"] is None:
                continue
            if row["period"].date() == today:
                now[row["topic_id"]] = (row["topic"], row["questions"])
            else:
                before[row["topic_id"]] = before.get(row["topic_id"], 0) + row["questions"]
        found = [(topic_id, topic, count, before.get(topic_id, 0) / _WEEK) for topic_id, (topic, count) in now.items()]
        least, times = self.settings.spike_least, self.settings.spike_times
        return [each for each in found if each[2] >= max(least, times * each[3])]

    def _silence(self, facts: Facts, now: datetime, text: str) -> None:
        last = facts.last_received_at
        if last is None or now - last < timedelta(hours=self.settings.silent_hours):
            return
        if self.told.silence != last.isoformat():
            self.to.text(f"🔇 {text.format(hours=int((now - last).total_seconds() // 3600), since=last)}")
            self._note(silence=last.isoformat())

    def _note(self, **news: Any) -> None:
        self.told = Told(**(_plain(self.told) | news))
        self.state.mkdir(parents=True, exist_ok=True)
        part = self.state / f"{NAME}.part"
        part.write_text(json.dumps(_plain(self.told)), encoding="utf-8")
        part.replace(self.state / NAME)


def _plain(told: Told) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Told.__dataclass_fields__}


def _read(file: Path) -> Told:
    """Return what was told; nothing where the note is missing or damaged."""
    try:
        found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Told(**found)
    except (OSError, ValueError, TypeError):
        return Told()
