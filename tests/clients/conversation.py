"""What the tests' bots do, each in its own framework, and a talk with one of them.

A bot answers `/start` with a button, the button's press with a notice and an edit, a text with an echo, a photo or
document with its bytes, downloaded and sent back; `/album` with two photos of its own; `/nowhere` with the reason for
which Telegram refuses a message to a chat that does not exist. Of each update that reaches it, it prints the kind.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.telegram.server import ANA, BIA, GROUP, Bot

TOKEN = "7000000001:canary-client-8b1d_Zz"
PHOTO, DOCUMENT = b"canary-download-photo" * 50, bytes(range(256)) * 1500 + b"canary-download-document"
UPLOADED = (b"canary-upload", b"canary-download")
"""What must not be found in a lake: the beginnings of files that went up and down."""


def talk(bot: Bot) -> None:
    """Talk with a bot that is there, and wait for each answer: so all calls come in one order."""
    private = ANA.private
    bot.say(private, ANA, "/start")
    (hello,) = _after(bot, "sendMessage", 1)
    bot.react(private, ANA, hello["message_id"], "👍")
    bot.press(ANA, hello)
    _after(bot, "editMessageText", 1)
    bot.say(private, ANA, "bom dia, acentuação e 😀")
    _after(bot, "sendMessage", 2)
    bot.say(GROUP, BIA, "no grupo também")
    _after(bot, "sendMessage", 3)
    bot.show(private, ANA, PHOTO, "foto.jpg")
    _after(bot, "sendDocument", 1)
    bot.show(private, ANA, DOCUMENT, "conta.bin", caption="a conta")
    _after(bot, "sendDocument", 2)
    bot.say(private, ANA, "/album")
    _after(bot, "sendMediaGroup", 1)
    bot.join(GROUP, ANA)
    bot.say(private, ANA, "/nowhere")
    _after(bot, "sendMessage", 5)
    bot.wait_until_delivered()


def _after(bot: Bot, method: str, count: int) -> list[Any]:
    """Wait for so many calls of a method; return the results of those that did something."""
    bot.wait(lambda: len(bot.called(method)) >= count)
    return [call.answer["result"] for call in bot.called(method) if call.status == 200]


def behaviour(bot: Bot) -> list[Any]:
    """Return all that a bot did, in a form that two talks share: without clocks, addresses and fetching."""
    return [
        (
            call.method,
            call.via,
            {name: _read(value) for name, value in call.parameters.items() if not _differs(call.method, name)},
            [(each.name, each.mime_type, hashlib.sha256(each.content).hexdigest()) for each in call.uploads],
            call.status,
            _without_clock(call.answer),
        )
        for call in bot.calls
        if call.method != "getUpdates"
    ]  # fmt: skip


def _differs(method: str, name: str) -> bool:
    """Say whether telelake may change a parameter: where updates go, and which."""
    return method == "setWebhook" and name in ("url", "secret_token", "allowed_updates", "max_connections")


def _read(value: str) -> Any:
    try:
        return _without_clock(json.loads(value))
    except ValueError:
        return _without_clock(value)


def _without_clock(value: Any) -> Any:
    """Leave out dates, and names that a framework makes up anew each time."""
    if isinstance(value, dict):
        return {name: _without_clock(each) for name, each in value.items() if name not in ("date", "edit_date")}
    if isinstance(value, list):
        return [_without_clock(each) for each in value]
    return "attach://…" if isinstance(value, str) and value.startswith("attach://") else value
