"""`telelake doctor`: each thing that can be wrong is found, explained in both languages, and no secret is said."""

from __future__ import annotations

import json
import os
import string
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from telelake import cli
from telelake.capture.frames import Entry, FileName, encode
from telelake.capture.journal import Journal
from telelake.errors import TelegramError
from telelake.operate.doctor import bots, lake, machine
from telelake.operate.doctor.findings import EXIT_CODES, Diagnosis, Finding, Verdict
from telelake.operate.doctor.words import CODES
from telelake.settings import Bot, Secret, load
from telelake.stores.objects import DirectoryStore
from telelake.telegram.client import BotApi
from telelake.wiring import App
from telelake.wrangle.graph import RawDay, RawListing
from tests.conftest import LakeFolder, message
from tests.stores.buckets import new_bucket
from tests.telegram.server import ANA, GROUP, OTHER_GROUP, Fault, Rules, TelegramServer

TOKEN = "7000000001:canary-doctor-token-Zz9_"
SECRET = "canary-doctor-secret"
FINE_MOUNT = machine.Mount("ext4", frozenset({"rw", "relatime"}))


@dataclass(frozen=True)
class Said:
    """What the command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def codes(self) -> dict[str, dict[str, Any]]:
        """Return the findings by their code."""
        return {each["code"]: each for each in json.loads(self.out)["findings"]}


Doctor = Callable[..., Said]


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """A Telegram that knows the bot."""
    with TelegramServer(rules=Rules(slows_repeats=False)) as running:
        running.bot(TOKEN)
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> LakeFolder:
    """A lake with messages of two groups of these days, built. Who spoils it puts it right again."""
    return make(tmp_path_factory.mktemp("doctor") / "lake")


@contextmanager
def spoilt(path: Path, data: bytes | None) -> Iterator[None]:
    """Have a file hold something else, or be gone."""
    whole = path.read_bytes()
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(whole)


def make(root: Path) -> LakeFolder:
    """Make such a lake."""
    found = LakeFolder(root)
    found.store.put("lake.json", json.dumps({"format": 1, "timezone": str(found.zone)}).encode())
    now = datetime.now(UTC)
    date = int(now.timestamp())
    for number, chat in enumerate((GROUP, OTHER_GROUP, GROUP)):
        found.add(message(number + 1, number + 1, chat=chat.fields(), date=date), at=now)
    built(found)
    return found


def built(lake: LakeFolder) -> None:
    """Build what is due, as `telelake wrangle` does."""
    App(load(home=str(lake.root))).wrangle_due()


@pytest.fixture
def doctor(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    telegram: TelegramServer,
    request: pytest.FixtureRequest,
) -> Doctor:
    """`telelake doctor` with a bot at the stand-in; `mode`, and what stands in the settings besides."""
    monkeypatch.chdir(tmp_path)
    shared = request.getfixturevalue("made").root if "made" in request.fixturenames else tmp_path / "lake"
    for name in [name for name in os.environ if name.startswith("TELELAKE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOCTOR_TOKEN", TOKEN)
    monkeypatch.setenv("DOCTOR_SECRET", SECRET)
    monkeypatch.setattr(bots, "LISTEN_SECONDS", 1)

    def call(*arguments: Any, mode: str = "webhook", bot: str = "", more: str = "", home: Path = shared) -> Said:
        (tmp_path / "telelake.toml").write_text(
            f'home = "{home}"\n{more}\n[bots.support]\ntoken = {{ env = "DOCTOR_TOKEN" }}\n'
            f'secret = {{ env = "DOCTOR_SECRET" }}\nmode = "{mode}"\napi = "{telegram.url}"\n{bot}\n'
        )
        monkeypatch.setattr(sys, "argv", ["telelake", "doctor", *map(str, arguments)])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capsys.readouterr()
        assert "canary" not in out + err
        return Said(code, out, err)

    return call


def webhook(telegram: TelegramServer, url: str, **more: Any) -> None:
    """Set the bot's webhook, as another program would."""
    api = BotApi(TOKEN, telegram.url)
    api.set_webhook(url, SECRET, kinds=more.pop("kinds", ["message", "chat_member"]), max_connections=1)


