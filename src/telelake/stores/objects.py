"""The raw store: create-only objects in a directory, an S3 bucket or memory, through obstore.

What `put` has returned from is durable. A bucket is that by itself. In a directory it takes a file that is synced
*before* it gets its name, and a synced folder after; obstore does neither, so a directory's `put` is our own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from telelake.errors import NotStored, SettingsError, StoreUnavailable
from telelake.ports import Stored
from telelake.raw import QUARANTINE, RAW, parse_key
from telelake.settings import Storage, local_path

if TYPE_CHECKING:
    from obstore.store import ClientConfig

_TEMPORARY = ".tmp"
TOMBSTONES = "state/forgotten/"
"""Where tombstones lie; see `erase.tombstones`, which is loaded only when there are some."""


def open_store(home: str, storage: Storage | None = None) -> BucketStore:
    """Return the store of a home: a directory, made when it is missing, or `s3://bucket/prefix`.

    Raises:
        SettingsError: the scheme is unknown, or AWS's files of profiles are no use.
        StoreUnavailable: the directory cannot be made.
    """
    folder = local_path(home)
    if folder is not None:
        return DirectoryStore(folder)
    where = urlsplit(home)
    storage = storage or Storage()
    config: dict[str, Any] = {}
    endpoint = storage.endpoint or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    if region := storage.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        config["region"] = region
    options: ClientConfig = {"allow_http": True} if endpoint and endpoint.startswith("http:") else {}
    prefix = where.path.strip("/") or None
    config |= _profile(home)
    with _translated(home):
        return BucketStore(S3Store(where.netloc, prefix=prefix, client_options=options, **config))


def _profile(home: str) -> dict[str, Any]:
    """Return the credentials of those who keep them in files, as `aws configure` does; obstore itself reads variables only."""
    files = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}
    there = any(Path(os.environ.get(name, usual)).expanduser().is_file() for name, usual in files.items())
    if "AWS_ACCESS_KEY_ID" in os.environ or not there:
        return {}
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        return {}
    try:
        return {"credential_provider": Boto3CredentialProvider()}
    except Exception as error:
        raise SettingsError(
            f"{home} cannot be opened with the credentials of {' or '.join(files.values())}: {error} "
            "Set AWS_PROFILE to a profile that has some, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from error


def memory_store() -> BucketStore:
    """Return a store that forgets, for tests of others."""
    return BucketStore(MemoryStore())


class BucketStore:
    """The port `RawStore` on any store of obstore that honours create-only puts."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, data: bytes) -> bool:
        """See `RawStore.put`."""
        key, data = self._without_forgotten(key, data)
        with _translated(key):
            try:
                obstore.put(self._store, key, data, mode="create")
            except (AlreadyExistsError, PreconditionError):
                return False
            return True

    def _without_forgotten(self, key: str, data: bytes) -> tuple[str, bytes]:
        """Return what is written in place of a segment of raw in which somebody is who was forgotten; else the same.

        Here, because here nothing can pass by it: sealing, imports and the functions on AWS all write raw with `put`.
        """
        segment = parse_key(key) if key.startswith((RAW, QUARANTINE)) else None
        if segment is None or not self._has_forgotten():
            return key, data
        from telelake.erase.tombstones import clean

        return clean(self, segment, data)

    def _has_forgotten(self) -> bool:
        return True  # a bucket is asked by whoever looks for tombstones

    def get(self, key: str) -> bytes:
        """See `RawStore.get`."""
        with _translated(key):
            return bytes(obstore.get(self._store, key).bytes())

    def read(self, key: str) -> tuple[bytes, str]:
        """Return an object's bytes and its entity tag, for `swap`.

        Raises:
            NotStored: there is no such key.
            StoreUnavailable: call again.
        """
        with _translated(key):
            found = obstore.get(self._store, key)
            return bytes(found.bytes()), found.meta["e_tag"] or ""

    def swap(self, key: str, data: bytes, tag: str | None) -> str | None:
        """Write an object if it still is the one of that tag, or if there is none when `tag` is None; all at once.

        Return its new tag, or None when it was not written. A service that lost an answer and was asked again says None
        although the bytes are there: who must know reads the object.

        Raises:
            StoreUnavailable: it may have been written.
        """
        with _translated(key):
            try:
                done = obstore.put(self._store, key, data, mode={"e_tag": tag} if tag is not None else "create")
            except (AlreadyExistsError, PreconditionError, NotFoundError):
                return None
            return done["e_tag"] or ""

    def replace(self, key: str, data: bytes, content_type: str) -> None:
        """Write an object, whatever was there, with the type that browsers are told. For pages, never for the lake.

        Raises:
            StoreUnavailable: call again.
        """
        with _translated(key):
            obstore.put(self._store, key, data, attributes={"Content-Type": content_type})

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """See `RawStore.list`."""
        with _translated(prefix or "/"):
            found = [
                Stored(meta["path"], meta["size"], meta["last_modified"])
                for chunk in obstore.list(self._store, prefix.rstrip("/") or None)
                for meta in chunk
            ]
        yield from sorted((each for each in found if not each.key.startswith(_TEMPORARY)), key=lambda each: each.key)

    def delete(self, keys: Iterable[str]) -> None:
        """See `RawStore.delete`."""
        for key in keys:
            with _translated(key), suppress(NotFoundError, FileNotFoundError):
                obstore.delete(self._store, key)

    def stage(self, key: str, folder: Path) -> Path:
        """See `RawStore.stage`."""
        target = folder / key
        if not target.exists():
            part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
            with _translated(key):
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    with part.open("wb") as file:
                        for chunk in obstore.get(self._store, key).stream():
                            file.write(chunk)
                    part.replace(target)
                finally:
                    part.unlink(missing_ok=True)
        return target


