"""Webhooks as Telegram has them: set when they differ from what is wanted, and looked at again now and then.

Telegram says nothing by itself: a webhook that another program has moved, kinds of update that it leaves out, posts that
fail and updates that pile up are seen only by who asks. It does not tell the secret either, so a changed one shows as posts
that we answered with 401.

A webhook's address may hold secrets (bots often put their token there), so of any address only scheme and host are said.
Nothing here may hold up capture: a look runs in a thread of its own, and no failure ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

import structlog

from telelake.errors import TelegramError, TelegramUnavailable, TelelakeError
from telelake.telegram.calls import NOT_BY_DEFAULT
from telelake.telegram.client import BotApi, WebhookInfo
from telelake.telegram.update import update_kinds

EVERY_SECONDS = 300.0
"""Time between two looks at a bot's webhook."""
SECOND_LOOK_SECONDS = 30.0
"""The second look comes sooner: the first posts after a start show whether Telegram has our secret."""
FIRST_PAUSE_SECONDS = 5.0
"""After a look that failed; then twice as long, up to the time between two looks, or as long as Telegram asks."""
_LONGEST_WAIT = 3600.0
_FRESH_SECONDS = 600
"""A failure older than this when we start, with nothing waiting, has passed."""
_PILE = 100
"""Fewer waiting updates are a busy minute."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a bot's webhook is to be; all kinds of update go without saying."""

    url: str
    secret: str = field(repr=False)
    max_connections: int


@dataclass(frozen=True, slots=True)
class WatchedBot:
    """A bot whose webhook is looked at."""

    name: str
    api: BotApi
    is_posted: bool
    """Whether its updates come by webhook; else they are polled, and a webhook is in the way."""
    wanted: Wanted | None = None
    """None when its webhook is not ours to set."""


def put(api: BotApi, name: str, wanted: Wanted, say: Say) -> WebhookInfo:
    """Set a bot's webhook, ask whether it is as it was set, and return what Telegram says.

    Raises:
        TelegramError: Telegram refused, or has another address afterwards.
    """
    began = int(time.time())
    api.set_webhook(wanted.url, wanted.secret, kinds=update_kinds(), max_connections=wanted.max_connections)
    info = api.webhook_info()
    if not same(info.url, wanted.url):
        raise TelegramError(
            f"Telegram says that bots.{name} posts to {shown(info.url)}, and it was set to {_without_userinfo(wanted.url)} "
            "just now. Another program sets it, too: end that one."
        )
    if lacking := left_out(info):
        say(f"Telegram does not know these kinds of update yet: {', '.join(lacking)}.")
    if info.last_error_date is not None and info.last_error_date >= began:
        say(f"Telegram could not deliver to bots.{name}: {info.last_error_message}. It tries again by itself.")
    say(
        f"Telegram posts the updates of bots.{name} to {_without_userinfo(wanted.url)}; {info.pending_update_count} wait."
    )
    return info