# Words


def test_every_code_is_said_in_both_languages() -> None:
    """With the same facts, none of them missing; what is wrong says what to do."""
    names = lambda text: {each for _, each, _, _ in string.Formatter().parse(text) if each}  # noqa: E731
    for code, found in CODES.items():
        (en, en_do), (pt, pt_do) = found.said["en"], found.said["pt"]
        assert names(en) == names(pt), code
        assert names(en_do) == names(pt_do), code
        assert bool(en_do) == bool(pt_do), code
        if found.grade in ("warning", "error") and code not in ("settings", "telegram_refused"):
            assert en_do, f"{code} says nothing to do"


@pytest.mark.parametrize(
    ("codes", "verdict", "exit_code"),
    [
        ((), Verdict.FINE, 0),
        (("no_lake", "privacy_fine"), Verdict.FINE, 0),
        (("privacy_fine", "privacy_on"), Verdict.WARNING, 3),
        (("not_admin", "webhook_missing", "privacy_on"), Verdict.ERROR, 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(codes: tuple[str, ...], verdict: Verdict, exit_code: int) -> None:
    """0 also with notes, 3 with warnings, 1 with errors."""
    found = Diagnosis([Finding(code, "bots.support") for code in codes])
    assert (found.verdict, EXIT_CODES[found.verdict]) == (verdict, exit_code)


def test_a_secret_in_a_fact_is_not_said() -> None:
    """Whatever a look heard: a known secret, and what looks like a token, are taken out, in text and in JSON."""
    heard = f"refused https://host/bot{TOKEN}/x with canary-doctor-secret, and 123456:AAbbCCddEEffGGhhIIjjKKll"
    finding = Finding("telegram_refused", f"bots {SECRET}", {"said": heard})
    found = Diagnosis([finding], [SECRET, TOKEN])
    told = json.dumps(found.as_json("en")) + "".join(found.told(finding, "pt"))
    assert "canary" not in told
    assert "AAbbCC" not in told
    assert "<secret>" in told
    twin = Diagnosis([finding], [])  # without the list only what has the form of a token goes
    assert "canary-doctor-secret" in json.dumps(twin.as_json("en"))


# Bots


def test_a_healthy_bot(doctor: Doctor, telegram: TelegramServer, made: LakeFolder) -> None:
    """Token, clock, privacy, rights and lake are fine, and said so; a webhook that `run` will set is a note."""
    telegram.bot(TOKEN).stands("administrator", GROUP, OTHER_GROUP)
    said = doctor("--json", more='[capture]\npublic_url = "https://lake.example"')
    found = said.codes
    assert {
        "token_fine",
        "clock_fine",
        "privacy_fine",
        "rights_fine",
        "webhook_to_come",
        "kinds_to_come",
    } <= found.keys()
    assert {"lake_fine", "segments_fine", "tables_fine", "catalog_fine", "fresh"} <= found.keys()
    assert found["token_fine"]["facts"] == {"name": "@suporte_bot", "id": 7000000001}
    assert found["rights_fine"]["facts"] == {"count": 2}
    assert [each for each in found.values() if each["grade"] == "error"] == []
    assert {each.method for each in telegram.bot(TOKEN).calls} == {"getMe", "getWebhookInfo", "getChatMember"}


@pytest.mark.parametrize("lang", ["en", "pt"])
def test_it_is_told_to_people(doctor: Doctor, made: LakeFolder, lang: str) -> None:
    """What was found and what to do go to stdout, a sentence to stderr, in the language asked for."""
    said = doctor("--lang", lang)
    assert said.code == 1
    words = {
        "en": ("ERROR", "none is set", "→ Set capture.public_url", "Something is wrong."),
        "pt": ("ERRO", "nenhum está definido", "→ Defina capture.public_url", "Há algo errado."),
    }[lang]
    assert all(each in said.out for each in words[:3])
    assert said.err == f"{words[3]}\n"


def test_a_token_that_telegram_does_not_know(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one of a wrong form, one that is not there, and none at all."""
    monkeypatch.setenv("DOCTOR_TOKEN", "7000000009:canary-unknown-token-Zz9_")
    refused = doctor("--json")
    assert (refused.code, refused.codes["token_refused"]["facts"]["variable"]) == (1, "DOCTOR_TOKEN")
    monkeypatch.setenv("DOCTOR_TOKEN", "canary")
    assert "has the form" not in doctor("--json").out
    assert "is not of the form 123456:ABC" in doctor("--json").codes["settings"]["what"]
    monkeypatch.delenv("DOCTOR_TOKEN")
    assert "DOCTOR_TOKEN is not set" in doctor("--json").codes["settings"]["what"]


def test_a_webhook_without_its_secret(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that Telegram would not take is said before Telegram is asked."""
    monkeypatch.setenv("DOCTOR_SECRET", "canary secret")
    assert "must be 1-256 characters" in doctor("--json").codes["settings"]["what"]


def test_telegram_away(doctor: Doctor, telegram: TelegramServer) -> None:
    """The network is out: said as an error, the rest is looked at all the same; --offline does not ask."""
    telegram.go_away()
    said = doctor("--json")
    assert (said.code, {"telegram_away", "no_lake", "versions"} <= said.codes.keys()) == (1, True)
    assert "telegram_away" not in doctor("--json", "--offline").codes
    telegram.come_back()


def test_a_refusal_is_told_as_telegram_words_it(telegram: TelegramServer) -> None:
    """What is neither the token nor the network."""
    telegram.fail(Fault("getMe", status=403, description="Forbidden: other words"))
    assert [
        "other words" in str(each.facts["said"]) for each in _look(telegram) if each.code == "telegram_refused"
    ] == [True]


def test_privacy_mode_and_rights(doctor: Doctor, telegram: TelegramServer, made: LakeFolder) -> None:
    """A plain member with privacy mode on sees next to nothing; an admin everywhere sees all; who was thrown out is told."""
    bot = telegram.bot(TOKEN)
    bot.set_privacy(is_on=True)
    bot.stands("member", GROUP)
    bot.stands("administrator", OTHER_GROUP)
    found = doctor("--json").codes
    assert found["privacy_on"]["grade"] == "warning"
    assert found["not_admin"]["facts"] == {"count": 1, "of": 2, "chats": str(GROUP.id)}
    bot.stands("administrator", GROUP)
    found = doctor("--json").codes
    assert found["privacy_harmless"]["facts"] == {"count": 2}
    assert not {"privacy_on", "not_admin"} & found.keys()
    bot.stands("kicked", GROUP)
    assert doctor("--json").codes["not_member"]["facts"] == {"count": 1, "of": 2, "chats": str(GROUP.id)}


def test_chats_that_are_pseudonyms_are_not_asked_about(
    doctor: Doctor, telegram: TelegramServer, made: LakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram would know none of them."""
    monkeypatch.setenv("DOCTOR_KEY", "canary-key-0123456789abcdef0123456789")
    doctor("--json", more='[privacy]\npseudonyms = { env = "DOCTOR_KEY" }')
    assert telegram.bot(TOKEN).called("getChatMember") == []


@pytest.mark.parametrize("mode", ["webhook", "poll"])
def test_webhooks_that_are_in_the_way_or_elsewhere(doctor: Doctor, telegram: TelegramServer, mode: str) -> None:
    """Beside a webhook polling gets 409; one that leads elsewhere brings nothing here. Only the host is said."""
    webhook(telegram, "https://bot.example/canary-path")
    found = doctor("--json", mode=mode).codes
    assert ("webhook_in_the_way" in found, "webhook_elsewhere" in found) == (mode == "poll", mode == "webhook")
    assert "https://bot.example/…" in json.dumps(list(found.values()), ensure_ascii=False)


def test_a_webhook_of_ours(doctor: Doctor, telegram: TelegramServer) -> None:
    """It is fine; what it leaves out, posts that failed and updates that pile up are told."""
    public = '[capture]\npublic_url = "https://lake.example"'
    webhook(telegram, "https://lake.example/telegram/support")
    fine = doctor("--json", more=public).codes
    left = doctor("--json").codes["kinds_left_out_webhook"]
    telegram.fail(Fault("getWebhookInfo", raw=json.dumps({"ok": True, "result": {
        "url": "https://lake.example/telegram/support", "pending_update_count": 300,
        "last_error_date": int(time.time()) - 60, "last_error_message": f"401 {TOKEN}",
    }}).encode()))  # fmt: skip
    failing = doctor("--json", more=public).codes
    assert {"webhook_fine", "kinds_to_come"} <= fine.keys()
    assert "message_reaction" in left["facts"]["kinds"]
    assert failing["webhook_failing"]["facts"]["pending"] == 300
    assert failing["pile"]["facts"] == {"pending": 300}


def test_a_proxied_bots_webhook_is_its_own_matter(doctor: Doctor, telegram: TelegramServer) -> None:
    """But kinds that it leaves out are told."""
    webhook(telegram, "https://bot.example/x")
    found = doctor("--json", mode="proxy").codes
    assert "kinds_left_out_proxy" in found
    assert not {"webhook_elsewhere", "webhook_missing", "webhook_in_the_way"} & found.keys()


def test_another_poller_is_found(doctor: Doctor, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut off, asks again, and so cuts off the doctor; updates and the wanted kinds stay as they were."""
    bot = telegram.bot(TOKEN)
    alone = doctor("--json", mode="poll").codes
    ended = threading.Event()

    def poll() -> None:
        while not ended.is_set():
            try:
                BotApi(TOKEN, telegram.url).get_updates(None, kinds=["message"], seconds=20)
            except TelegramError:
                time.sleep(0.1)

    other = threading.Thread(target=poll)
    other.start()
    bot_has_asked = time.monotonic() + 10
    while not bot.allowed and time.monotonic() < bot_has_asked:
        time.sleep(0.05)
    time.sleep(0.2)
    monkeypatch.setattr(bots, "LISTEN_SECONDS", 10)
    beside = doctor("--json", mode="poll").codes
    ended.set()
    bot.say(GROUP, ANA, "oi")
    other.join(30)
    assert ("poll_fine" in alone, "other_poller" in beside) == (True, True)
    assert "terminated by other getUpdates" in beside["other_poller"]["facts"]["said"]
    assert bot.allowed == {"message"}


def test_listening_confirms_nothing(doctor: Doctor, telegram: TelegramServer) -> None:
    """What waits at Telegram still waits after a visit."""
    bot = telegram.bot(TOKEN)
    said = bot.say(GROUP, ANA, "oi")
    assert "poll_fine" in doctor("--json", mode="poll").codes
    assert bot.pending == [said.update_id]


def test_a_capture_at_work_is_not_disturbed(doctor: Doctor, telegram: TelegramServer, made: LakeFolder) -> None:
    """While one polls here nobody else asks; the journal's lock is only looked at."""
    journal = Journal(made.root / "state" / "journal", seal_bytes=1 << 20)
    assert "poll_not_tried" in doctor("--json", mode="poll").codes
    assert telegram.bot(TOKEN).called("getUpdates") == []
    journal.close()
    assert not lake.is_captured(made.root / "state" / "journal")
    assert "poll_fine" in doctor("--json", mode="poll").codes


@pytest.mark.parametrize(
    ("ahead", "code"), [(0, "clock_fine"), (-90, "clock_off"), (90, "clock_off"), (7200, "clock_far_off")]
)
def test_a_clock_that_is_wrong(telegram: TelegramServer, ahead: int, code: str) -> None:
    """By the Date of Telegram's answer, and by how much."""
    telegram.clock.advance(-ahead)
    found = {each.code: each for each in _look(telegram)}
    assert abs(float(found[code].facts["seconds"]) - ahead) < 3


def test_the_token_of_another_bot(telegram: TelegramServer) -> None:
    """The id in the settings is what records are filed under."""
    found = {each.code: each for each in _look(telegram, id=5)}
    assert found["token_of_another"].facts["id"] == 7000000001


# This machine


@pytest.mark.parametrize(
    ("mount", "seconds", "preload", "code"),
    [
        (FINE_MOUNT, 0.002, "", "sync_fine"),
        (FINE_MOUNT, 0.4, "", "sync_slow"),
        (FINE_MOUNT, 0.0001, "/usr/lib/libeatmydata.so", "sync_lies"),
        (machine.Mount("tmpfs", frozenset()), 0.0, "", "sync_lies"),
        (machine.Mount("ext4", frozenset({"rw", "barrier=0"})), 0.001, "", "sync_lies"),
        (machine.Mount("xfs", frozenset({"nobarrier"})), 0.001, "", "sync_lies"),
        (machine.Mount("overlay", frozenset()), 0.001, "", "sync_container"),
        (machine.Mount("nfs4", frozenset()), 0.001, "", "sync_doubtful"),
        (machine.Mount("fuse.sshfs", frozenset()), 0.001, "", "sync_doubtful"),
    ],
)
def test_a_sync_that_is_slow_or_does_not_hold(mount: machine.Mount, seconds: float, preload: str, code: str) -> None:
    """As far as it can be seen."""
    assert machine.sync(Path("/lake/state"), seconds, mount, preload).code == code


def test_what_a_folder_lies_on(tmp_path: Path) -> None:
    """The deepest mount above it, as the kernel tells; and this machine's own table can be read."""
    table = tmp_path / "mountinfo"
    table.write_text(
        "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
        f"21 20 0:9 / {tmp_path}/in\\040memory rw - tmpfs tmpfs rw,size=1k\n"
        f"22 20 0:9 / {tmp_path}/other rw - nfs4 host:/x rw\n"
    )
    assert machine.mount_of(tmp_path / "in memory" / "state", table).kind == "tmpfs"
    assert machine.mount_of(tmp_path / "lake", table) == machine.Mount("ext4", frozenset({"rw", "relatime"}))
    assert machine.mount_of(Path("/proc/self")).kind == "proc"
    assert machine.mount_of(tmp_path, tmp_path / "none").kind == "unknown"


def test_syncs_are_timed_and_leave_nothing(tmp_path: Path) -> None:
    """With a real file."""
    assert machine.sync_seconds(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []


def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes and by share; of a folder that is not there yet, where it would be."""
    for total, free, code in (
        (1000, 500, "space_fine"),
        (1000, 10, "space_low"),
        (10, 1, "space_low"),
        (10, 0.1, "space_out"),
    ):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, t=total, f=free: (t * 1e9, (t - f) * 1e9, f * 1e9))
        assert machine.room(tmp_path / "not" / "there").code == code


def test_files_of_another_user() -> None:
    """What this user cannot write is named, as a command once run with sudo leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "state" / "journal").mkdir(parents=True)
        (root / "catalog.db").touch(0o444)
        (root / "state" / "journal").chmod(0o555)
        root.chmod(0o755)
        found = as_nobody(lambda: [str(each.facts["path"]) for each in machine.permissions([root, root / "state"])])
    wrong = {root / "catalog.db", root / "state" / "journal"}
    assert {Path(each) for each in found} == wrong | ({root, root / "state"} if os.geteuid() == 0 else set())


def as_nobody(look: Callable[[], list[str]]) -> list[str]:
    """Return what somebody sees who is not root: this process forked, or itself."""
    if os.geteuid() != 0:
        return look()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os.write(writer, json.dumps(look()).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        said = file.read()
    os.waitpid(child, 0)
    found: list[str] = json.loads(said)
    return found


def test_what_everybody_may_write(tmp_path: Path) -> None:
    """Others could put records in; without that all is fine."""
    assert [each.code for each in machine.permissions([tmp_path])] == ["permissions_fine"]
    (tmp_path / "catalog.db").touch()
    (tmp_path / "catalog.db").chmod(0o666)
    assert [(each.code, each.facts["path"]) for each in machine.permissions([tmp_path])] == [
        ("open_to_all", str(tmp_path / "catalog.db"))
    ]


# The lake


def test_no_lake_is_made(doctor: Doctor, tmp_path: Path) -> None:
    """A visit makes none, neither where there is no folder nor in one that is empty."""
    assert "no_lake" in doctor("--json").codes
    assert not (tmp_path / "lake" / "lake.json").exists()
    (tmp_path / "empty").mkdir()
    assert "no_lake" in doctor("--json", home=tmp_path / "empty").codes
    assert not (tmp_path / "empty" / "lake.json").exists()


def test_settings_that_are_wrong(doctor: Doctor) -> None:
    """They are a finding too, so that --json is JSON; another zone than the lake's is named."""
    said = doctor("--json", more="tiemzone = 'UTC'")
    assert (said.code, "did you mean 'timezone'?" in said.codes["settings"]["what"]) == (1, True)


def test_another_zone(doctor: Doctor, made: LakeFolder) -> None:
    """The lake's own stays what it is."""
    found = doctor("--json", more='timezone = "Europe/Lisbon"').codes
    assert found["zone_differs"]["facts"] == {"wanted": "Europe/Lisbon", "timezone": "America/Sao_Paulo"}


def test_a_lake_of_a_later_format(doctor: Doctor, tmp_path: Path) -> None:
    """It is not looked into."""
    DirectoryStore(tmp_path / "lake").put("lake.json", b'{"format": 9, "timezone": "UTC"}')
    assert "made by a later telelake" in doctor("--json").codes["settings"]["what"]


def test_a_damaged_segment(doctor: Doctor, made: LakeFolder) -> None:
    """Cut off, a bit flipped, or a record that the name promises and that is not there."""
    path = next((made.root / "raw").rglob("*.zst"))
    data = path.read_bytes()
    for wrong in (data[:-5], data[:30] + bytes([data[30] ^ 4]) + data[31:]):
        with spoilt(path, wrong):
            said = doctor("--json", "--deep")
        assert (said.code, said.codes["segment_damaged"]["facts"]["count"]) == (1, 1)
    less = path.rename(path.with_name(f"9-{path.name.partition('-')[2]}"))
    assert doctor("--json").codes["segment_damaged"]["facts"]["keys"].endswith(less.name)
    less.rename(path)


def test_a_sample_has_the_newest_and_some_of_all() -> None:
    """Never more than forty; all of few."""
    assert lake.sample(range(40)) == list(range(40))
    found = lake.sample(range(1000))
    assert len(found) == len(set(found)) == 2 * lake.SAMPLE
    assert (found[0], found[-lake.SAMPLE :]) == (0, list(range(980, 1000)))


def test_days_that_have_not_come() -> None:
    """A clock that was ahead leaves raw of days to come; tomorrow may be."""
    today = datetime.now(ZoneInfo("UTC")).date()
    listing = RawListing({day: RawDay(day) for day in (today, today + timedelta(days=1), today + timedelta(days=400))})
    assert [each.facts["days"] for each in lake.future_days(listing, today)] == [str(today + timedelta(days=400))]


@pytest.mark.parametrize("what", ["*.parquet", "*-m0.avro", "snap-*.avro", "*.metadata.json"])
def test_damaged_tables(doctor: Doctor, made: LakeFolder, what: str) -> None:
    """Data, manifest, list of manifests or metadata that is gone or cut off is named; --deep sees every file."""
    release = made.release()
    needed = {Path(each.location) for each in made.tables.needed(release)}  # type: ignore[attr-defined]
    path = next(each for each in sorted(needed) if each.match(what) and "messages/" in str(each))
    for wrong in (None, path.read_bytes()[:-20]):
        with spoilt(path, wrong):
            said = doctor("--json", "--deep")
        assert said.code == 1
        assert path.name in said.codes["table_damaged"]["what"]


def test_a_column_that_cannot_be_decoded(doctor: Doctor, made: LakeFolder) -> None:
    """The footer and the size are right, the bytes of the rows are not."""
    path = made.files("messages")[0]
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    with spoilt(path, bytes(data)):
        assert path.name in doctor("--json", "--deep").codes["table_damaged"]["what"]


def test_the_catalog(doctor: Doctor, made: LakeFolder) -> None:
    """Damaged, emptied or gone: readers are not touched, and what to do is said."""
    path = made.root / "catalog.db"
    with spoilt(path, b"no database" * 100):
        assert doctor("--json").codes["catalog_damaged"]["facts"]["path"] == str(path)
    with spoilt(path, b""):
        assert "no such table" in doctor("--json").codes["catalog_damaged"]["facts"]["reason"]
    with spoilt(path, None):
        assert doctor("--json").codes["catalog_missing"]["grade"] == "note"
    assert "catalog_fine" in doctor("--json").codes


def test_the_journal(doctor: Doctor, made: LakeFolder) -> None:
    """What waits while nothing captures, what a failing disk has spoilt, and what a working capture does not get sealed."""
    folder = made.root / "state" / "journal"
    folder.mkdir(exist_ok=True)
    name = FileName.new()
    long_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1e6)
    data = encode(name, [Entry(long_ago, 1, "webhook", b"x" * 100)] * 3, 0, 0)
    (folder / str(name)).write_bytes(data)
    waits = doctor("--json").codes
    assert (waits["journal_waits"]["facts"], "journal_damaged" in waits) == ({"bytes": len(data)}, False)
    spoilt = bytearray(data)
    spoilt[len(data) // 2] ^= 1
    (folder / str(name)).write_bytes(spoilt)
    assert doctor("--json").codes["journal_damaged"]["facts"] == {"frames": 1}
    journal = Journal(folder, seal_bytes=1 << 20)
    assert 55 < doctor("--json").codes["journal_stuck"]["facts"]["minutes"] < 65
    journal.close()
    (folder / str(name)).unlink()


def test_what_should_have_been_built_and_what_lies_aside(doctor: Doctor, tmp_path: Path) -> None:
    """Days before yesterday that are due, quarantine, and a forgetting that did not end."""
    made = make(tmp_path / "lake")
    old = datetime.now(UTC) - timedelta(days=9)
    made.add(b"no json")
    built(made)
    made.add(message(70, 70, date=int(old.timestamp())), at=old)
    made.store.put("state/forgetting/00/intent.json", b"{}")
    found = doctor("--json").codes
    assert found["days_stuck"]["facts"] == {"count": 1, "days": str(old.astimezone(made.zone).date())}
    assert found["quarantine"]["facts"] == {"count": 1}
    assert found["forgetting_begun"]["grade"] == "error"


def test_a_visit_changes_nothing(doctor: Doctor, made: LakeFolder) -> None:
    """No file of the lake is another afterwards."""

    def files() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in made.root.rglob("*") if path.is_file()
        }

    before = files()
    doctor("--json", "--deep")
    assert files() == before


def _look(telegram: TelegramServer, **more: Any) -> list[Finding]:
    os.environ["DOCTOR_TOKEN"] = TOKEN
    try:
        settings = load(bots={"support": Bot(token=Secret(env="DOCTOR_TOKEN"), mode="proxy", api=telegram.url, **more)})
        return list(bots.look("support", settings.bots["support"], bots.Around(None, False)))
    finally:
        del os.environ["DOCTOR_TOKEN"]


def test_a_bucket(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments, tables and catalog of a home in S3 are looked at; copies are taken away again."""
    home = new_bucket(aws, monkeypatch)
    app = App(load(home=home, state_dir=tmp_path / "state", timezone="UTC"))
    assert app.home
    lake_of_it = LakeFolder(tmp_path / "unused")
    lake_of_it.store = app.store  # type: ignore[assignment]
    lake_of_it.add(message(1, 1))
    app.wrangle_due()
    codes = {each.code for each in app.doctor(deep=True).findings}
    assert {"segments_fine", "tables_fine", "catalog_fine", "lake_fine"} <= codes