class DirectoryStore(BucketStore):
    """A `RawStore` in a local directory."""

    def __init__(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            super().__init__(LocalStore(root))
        except (OSError, BaseError) as error:
            raise StoreUnavailable(
                f"The home {root} cannot be used: {error}. Check that it is a writable folder."
            ) from error
        self.root = root

    def put(self, key: str, data: bytes) -> bool:
        """See `RawStore.put`. A name exists only for a whole, synced file."""
        key, data = self._without_forgotten(key, data)
        target = self.root / key
        with _translated(key):
            if target.exists():
                sync_folder(target.parent)
                return False
            make_folders(target.parent, self.root)
            part = self.root / _TEMPORARY / secrets.token_hex(8)
            part.parent.mkdir(exist_ok=True)
            try:
                with part.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    os.link(part, target)
                except FileExistsError:
                    return False
                finally:
                    sync_folder(target.parent)
            finally:
                part.unlink(missing_ok=True)
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """See `RawStore.delete`. What is gone stays gone after a power loss, or a rewrite could come half undone."""
        folders: dict[Path, None] = {}
        for key in keys:
            with _translated(key):
                (self.root / key).unlink(missing_ok=True)
            folders[(self.root / key).parent] = None
        for folder in folders:
            with _translated(str(folder)), suppress(FileNotFoundError):
                sync_folder(folder)

    def _has_forgotten(self) -> bool:
        return (self.root / TOMBSTONES).is_dir()

    def stage(self, key: str, folder: Path) -> Path:
        """See `RawStore.stage`: the file itself."""
        del folder
        path = self.root / key
        if not path.is_file():
            raise NotStored(f"There is no {key} in {self.root}.")
        return path


def make_folders(folder: Path, root: Path) -> None:
    """Make a folder below `root`, each new one durable in its parent."""
    missing = []
    while not folder.exists() and folder != root:
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        try:
            sync_folder(each.parent)
        except OSError:
            # Left there, the next attempt would find it and take its entry for synced.
            with suppress(OSError):  # another thread may have put something in
                each.rmdir()
            raise


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Let nothing but our own errors through."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise NotStored(f"There is no {what} in the store.") from error
    except (BaseError, OSError) as error:
        raise StoreUnavailable(f"The store failed at {what}: {error}") from error
