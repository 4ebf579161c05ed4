"""What every raw store does: in a directory, in memory, and in an S3 that honours create-only puts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from telelake.errors import NotStored, SettingsError, StoreUnavailable
from telelake.ports import Stored
from telelake.settings import Storage
from telelake.stores import objects
from telelake.stores.objects import BucketStore, DirectoryStore, memory_store, open_store


@pytest.fixture(params=["directory", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BucketStore:
    """A store of each kind."""
    if request.param == "directory":
        return open_store(f"file://{tmp_path}/home")
    if request.param == "memory":
        return memory_store()
    return bucket(request.getfixturevalue("aws"), monkeypatch, f"bucket-{abs(hash(str(tmp_path)))}")


def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, name: str) -> BucketStore:
    """Make a bucket and return the store in it."""
    import boto3

    for key, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket=name)
    return open_store(f"s3://{name}/some/prefix", Storage(endpoint=endpoint, region="us-east-1"))


def test_what_was_put_is_got(store: BucketStore) -> None:
    """An object's bytes come back as they were put."""
    assert store.put("raw/a.bin", b"\x00\xff\n") is True

    assert store.get("raw/a.bin") == b"\x00\xff\n"


def test_a_key_is_written_once(store: BucketStore) -> None:
    """A second put of a key writes nothing and says so."""
    store.put("raw/a", b"first")

    assert store.put("raw/a", b"second") is False
    assert store.get("raw/a") == b"first"


def test_of_many_that_put_one_key_one_wins(store: BucketStore) -> None:
    """A race for a key has one winner, and its bytes stay."""
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: store.put("raw/race", str(number).encode()), range(24)))

    assert won.count(True) == 1
    assert store.get("raw/race") == str(won.index(True)).encode()


def test_listing_is_by_folder_and_in_order(store: BucketStore) -> None:
    """A prefix is a folder: keys come sorted, with their sizes, and a neighbour's do not."""
    for key in ("raw/b", "raw/a", "raw-other/c", "raw/deep/er"):
        store.put(key, key.encode())

    assert [(each.key, each.size) for each in store.list("raw/")] == [("raw/a", 5), ("raw/b", 5), ("raw/deep/er", 11)]
    assert [each.key for each in store.list("nothing/")] == []


def test_hive_style_and_odd_keys(store: BucketStore) -> None:
    """Keys with `=` and other signs are themselves."""
    key = "raw/bot=1/context_date=2026-03-10/12-abc.ndjson.zst"
    store.put(key, b"x")

    assert [each.key for each in store.list("raw/bot=1/")] == [key]
    assert store.get(key) == b"x"


def test_what_is_missing_is_not_stored(store: BucketStore, tmp_path: Path) -> None:
    """Getting or staging a key that is not there says so with our own error."""
    with pytest.raises(NotStored):
        store.get("raw/none")
    with pytest.raises(NotStored):
        store.stage("raw/none", tmp_path / "stage")


def test_deleting_twice_is_no_error(store: BucketStore) -> None:
    """A key that is gone may be deleted again."""
    store.put("raw/a", b"x")
    store.delete(["raw/a", "raw/never"])
    store.delete(["raw/a"])

    assert list(store.list("raw/")) == []


def test_a_staged_file_has_the_bytes_and_the_key(store: BucketStore, tmp_path: Path) -> None:
    """A staged object is a local file whose path ends in its key, since the day is read from it."""
    key = "raw/bot=1/context_date=2026-03-10/1-a.ndjson.zst"
    store.put(key, b"bytes")
    path = store.stage(key, tmp_path / "stage")

    assert path.read_bytes() == b"bytes"
    assert str(path).endswith(key)


def test_an_unreachable_service_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No foreign exception crosses the port."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    with pytest.raises(StoreUnavailable):
        objects.BucketStore(
            objects.S3Store(
                "nowhere",
                endpoint="http://127.0.0.1:1",
                region="us-east-1",
                virtual_hosted_style_request=False,
                client_options={"allow_http": True},
                retry_config={"max_retries": 0},
            )
        ).get("raw/a")


