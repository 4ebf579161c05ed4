"""A Telegram of our own, with the real server's rules of delivery; what they are stands in `README.md` beside this.

    with TelegramServer() as telegram:
        bot = telegram.bot("7000000001:any-secret")
        ...                                    # run a bot against telegram.url
        bot.say(GROUP, ANA, "bom dia")
        bot.wait(lambda: bot.called("sendMessage"))

Pure Python, in a thread of the test's process. A test drives it through `Bot` (`driver.py`), moves its `clock`, makes
it fail by `fail`, and compares what it saw (`bot.calls`, `bot.deliveries`, `bot.lost`) with what is in a lake.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.telegram.server.account import Account, Rules
from tests.telegram.server.api import Api
from tests.telegram.server.clock import Clock
from tests.telegram.server.driver import Bot
from tests.telegram.server.faults import Fault
from tests.telegram.server.listener import Listener, Request, Response
from tests.telegram.server.loop import Hook, Loop
from tests.telegram.server.methods import Asked
from tests.telegram.server.people import Chat, User

__all__ = [
    "ANA",
    "BIA",
    "GROUP",
    "OTHER_GROUP",
    "Bot",
    "Chat",
    "Clock",
    "Fault",
    "Hook",
    "Request",
    "Response",
    "Rules",
    "TelegramServer",
    "User",
]

ANA = User(11, "Ana", "ana_ficticia")
BIA = User(12, "Bia")
GROUP = Chat(-1001000000001, "supergroup", "Suporte")
OTHER_GROUP = Chat(-1001000000002, "supergroup", "Vendas")

_T = TypeVar("_T")


class TelegramServer:
    """The server. Its loop runs in a thread; every method here is for the test's own."""

    def __init__(self, *, clock: Clock | None = None, rules: Rules | None = None) -> None:
        self.clock = clock or Clock()
        self.rules = rules or Rules()
        self._api = Api(self.clock)
        self._numbers: dict[int, int] = {}
        self._loop = Loop("telegram")
        self._listener = Listener(self._api.handle)

    def __enter__(self) -> Self:
        self.clock.belongs_to(self._loop.loop)
        self._loop.wait(self._listener.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._loop.wait(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        await self._listener.stop()
        for account in self._api.accounts.values():
            await account.close_webhook()

    @property
    def url(self) -> str:
        """Return the address to point a bot's API base at."""
        return f"http://127.0.0.1:{self._listener.port}"

    def bot(self, token: str, *, username: str = "suporte_bot", is_test: bool = False) -> Bot:
        """Return the bot of a token, which is made when it is new; with `is_test` that of Telegram's test server."""
        key = f"{token}/test" if is_test else token

        def make() -> Account:
            if key not in self._api.accounts:
                self._api.accounts[key] = Account(
                    token, self.clock, self.rules, self._numbers, username=username, execute=self._api.execute
                )
            return self._api.accounts[key]

        return Bot(self, self.run(make))

    def fail(self, fault: Fault) -> Fault:
        """Have something go wrong; set its `times` to 0 to end it."""
        self.run(lambda: self._api.faults.append(fault))
        return fault

    @property
    def requests(self) -> list[Request]:
        """Return all requests that came."""
        return self.run(lambda: list(self._api.requests))

    def go_away(self) -> None:
        """Hang up on everyone, and answer nobody until `come_back`."""
        self._loop.wait(self._listener.stop())

    def come_back(self) -> None:
        """Answer again, at the same address."""
        self._loop.wait(self._listener.start())

    def run(self, act: Callable[[], _T]) -> _T:
        """Run something in the server's loop, where all that it knows lives."""
        return self._loop.run(act)

    def call(self, account: Account, method: str, fields: dict[str, Any]) -> None:
        """Set or take away a webhook, as a call would.

        Raises:
            RefusedError: as the call would be.
        """
        asked = Asked({name: str(value) for name, value in fields.items()}, ())
        self._loop.wait(account.set_webhook(asked, is_deletion=method == "deleteWebhook"))
