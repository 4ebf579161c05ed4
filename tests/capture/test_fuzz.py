"""Generated bodies through the real door: no answer but the agreed ones, and each authenticated body in the lake, once."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.canaries import WEBHOOK_SECRET
from tests.capture.capture_oracle import Found, as_stored, read_lake
from tests.capture.guarded import Guarded, Nursery, nursery, request, status_of, total
from tests.capture.hostile import LIMIT, bodies

COUNT = 100_000 if os.environ.get("TELELAKE_TEST_LONG") else 6_000
CONNECTIONS = 16
AGREED = {200, 401, 404, 405, 413, 503}


@pytest.fixture(scope="module")
def processes() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def rude(body: bytes, number: int) -> tuple[bytes, int]:
    """Return a request and the answer that it must get; one in fifty has no secret, is of another method, or goes elsewhere."""
    if number % 50 == 49:
        return request(body, WEBHOOK_SECRET[:-1]), 401
    if number % 200 == 7:
        return request(body).replace(b"POST", b"PUT", 1), 405
    if number % 200 == 107:
        return request(body).replace(b"/telegram/support", b"/telegram/support/x", 1), 404
    return request(body), 413 if len(body) > LIMIT else 200


async def post_all(server: Guarded, given_bodies: Iterable[bytes]) -> tuple[Counter[int], Counter[bytes], list[str]]:
    """Post bodies over some connections; return the answers, what was taken, and which answers were wrong."""
    statuses: Counter[int] = Counter()
    taken: Counter[bytes] = Counter()
    wrong: list[str] = []
    numbered = enumerate(given_bodies)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for number, body in numbered:
            data, expected = rude(body, number)
            writer.write(data)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(None, 2)[1])
            statuses[status] += 1
            if b"content-length: 0\r\n" not in head:
                wrong.append(f"{number}: an answer with a body")
            if status != expected:
                wrong.append(f"{number}: {status}, not {expected}: {body[:80]!r}")
            if status == 200:
                taken[body] += 1
        writer.close()

    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
    return statuses, taken, wrong


def not_found(found: Found, taken: Counter[bytes]) -> list[str]:
    """Return the bodies that lie in the lake otherwise than they were taken: in quarantine to the byte, or in raw."""
    quarantined = Counter(body for record, body in found.bodies.items() if record in found.quarantined)
    raw = Counter(body for record, body in found.bodies.items() if record not in found.quarantined)
    expected = Counter[bytes]()
    wrong = []
    for body, count in taken.items():
        if quarantined[body] == count:
            del quarantined[body]
        elif quarantined[body]:
            wrong.append(f"{quarantined[body]} of {count} in quarantine: {body[:80]!r}")
        else:
            expected[as_stored(body)] += count
    wrong += [f"never taken, in quarantine: {body[:80]!r}" for body in quarantined if quarantined[body]]
    wrong += [f"lost: {body[:80]!r}" for body in expected - raw]
    wrong += [f"never taken, in raw: {body[:80]!r}" for body in raw - expected]
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_generated_body_is_answered_and_kept(processes, tmp_path):
    """Hostile text, unknown kinds and fields, wrong types, broken JSON and UTF-8, up to 4 MiB and one byte over."""
    seed = random.randrange(1 << 32)
    server = processes.start(tmp_path, seal_bytes=8 << 20, seal_seconds=1)
    statuses, taken, wrong = asyncio.run(post_all(server, bodies(seed, COUNT)))
    assert wrong[:5] == [], (seed, len(wrong))
    assert set(statuses) <= AGREED
    assert {200, 401, 404, 405, 413} <= set(statuses)
    server.stop()
    found = read_lake(tmp_path / "home")
    assert found.twice == []
    assert not_found(found, taken)[:5] == [], seed
    counted = server.counted()
    assert counted is not None
    assert total(counted, "telelake_received_total") == statuses[200] + statuses[401] + statuses[413]
    assert total(counted, "telelake_stored_total") == statuses[200] == len(found.bodies)
    assert counted["telelake_sealed_records_total"] == len(found.bodies)
    assert counted["telelake_quarantined_total"] == len(found.quarantined)
    assert counted['telelake_rejected_total{reason="secret"}'] == statuses[401]
    assert counted['telelake_rejected_total{reason="too_large"}'] == statuses[413]
    assert len(found.quarantined) > COUNT // 20
    assert len(found.bodies) - len(found.quarantined) > COUNT // 4
    print(f"{COUNT} bodies: {dict(statuses)}, {len(found.quarantined)} in quarantine, seed {seed}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
UPDATES = st.builds(
    lambda update_id, kind, payload: json.dumps({"update_id": update_id, kind: payload}).encode(),
    st.integers(), st.sampled_from(["message", "poll", "callback_query", "unheard_of"]), JSON,
)  # fmt: skip


@pytest.mark.slow
def test_what_hypothesis_makes_is_kept_too(processes, tmp_path):
    """Bytes and JSON as hypothesis makes them, over one connection: each is 200 and lies in the lake."""
    server = processes.start(tmp_path, seal_bytes=1 << 20, seal_seconds=1)
    taken: Counter[bytes] = Counter()
    with server.connect() as connection:

        @settings(deadline=None, max_examples=150, database=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.binary(max_size=300) | UPDATES, min_size=5, max_size=15))
        def post(given_bodies: list[bytes]) -> None:
            for body in given_bodies:
                connection.sendall(request(body))
                assert status_of(connection) == 200
                taken[body] += 1

        post()
    server.stop()
    assert not_found(read_lake(tmp_path / "home"), taken) == []
    counted = server.counted()
    assert counted is not None
    assert total(counted, "telelake_stored_total") == taken.total() > 500


def test_a_lost_a_changed_and_an_invented_body_would_be_seen():
    """The check itself: it names a body that is missing, one that is altered, and one that nobody sent."""
    taken = Counter([b'{"update_id":1}', b"noise", b'{"update_id":2}'])
    fine = {"a": b'{"update_id":1}', "b": b"noise", "c": b'{"update_id":2}'}
    assert not_found(Found(dict(fine), [], {"b"}), taken) == []
    assert len(not_found(Found({"a": fine["a"], "b": fine["b"]}, [], {"b"}), taken)) == 1
    assert len(not_found(Found({**fine, "b": b"Noise"}, [], {"b"}), taken)) == 2
    assert len(not_found(Found({**fine, "d": b"{}"}, [], {"b"}), taken)) == 1
