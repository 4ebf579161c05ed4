"""The stand-in for AWS, one for all tests here; the packages of the functions; and a maker of stacks in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.aws import zips
from tests.aws.deployed import Deployed, deploy_to
from tests.aws.standin import Standin, standin
from tests.aws.telegram import BotApi


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with `door.zip`, `seal.zip` and `wrangle.zip` for this machine's Python; kept in pytest's cache."""
    cache = getattr(pytestconfig, "cache", None)
    return zips.built(Path(cache.mkdir("aws-packages")) if cache else tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """A running stand-in."""
    with standin(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def account(aws: Standin) -> Iterator[pytest.MonkeyPatch]:
    """This process's own way to the stand-in, for the time of a module."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment().items():
            patch.setenv(name, value)
        yield patch


@pytest.fixture(scope="module")
def deploy(
    aws: Standin, account: pytest.MonkeyPatch, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Deployed]]:
    """Return a maker of stacks, each with a Telegram of its own: name, time zone and further settings of `aws`."""
    with ExitStack() as running:

        def make(name: str, zone: str = "America/Sao_Paulo", **settings: object) -> Deployed:
            folder, telegram = tmp_path_factory.mktemp(name), running.enter_context(BotApi())
            return deploy_to(aws, packages, folder, account, telegram, name, zone, settings)

        yield make