class WebhookWatch:
    """Looks at webhooks in a thread of its own until stopped, and says what has changed."""

    def __init__(
        self,
        bots: Sequence[WatchedBot],
        *,
        every: float = EVERY_SECONDS,
        second: float = SECOND_LOOK_SECONDS,
        pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._watched = [Watched(bot, every, second, pause) for bot in bots]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin, with a look at once."""
        if self._watched:
            self._thread.start()

    def stop(self) -> None:
        """Stop before the next look. One at hand is not waited for: it changes nothing that must be whole."""
        self._stopping.set()

    def _run(self) -> None:
        due = [0.0] * len(self._watched)
        while not self._stopping.is_set():
            for number, watched in enumerate(self._watched):
                if due[number] <= time.monotonic() and not self._stopping.is_set():
                    due[number] = time.monotonic() + watched.look()
            self._stopping.wait(max(0.0, min(due) - time.monotonic()))


class Watched:
    """One bot's webhook, and what was said of it."""

    def __init__(
        self,
        bot: WatchedBot,
        every: float = EVERY_SECONDS,
        second: float = SECOND_LOOK_SECONDS,
        pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._bot = bot
        self._every = every
        self._next = second
        self._first_pause = pause
        self._pause = 0.0
        self._failure: str | None = None
        self._accepted: WebhookInfo | None = None
        """What Telegram made of our own setting."""
        self._remarks: frozenset[str] = frozenset()
        self._has_looked = False
        self._began = time.time()
        self._failed_at: int | None = None
        self._failed_with: str | None = None
        self._pending: tuple[int, ...] = ()
        self._is_piling = False
        self._log = structlog.get_logger("telelake.webhooks").bind(bot=bot.name)

    def look(self) -> float:
        """Look once; return the seconds until the next look."""
        try:
            info = self._bot.api.webhook_info()
            if self._bot.wanted is not None:
                info = self._keep(info, self._bot.wanted)
            self._remark(_remarks(self._bot, info))
            if self._bot.is_posted:
                self._deliveries(info)
        except Exception as error:
            return self._failed(error)
        if self._failure is not None:
            self._log.info("the webhook can be looked at again")
        self._failure, self._pause = None, 0.0
        seconds, self._next = self._next, self._every
        return min(seconds, self._every)

    def _keep(self, info: WebhookInfo, wanted: Wanted) -> WebhookInfo:
        """Set the webhook when it is not as it should be; return how it is then."""
        reason = self._difference(info, wanted)
        if reason is None:
            return info
        (self._log.warning if info.url else self._log.info)("the webhook is set", reason=reason)
        # Telegram lifts a high number down, and leaves out kinds that it does not know: what it made of this is right.
        self._accepted = put(self._bot.api, self._bot.name, wanted, self._log.info)
        return self._accepted

    def _difference(self, info: WebhookInfo, wanted: Wanted) -> str | None:
        accepted = self._accepted
        if not info.url:
            return "there was none"
        if not same(info.url, wanted.url):
            return f"Telegram posted to {shown(info.url)}; another program may set it, such as the bot when it starts"
        lacking = set(left_out(info)) - set(left_out(accepted) if accepted else ())
        if lacking:
            return f"these kinds of update were left out: {', '.join(sorted(lacking))}"
        fitting = {None, wanted.max_connections, accepted.max_connections if accepted else None}
        if info.max_connections not in fitting:
            return f"max_connections was {info.max_connections}"
        # Telegram tells its last failure for ever; an old one was of another secret, or of a stranger at the address.
        is_fresh = (info.last_error_date or 0) > self._began - _FRESH_SECONDS
        if accepted is None and is_fresh and "401" in (info.last_error_message or ""):
            return "posts were answered 401; the secret may have changed"
        return None

    def _deliveries(self, info: WebhookInfo) -> None:
        """Warn of posts that fail, and of updates that pile up."""
        self._failures(info)
        pending = info.pending_update_count
        self._pending = (*self._pending[-2:], pending)
        if self._is_piling:
            self._is_piling = pending >= _PILE
            if not self._is_piling:
                self._log.info("updates pile up no more", pending=pending)
        elif len(self._pending) == 3 and self._pending[0] < self._pending[1] < pending and pending >= _PILE:
            self._is_piling = True
            self._log.warning(
                "updates pile up at Telegram: more come than are taken. Look at the disk, or raise capture.max_connections",
                pending=pending,
            )

    def _failures(self, info: WebhookInfo) -> None:
        is_first, self._has_looked = not self._has_looked, True
        before, self._failed_at = self._failed_at, info.last_error_date
        if info.last_error_date is None or info.last_error_date == before:
            if self._failed_with is not None:
                self._failed_with = None  # if the same comes again, it is news
                self._log.info("no post has failed since the last look", pending=info.pending_update_count)
            return
        seconds = max(0, int(time.time()) - info.last_error_date)
        if is_first and seconds > _FRESH_SECONDS and not info.pending_update_count:
            return  # of an earlier time, and over
        if info.last_error_message != self._failed_with:
            self._log.warning(
                "Telegram could not deliver, and tries again",
                reason=info.last_error_message, seconds_ago=seconds, pending=info.pending_update_count,
            )  # fmt: skip
        self._failed_with = info.last_error_message

    def _remark(self, remarks: frozenset[str]) -> None:
        for text in sorted(remarks - self._remarks):
            self._log.warning(text)
        if self._remarks and not remarks:
            self._log.info("the webhook is as it should be")
        self._remarks = remarks

    def _failed(self, error: Exception) -> float:
        """Say why a look failed, once; return the seconds until the next try."""
        failure = (
            str(error) if isinstance(error, TelelakeError) else f"{type(error).__name__} while looking at the webhook"
        )
        asked = error.retry_after if isinstance(error, TelegramUnavailable) else None
        if failure != self._failure:
            self._log.warning("the webhook could not be looked at, and it is tried again", reason=failure)
        self._failure = failure
        self._pause = min(max(self._pause * 2, self._first_pause), self._every)
        return min(asked, _LONGEST_WAIT) if asked else self._pause


def door(base: str, name: str) -> str:
    """Return where Telegram posts a bot's updates, below an address of ours."""
    return f"{base.rstrip('/')}/telegram/{quote(name)}"


def shown(url: str) -> str:
    """Return scheme and host of an address: the rest may be secret."""
    if not url:
        return "nothing"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _remarks(bot: WatchedBot, info: WebhookInfo) -> frozenset[str]:
    """Return what is wrong with a webhook that we do not set."""
    if not bot.is_posted:
        if not info.url:
            return frozenset()
        return frozenset({
            f"bots.{bot.name} is polled, but has a webhook at {shown(info.url)}, and Telegram gives nothing to who asks "
            "beside one. Take it away (deleteWebhook) if no other program needs it, or set mode = 'webhook'"
        })  # fmt: skip
    if bot.wanted is not None:
        return frozenset()
    if not info.url:
        return frozenset({
            f"bots.{bot.name} has no webhook: Telegram posts nothing. Set capture.public_url, or set the webhook yourself "
            f"to …/telegram/{bot.name} with its secret"
        })  # fmt: skip
    found = set()
    if unquote(urlsplit(info.url).path).rpartition("/telegram/")[2] != bot.name:
        found.add(
            f"bots.{bot.name} posts to {shown(info.url)}, which does not end in /telegram/{bot.name}. Is that this telelake? "
            "Set capture.public_url, or set the webhook yourself"
        )
    if lacking := left_out(info):
        found.add(
            f"Telegram leaves out these kinds of update of bots.{bot.name}: {', '.join(lacking)}. Set capture.public_url, or "
            "name them in allowed_updates when you set the webhook"
        )
    return frozenset(found)


def left_out(info: WebhookInfo) -> list[str]:
    """Return the kinds that Telegram does not post."""
    # An empty list is Telegram's default.
    if not info.allowed_updates:
        return sorted(NOT_BY_DEFAULT)
    return [kind for kind in update_kinds() if kind not in info.allowed_updates]


def same(one: str, other: str) -> bool:
    """Return whether two addresses are one: Telegram writes scheme and host in small letters."""
    left, right = urlsplit(one), urlsplit(other)
    return (left.scheme, left.netloc.lower(), left.path or "/", left.query) == (
        right.scheme, right.netloc.lower(), right.path or "/", right.query
    )  # fmt: skip
