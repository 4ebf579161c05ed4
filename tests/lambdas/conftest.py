"""A lake's queue, bucket and secret at a stand-in for AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lambdas.cloud import Cloud, Wire, moto_server


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of a stand-in for AWS."""
    with moto_server() as address:
        yield address


@pytest.fixture
def cloud(aws: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A new queue, bucket and secret; the environment is that of the functions."""
    made = Cloud(aws)
    for key, value in made.environment.items():
        monkeypatch.setenv(key, value)
    return made


@pytest.fixture
def wire(aws: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """What lies between the functions and AWS; it can be made to fail."""
    made = Wire(aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
    yield made
    made.close()
