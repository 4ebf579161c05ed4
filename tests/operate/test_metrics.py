"""/metrics: the figures are those of the deliveries, in Prometheus' form, and reading them disturbs nobody."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from telelake.capture.counters import BOUNDS, Histogram
from telelake.capture.disk import Disk
from telelake.capture.receive import Receiver
from telelake.errors import StoreUnavailable
from telelake.operate.metrics import Metrics, Published, Recent, Sources
from telelake.settings import Capture, Settings
from telelake.stores.objects import DirectoryStore
from telelake.wiring import App
from tests.canaries import WEBHOOK_SECRET
from tests.capture.guarded import figures
from tests.conftest import LakeFolder, message

UTC_ZONE = ZoneInfo("UTC")


class Failing(Disk):
    """A disk that fails when told."""

    is_failing = False

    def sync(self, descriptor: int) -> None:
        if self.is_failing:
            raise OSError(5, "Input/output error")
        super().sync(descriptor)


class Running:
    """A receiver in a loop of its own, in another thread, as in `telelake run`."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        store = DirectoryStore(folder / "home")
        self.receiver = Receiver(
            folder / "state", store, UTC_ZONE, Capture(seal_seconds=60, seal_bytes=1 << 30), disk=disk or Disk()
        )
        self.do(self.receiver.start())
        self.metrics = Metrics(Sources(self.receiver.snapshot, bots={7: "support"}))

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def figures(self) -> dict[str, float]:
        return figures(self.metrics.text().decode())

    def close(self) -> None:
        self.do(self.receiver.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def running(tmp_path):
    made = Running(tmp_path, Failing())
    yield made
    made.close()


def stream(name: str, bot: str, source: str, what: str) -> str:
    return f'telelake_{name}{{bot="{bot}",source="{source}",what="{what}"}}'


def test_every_body_is_counted_by_bot_source_and_kind(running):
    """Updates and calls, of known bots, unknown ones and nobody's, stored and refused: each stands once, and the sums agree."""

    async def deliver() -> None:
        for number in range(5):
            await running.receiver.receive(7, "webhook", b'{"update_id":%d}' % number)
        await running.receiver.receive(8, "proxy", b"{}", is_call=True)
        await running.receiver.receive(7, "poll", b"{}")
        running.receiver.reject("secret")
        running.receiver.reject("too_large", 7, "webhook")
        running.receiver._disk.is_failing = True
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await running.receiver.receive(7, "webhook", b"{}")
        running.receiver._disk.is_failing = False

    before = time.time()
    running.do(deliver())
    found = running.figures()
    assert found[stream("received_total", "support", "webhook", "update")] == 9
    assert found[stream("stored_total", "support", "webhook", "update")] == 5
    assert found[stream("stored_total", "8", "proxy", "call")] == 1
    assert found[stream("stored_total", "support", "poll", "update")] == 1
    assert found[stream("received_total", "unknown", "unknown", "update")] == 1
    assert {key: value for key, value in found.items() if "rejected" in key} == {
        'telelake_rejected_total{reason="secret"}': 1,
        'telelake_rejected_total{reason="too_large"}': 1,
        'telelake_rejected_total{reason="unavailable"}': 3,
    }
    assert found["telelake_journal_failures_total"] == 3
    assert found["telelake_journal_failing"] == 1
    assert found["telelake_healthy"] == 0
    assert found["telelake_ack_seconds_count"] == 7
    assert found["telelake_fsync_seconds_count"] == 7
    assert 0 < found["telelake_fsync_seconds_sum"] <= found["telelake_ack_seconds_sum"]
    last = found[stream("last_received_timestamp_seconds", "support", "webhook", "update")]
    assert before - 0.001 <= last <= time.time()
    assert stream("last_received_timestamp_seconds", "unknown", "unknown", "update") not in found


def test_the_journal_tells_its_depth_and_the_age_of_its_oldest_record(tmp_path):
    """Files, bytes and the first record's age, not the last write's; nothing is left when all is sealed."""
    clock = [int((time.time() - 500) * 1e6)]
    store = DirectoryStore(tmp_path / "home")
    receiver = Receiver(
        tmp_path / "state", store, UTC_ZONE, Capture(seal_seconds=60), now=lambda: clock[0]
    )  # fmt: skip
    metrics = Metrics(Sources(receiver.snapshot))

    async def deliver() -> dict[str, float]:
        await receiver.start()
        await receiver.receive(7, "webhook", b'{"update_id":1}')
        clock[0] += 400_000_000
        await receiver.receive(7, "webhook", b"not an update")
        return await asyncio.get_running_loop().run_in_executor(None, lambda: figures(metrics.text().decode()))

    async def all_of_it() -> tuple[dict[str, float], dict[str, float]]:
        open_file = await deliver()
        await receiver.close()
        return open_file, figures(metrics.text().decode())

    waiting, sealed = asyncio.run(all_of_it())
    (size,) = [waiting["telelake_journal_bytes"]]
    assert size > len(b'{"update_id":1}') + len(b"not an update")
    assert waiting["telelake_journal_files"] == 1
    assert 499 < waiting["telelake_oldest_unsealed_seconds"] < 530
    assert waiting["telelake_sealed_records_total"] == 0
    assert (sealed["telelake_journal_files"], sealed["telelake_oldest_unsealed_seconds"]) == (0, 0)
    assert (sealed["telelake_sealed_records_total"], sealed["telelake_quarantined_total"]) == (2, 1)
    assert sealed["telelake_running"] == 0


def test_what_is_scraped_under_load_belongs_together(running):
    """A snapshot is of one moment: never are more bodies stored and rejected than received, nor stored than acknowledged."""
    over = threading.Event()

    async def load() -> None:
        async def one(number: int) -> None:
            while not over.is_set():
                await running.receiver.receive(number % 3 + 7, "webhook", b"{}")

        await asyncio.gather(*(one(number) for number in range(20)))

    loading = asyncio.run_coroutine_threadsafe(load(), running.loop)
    try:
        ends = time.monotonic() + 20
        while running.receiver.counters.stored < 1000:
            assert time.monotonic() < ends
            status = running.receiver.snapshot()
            counters = status.counters
            by_stream = counters.streams.values()
            assert counters.stored + sum(counters.rejected.values()) <= counters.received
            assert counters.received == sum(each.received for each in by_stream)
            assert counters.stored == sum(each.stored for each in by_stream) == sum(counters.ack.counts)
            assert counters.received - counters.stored <= 20
    finally:
        over.set()
        loading.result(20)
    assert running.receiver.counters.received == running.receiver.counters.stored >= 1000


def test_a_loop_that_hangs_does_not_hang_the_scrape(running):
    """When capture's loop does not come round, the figures still come, soon."""
    running.loop.call_soon_threadsafe(time.sleep, 3)
    began = time.monotonic()
    assert running.figures()["telelake_running"] == 1
    assert time.monotonic() - began < 2.5


def test_the_text_is_what_prometheus_reads(running):
    """Each family has a type and a sentence; names and units follow its conventions; histograms are cumulative and end at +Inf."""
    running.do(running.receiver.receive(7, "webhook", b"{}"))
    running.receiver.reject("secret")
    families = list(text_string_to_metric_families(running.metrics.text().decode()))
    ours = [family for family in families if family.name.startswith("telelake_")]
    assert len(ours) > 20
    for family in ours:
        assert family.documentation.endswith((".", "'")), family.name
        assert len(family.documentation) > 15
        assert family.type in {"counter", "gauge", "histogram"}
        if family.type == "histogram":
            buckets = [sample for sample in family.samples if sample.name.endswith("_bucket")]
            counts = [sample.value for sample in buckets]
            assert counts == sorted(counts)
            assert [sample.labels["le"] for sample in buckets] == [*map(str, BOUNDS), "+Inf"]
            assert counts[-1] == 1
    text = running.metrics.text().decode()
    assert "process_resident_memory_bytes" in text
    assert "process_open_fds" in text
    assert len({line for line in text.splitlines() if line.startswith("# TYPE")}) == text.count("# TYPE")


def test_buckets_have_their_upper_bounds_in_them():
    """A duration is counted in the first bucket that is not smaller; the longest have one without bound."""
    seen = Histogram()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], BOUNDS[-1] + 1):
        seen.observe(seconds)
    assert (seen.counts[0], seen.counts[1], seen.counts[-2], seen.counts[-1]) == (2, 1, 1, 1)
    copied = seen.copy()
    seen.observe(1)
    assert sum(copied.counts) == 5


