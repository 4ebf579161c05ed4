"""A bot as Telegram knows it: its token, privacy mode, rights, webhook, kinds of updates, who else polls, what time it is.

Asks with getMe, getWebhookInfo and getChatMember, which change nothing. For a bot that is polled, and when no capture runs
here, it also listens for five seconds with getUpdates, without an offset and without `allowed_updates`: nothing is confirmed
and nothing set. Another poller is cut off by that once (Telegram gives the newer one the line), asks again, and so shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telelake.errors import SettingsError, TelegramError, TelegramUnavailable
from telelake.operate.doctor.findings import Finding
from telelake.operate.webhooks import door, left_out, same, shown
from telelake.settings import Bot
from telelake.telegram.client import BotApi, WebhookInfo

CLOCK_SECONDS, FAR_SECONDS = 10.0, 300.0
LISTEN_SECONDS = 5
"""A poller that was cut off asks again after a second or a few."""
_PILE = 100
_FAILURE_SECONDS = 3600.0
_NAMED = 5
_IN = ("administrator", "creator", "member", "restricted")


@dataclass(frozen=True, slots=True)
class Around:
    """What is known besides of the bot that is looked at."""

    public_url: str | None
    is_captured: bool
    """Whether a capture of this lake runs on this machine."""
    groups: Sequence[int] = ()
    """Chats from which the lake has had messages of this bot lately."""


def look(name: str, bot: Bot, around: Around) -> Iterator[Finding]:
    """Look at one bot."""
    about = f"bots.{name}"
    if bot.mode == "webhook":
        try:
            bot.webhook_secret(name)
        except SettingsError as error:
            yield Finding("settings", about, {"reason": str(error)})
    if bot.token is None:
        yield Finding("no_token", about, {"bot": name})
        return
    try:
        api = BotApi(bot.api_token(name), bot.api, timeout=10.0)
    except SettingsError as error:
        yield Finding("settings", about, {"reason": str(error)})
        return
    try:
        yield from _asked(name, bot, api, around)
    except TelegramUnavailable as error:
        yield Finding("telegram_away", about, {"said": str(error)})
    except TelegramError as error:
        is_token = error.status in (401, 404)
        code = "token_refused" if is_token else "telegram_refused"
        yield Finding(code, about, {"said": str(error), "variable": bot.token.env})


def _asked(name: str, bot: Bot, api: BotApi, around: Around) -> Iterator[Finding]:
    about = f"bots.{name}"
    me = api.me()
    if bot.id is not None and bot.id != me.id:
        variable = bot.token.env if bot.token else ""
        yield Finding("token_of_another", about, {"id": me.id, "wanted": bot.id, "variable": variable})
    else:
        yield Finding("token_fine", about, {"name": f"@{me.name}", "id": me.id})
    if api.clock_ahead is not None:
        yield clock(api.clock_ahead)
    yield from _rights(about, api, me.id, around.groups, is_private=not me.reads_all_group_messages)
    info = api.webhook_info()
    yield from _webhook(name, bot, info, around)
    if lacking := left_out(info):
        comes = not around.is_captured and (
            bot.mode == "poll" or (bot.mode == "webhook" and (around.public_url or not info.url))
        )
        code = "kinds_to_come" if comes else f"kinds_left_out_{bot.mode}"
        yield Finding(code, about, {"kinds": ", ".join(lacking)})
    if info.pending_update_count >= _PILE:
        yield Finding("pile", about, {"pending": info.pending_update_count})
    if bot.mode == "poll" and not info.url:
        yield _poll(about, api, is_captured=around.is_captured)


def clock(ahead: float) -> Finding:
    """Say how far this machine's clock is ahead of Telegram's, in seconds."""
    if abs(ahead) < CLOCK_SECONDS:
        return Finding("clock_fine", "clock", {"seconds": abs(ahead)})
    return Finding("clock_off" if abs(ahead) < FAR_SECONDS else "clock_far_off", "clock", {"seconds": ahead})


def _webhook(name: str, bot: Bot, info: WebhookInfo, around: Around) -> Iterator[Finding]:
    about, host = f"bots.{name}", shown(info.url)
    wanted = door(around.public_url, name) if around.public_url else None
    if bot.mode == "poll":
        if info.url:
            yield Finding("webhook_in_the_way", about, {"host": host})
        return
    if bot.mode == "proxy":
        return  # the bot's own matter
    if not info.url:
        if wanted:
            yield Finding("webhook_to_come", about, {"host": shown(wanted)})
        else:
            yield Finding("webhook_missing", about, {"bot": name})
        return
    is_ours = same(info.url, wanted) if wanted else info.url.rstrip("/").endswith(f"/telegram/{name}")
    pending = info.pending_update_count
    if not is_ours:
        yield Finding("webhook_elsewhere", about, {"host": host})
    elif info.last_error_date is not None and (ago := time.time() - info.last_error_date) < _FAILURE_SECONDS:
        said = info.last_error_message or ""
        yield Finding("webhook_failing", about, {"ago": max(0.0, ago), "said": said, "pending": pending})
    else:
        yield Finding("webhook_fine", about, {"host": host, "pending": pending})


def _rights(about: str, api: BotApi, bot_id: int, groups: Sequence[int], *, is_private: bool) -> Iterator[Finding]:
    places = {chat: _place(api, chat, bot_id) for chat in groups}
    known = {chat: place for chat, place in places.items() if place is not None}
    gone = [chat for chat, place in known.items() if place not in _IN]
    plain = [chat for chat, place in known.items() if place in ("member", "restricted")]
    is_admin_everywhere = bool(known) and not plain and len(gone) < len(known)
    if not is_private:
        yield Finding("privacy_fine", about)
    elif is_admin_everywhere:
        yield Finding("privacy_harmless", about, {"count": len(known) - len(gone)})
    else:
        yield Finding("privacy_on", about)
    if plain:
        yield Finding("not_admin", about, {"count": len(plain), "of": len(known), "chats": _named(plain)})
    elif is_admin_everywhere:
        yield Finding("rights_fine", about, {"count": len(known) - len(gone)})
    if gone:
        yield Finding("not_member", about, {"count": len(gone), "of": len(known), "chats": _named(gone)})


def _place(api: BotApi, chat: int, bot_id: int) -> str | None:
    """Return what the bot is in a chat, `left` for one that it cannot even ask about; None when Telegram does not say.

    Raises:
        TelegramUnavailable: Telegram is away.
    """
    try:
        return api.membership(chat, bot_id)
    except TelegramUnavailable:
        raise
    except TelegramError as error:
        return "left" if error.status in (400, 403) else None


def _poll(about: str, api: BotApi, *, is_captured: bool) -> Finding:
    if is_captured:
        return Finding("poll_not_tried", about)
    try:
        api.listen(LISTEN_SECONDS)
    except TelegramError as error:
        if error.status != 409:
            raise
        return Finding("other_poller", about, {"said": str(error)})
    return Finding("poll_fine", about)


def _named(chats: Sequence[int]) -> str:
    more = [f"… {len(chats) - _NAMED} more"] if len(chats) > _NAMED else []
    return ", ".join([*map(str, chats[:_NAMED]), *more])
