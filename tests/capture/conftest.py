"""What the tests of the recording proxy share; see `proxied`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from proxied import BotApi, serving


@pytest.fixture
def api() -> BotApi:
    """A scripted Bot API."""
    return BotApi()


@pytest.fixture
def api_port(api: BotApi) -> Iterator[int]:
    """The port on which it runs."""
    with serving(api) as port:
        yield port