def test_an_unknown_scheme_is_refused() -> None:
    """A home that no store knows is named, with what to write instead."""
    with pytest.raises(SettingsError, match="s3://bucket/prefix"):
        open_store("ftp://somewhere/else")


def test_a_name_exists_only_for_a_synced_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a directory the file is synced before it gets its name, and its folder after."""
    seen: list[str] = []
    real_fsync, real_link = os.fsync, os.link
    monkeypatch.setattr(
        os, "fsync", lambda fd: (seen.append(f"sync {Path(f'/proc/self/fd/{fd}').readlink()}"), real_fsync(fd))
    )
    monkeypatch.setattr(os, "link", lambda a, b: (seen.append(f"link {b}"), real_link(a, b)))
    store = DirectoryStore(tmp_path / "home")
    store.put("raw/day/a", b"x")
    tail = seen[-3:]

    assert tail[0].startswith(f"sync {tmp_path}/home/.tmp/")
    assert tail[1:] == [f"link {tmp_path}/home/raw/day/a", f"sync {tmp_path}/home/raw/day"]
    assert f"sync {tmp_path}/home/raw" in seen


def test_a_failed_write_leaves_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails, the key does not exist and the error is ours."""
    store = DirectoryStore(tmp_path / "home")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(StoreUnavailable, match="No space left"):
            store.put("raw/a", b"x")

    assert list(store.list()) == []
    assert store.put("raw/a", b"x") is True


def test_credentials_of_a_profile(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has them in the files of `aws configure`, and no variables, gets in; a profile without any is named."""
    bucket(aws, monkeypatch, "of-a-profile").put("raw/a", b"x")
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(key)
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    (tmp_path / "credentials").write_text(f"[lake]\n{keys}[empty]\nregion = us-east-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # another place where boto3 looks
    monkeypatch.setenv("AWS_PROFILE", "lake")
    storage = Storage(endpoint=aws, region="us-east-1")

    assert open_store("s3://of-a-profile/some/prefix", storage).get("raw/a") == b"x"
    monkeypatch.setenv("AWS_PROFILE", "empty")
    with pytest.raises(SettingsError, match="AWS_PROFILE"):
        open_store("s3://of-a-profile", storage)


class Overwriting(BucketStore):
    """An adapter whose second put wins."""

    def put(self, key: str, data: bytes) -> bool:
        self._store.put(key, data)
        return True


class Hurried(BucketStore):
    """An adapter that looks and then writes, as two steps."""

    def put(self, key: str, data: bytes) -> bool:
        if any(each.key == key for each in self.list(key.rpartition("/")[0] + "/")):
            return False
        time.sleep(0.01)
        self._store.put(key, data)
        return True


class Shuffled(BucketStore):
    """An adapter that lists as it likes."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        return reversed([*super().list(prefix)])


class Loose(BucketStore):
    """An adapter that takes a prefix for the beginning of a name."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        return (each for each in super().list("") if each.key.startswith(prefix.rstrip("/")))


class Foreign(BucketStore):
    """An adapter that lets its library's own error through."""

    def get(self, key: str) -> bytes:
        return bytes(self._store.get(key).bytes())


class Flat(BucketStore):
    """An adapter that stages a file without its key."""

    def stage(self, key: str, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "staged").write_bytes(self.get(key))
        return folder / "staged"


@pytest.mark.parametrize(
    ("adapter", "promise"),
    [
        (Overwriting, test_a_key_is_written_once), (Hurried, test_of_many_that_put_one_key_one_wins),
        (Shuffled, test_listing_is_by_folder_and_in_order), (Loose, test_listing_is_by_folder_and_in_order),
        (Foreign, test_what_is_missing_is_not_stored), (Flat, test_a_staged_file_has_the_bytes_and_the_key),
    ],
)  # fmt: skip
def test_an_adapter_that_breaks_a_promise_is_seen(
    adapter: type[BucketStore], promise: Callable[..., None], tmp_path: Path
) -> None:
    """The twin: the suite passes with the adapter that keeps the promises, and fails with each that does not."""
    more = [tmp_path] if promise.__code__.co_argcount == 2 else []
    promise(BucketStore(MemoryStore()), *more)

    with pytest.raises((AssertionError, FileNotFoundError)):
        promise(adapter(MemoryStore()), *more)