def test_capture_does_not_load_the_library_of_metrics():
    """The door stays light: neither capture nor the webhook loads prometheus-client."""
    code = (
        "import sys, telelake.capture.webhook, telelake.capture.connection, telelake.capture.poll\n"
        "assert not [name for name in sys.modules if name.startswith('prometheus_client')]"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_dashboard_tells_the_lakes_figures(tmp_path):
    """On the dashboard's port: the newest release, its rows, duplicates and quarantined records, by its books."""
    lake = LakeFolder(tmp_path / "lake")
    app = App(Settings(home=str(lake.root), timezone="America/Sao_Paulo"))
    assert app.home.timezone == "America/Sao_Paulo"
    lake.add(message(1, 1), message(2, 2), message(2, 2), b"not an update")
    lake.wrangle()

    async def scrape() -> httpx.Response:
        transport = httpx.ASGITransport(app.dashboard())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/metrics")

    ends = time.monotonic() + 30
    while "telelake_release" not in (response := asyncio.run(scrape())).text:
        assert time.monotonic() < ends
    app.close()
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(response.text)
    assert found["telelake_release"] == 1
    assert (found["telelake_lake_rows"], found["telelake_lake_duplicates"], found["telelake_lake_quarantined"]) == (
        2,
        1,
        1,
    )
    assert 0 <= found["telelake_since_published_seconds"] < 60
    assert abs(found["telelake_published_timestamp_seconds"] - datetime.now(UTC).timestamp()) < 60
    assert "telelake_received_total" not in response.text, "this process does not capture"


def test_a_store_that_hangs_does_not_hang_the_scrape():
    """The lake's last known figures are told while they are read anew, and a store that is away takes none of them back."""
    slow = threading.Event()
    answers = iter([Published(1, 0.0, 0, 0, 5), StoreUnavailable("away")])

    def read() -> Published:
        answer = next(answers)
        if isinstance(answer, StoreUnavailable):
            slow.wait(5)
            raise answer
        return answer

    recent = Recent(read)
    first = recent()
    assert first is not None
    assert first.rows == 5
    recent._found_at = float("-inf")
    began = time.monotonic()
    assert recent() == first
    assert time.monotonic() - began < 3
    slow.set()
    assert recent() == first


@pytest.mark.parametrize(("command", "words"), [("run", "Dashboard:"), ("capture", "Metrics:")])
def test_a_running_telelake_tells_what_it_took(tmp_path, command, words):
    """As people run it: `run` on the dashboard's port, `capture` on its own; never on the public one, nor to another's page."""
    config = tmp_path / "telelake.toml"
    config.write_text(
        '[bots.support]\nid = 7\nsecret = { env = "BOT_SECRET" }\n[capture]\nhost = "127.0.0.1"\nport = 0\nmetrics_port = 0\n'
        "[dashboard]\nport = 0\n[schedule]\nevery_seconds = 60\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "telelake", command, "--config", str(config), "--home", str(tmp_path / "home")],
        env={**environment, "BOT_SECRET": WEBHOOK_SECRET}, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    said = ""
    try:
        assert process.stderr is not None
        while words not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        public, private = re.findall(r"http://127\.0\.0\.1:\d+", said)
        headers = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
        for number in range(3):
            post = httpx.post(f"{public}/telegram/support", json={"update_id": number}, headers=headers)
            assert post.status_code == 200
        assert httpx.post(f"{public}/telegram/support", json={}).status_code == 401
        assert httpx.get(f"{public}/metrics").status_code == 404
        assert httpx.get(f"{private}/metrics", headers={"Host": "evil.example"}).status_code == 421
        response = httpx.get(f"{private}/metrics", timeout=20)
        found = figures(response.text)
        assert found[stream("stored_total", "support", "webhook", "update")] == 3
        assert found['telelake_rejected_total{reason="secret"}'] == 1
        assert found["telelake_healthy"] == 1
        assert found["telelake_connections"] >= 0
        assert WEBHOOK_SECRET not in response.text
    finally:
        process.terminate()
        said += process.communicate(timeout=40)[1]
    assert process.returncode == 0
    assert WEBHOOK_SECRET not in said
