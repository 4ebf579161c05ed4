"""The Bot API's client: what it asks, what it makes of an answer, and that no token ever shows."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest

from telelake.errors import SettingsError, TelegramError, TelegramUnavailable
from telelake.telegram.client import BotApi
from telelake.telegram.update import update_kinds
from tests.telegram.bot_api import Server, bot_api

TOKEN = "7000000001:canary-token-8b1d_Zz"


@pytest.fixture
def server() -> Iterator[Server]:
    """A Bot API server that knows one token."""
    with bot_api(TOKEN) as running:
        yield running


def _refused(api: BotApi, error: type[TelegramError] = TelegramError) -> str:
    """Return the message of the refusal; neither it nor the traceback may show the token."""
    with pytest.raises(error) as refused:
        api.webhook_info()
    everything = "".join(traceback.format_exception(refused.value))
    assert type(refused.value) is error
    assert "canary" not in everything
    return str(refused.value)


def test_a_webhook_is_set_asked_for_and_removed(server: Server) -> None:
    """All kinds, the secret and the connections are sent; what waits is kept."""
    api = BotApi(TOKEN, f"{server.url}/")
    api.set_webhook("https://x.example/telegram/support", "s3cret", kinds=update_kinds(), max_connections=100)

    assert server.calls == [
        (
            "setWebhook",
            {
                "url": "https://x.example/telegram/support",
                "secret_token": "s3cret",
                "allowed_updates": list(update_kinds()),
                "max_connections": 100,
            },
        )
    ]
    info = api.webhook_info()
    assert (info.url, info.max_connections, info.pending_update_count) == ("https://x.example/telegram/support", 100, 3)
    assert info.allowed_updates == update_kinds()
    assert (info.last_error_date, info.last_error_message) == (None, None)

    api.delete_webhook()
    assert server.calls[-1] == ("deleteWebhook", {"drop_pending_updates": False})
    assert api.webhook_info().url == ""


def test_telegrams_description_is_told(server: Server) -> None:
    """A refusal says what Telegram said, and is not tried again."""
    server.answer = (400, b'{"ok":false,"error_code":400,"description":"Bad Request: bad webhook: IP address"}', {})
    said = _refused(BotApi(TOKEN, server.url))

    assert "getWebhookInfo of BotApi(bot 7000000001" in said
    assert "Bad Request: bad webhook: IP address" in said


def test_a_wrong_token_is_said_to_be_one(server: Server) -> None:
    """401 names what to do."""
    said = _refused(BotApi("7000000001:canary-other", server.url))

    assert "Unauthorized" in said
    assert "@BotFather" in said


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (429, b'{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":17}}', "in 17 seconds"),
        (429, b'{"ok":false,"parameters":[]}', "in some seconds"),
        (502, b"<html>Bad Gateway</html>", "HTTP 502 without a description"),
        (500, b"[]", "again later"),
    ],
)
def test_what_passes_may_be_tried_again(server: Server, status: int, body: bytes, says: str) -> None:
    """Too many requests, and a server out of order, are errors that say `retry`."""
    server.answer = (status, body, {})

    assert says in _refused(BotApi(TOKEN, server.url), TelegramUnavailable)
    assert TelegramUnavailable.retry


def test_a_redirect_is_not_followed(server: Server) -> None:
    """It would carry the token, which stands in the address, to another server."""
    with bot_api(TOKEN) as other:
        server.answer = (302, b"", {"Location": f"{other.url}/bot{TOKEN}/getWebhookInfo"})
        said = _refused(BotApi(TOKEN, server.url))

    assert "HTTP 302" in said
    assert other.calls == []


def test_an_answer_that_quotes_the_token_is_cleaned(server: Server) -> None:
    """Whatever a server says, the token is taken out of it."""
    server.answer = (400, f'{{"ok":false,"description":"no {TOKEN} here"}}'.encode(), {})

    assert "no <token> here" in _refused(BotApi(TOKEN, server.url))


def test_nobody_there(server: Server) -> None:
    """A server that does not answer is named, and may be tried again."""
    gone = BotApi(TOKEN, "http://127.0.0.1:9", timeout=5)

    assert "got no answer" in _refused(gone, TelegramUnavailable)


def test_an_answer_that_is_none(server: Server) -> None:
    """A success must be an object that says `ok`."""
    server.answer = (200, b'{"ok":true,"result":7}', {})
    assert "no object" in _refused(BotApi(TOKEN, server.url))
    server.answer = (200, b"hello", {})
    assert "HTTP 200 without a description" in _refused(BotApi(TOKEN, server.url))


@pytest.mark.parametrize("token", ["", "canary", "7000000001:canary\n", "7000000001:canary/../x", " 7:canary"])
def test_what_is_no_token_is_refused_unseen(token: str) -> None:
    """A token that would break the address, and so show in an error about it, is refused before that."""
    with pytest.raises(SettingsError) as refused:
        BotApi(token)

    assert "canary" not in str(refused.value)


def test_the_address_must_be_http() -> None:
    """`file:` and its like would read what they should not."""
    with pytest.raises(SettingsError, match="https://"):
        BotApi(TOKEN, "file:///etc")


def test_it_does_not_show_the_token() -> None:
    """Not even in its representation."""
    assert "canary" not in repr(BotApi(TOKEN))
