"""This machine: room, how long a sync takes and whether it holds, who may write what, versions.

That a disk lies about a sync cannot be proven from here. What can be seen is what the folder lies on: memory, a network,
a mount that says it will not wait; and a program between us and the kernel that leaves syncs out.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from telelake.operate.doctor.findings import Finding

_GB = 1e9
LOW_GB, OUT_GB = 2.0, 0.3
LOW_PERCENT = 5.0
SLOW_MS = 100.0
"""Telegram waits for each acknowledgement; above this a busy group is slowed."""
_SYNCS = 9
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_LAYERS = frozenset({"overlay", "aufs"})
_AFAR = frozenset({"9p", "cifs", "fuse", "glusterfs", "nfs", "nfs4", "smb3", "virtiofs", "vboxsf"})
_NO_WAIT = frozenset({"nobarrier", "barrier=0", "barrier=none", "eatmydata"})


@dataclass(frozen=True, slots=True)
class Mount:
    """What a folder lies on."""

    kind: str
    """File system."""
    options: frozenset[str]


def mount_of(folder: Path, table: Path = Path("/proc/self/mountinfo")) -> Mount:
    """Return what a folder lies on, as the kernel says; `unknown` where it does not say."""
    best, found = -1, Mount("unknown", frozenset())
    with suppress(OSError):
        wanted = folder.resolve()
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            left, _, right = line.partition(" - ")
            place, options = left.split(" ")[4:6]
            point = Path(place.replace("\\040", " "))
            if (point == wanted or point in wanted.parents) and len(point.parts) >= best:
                kind, _, *more = right.split(" ")
                best, found = len(point.parts), Mount(kind, frozenset(",".join([options, *more]).split(",")))
    return found


def room(folder: Path) -> Finding:
    """Say how much is free where a folder lies."""
    total, _, free = shutil.disk_usage(_there(folder))
    facts = {"free_gb": free / _GB, "percent": 100 * free / total}
    if free < OUT_GB * _GB:
        return Finding("space_out", str(folder), facts)
    is_low = free < LOW_GB * _GB or facts["percent"] < LOW_PERCENT
    return Finding("space_low" if is_low else "space_fine", str(folder), facts)


def sync_seconds(folder: Path) -> float:
    """Return the middle of some syncs of a small file, written as the journal is.

    Raises:
        OSError: the folder cannot be written.
    """
    path = folder / f".doctor-{secrets.token_hex(8)}"
    taken = []
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(_SYNCS):
            os.write(handle, b"." * 4096)
            began = time.perf_counter()
            os.fdatasync(handle)
            taken.append(time.perf_counter() - began)
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)
    return sorted(taken)[_SYNCS // 2]


def sync(folder: Path, seconds: float, mount: Mount, preload: str) -> Finding:
    """Say how long a sync takes, and what is known of whether it holds. `preload` is LD_PRELOAD."""
    about, options = str(folder), sorted(mount.options & _NO_WAIT)
    if "eatmydata" in preload:
        return Finding("sync_lies", about, {"reason": "LD_PRELOAD has libeatmydata, which leaves syncs out"})
    if mount.kind in _IN_MEMORY:
        return Finding("sync_lies", about, {"reason": f"{mount.kind} lies in memory"})
    if options:
        return Finding("sync_lies", about, {"reason": f"{mount.kind} is mounted with {', '.join(options)}"})
    if mount.kind in _LAYERS:
        return Finding("sync_container", about)
    if mount.kind.partition(".")[0] in _AFAR:
        return Finding("sync_doubtful", about, {"reason": f"{mount.kind} hands it on to another machine"})
    code = "sync_slow" if seconds * 1000 >= SLOW_MS else "sync_fine"
    return Finding(code, about, {"ms": seconds * 1000, "kind": mount.kind})


def permissions(folders: list[Path]) -> list[Finding]:
    """Say what this user cannot write of what it must, and what everybody can."""
    found = list[Finding]()
    for folder in folders:
        found += [each for path in _asked(folder) if (each := _permission(path))]
    return found or [Finding("permissions_fine", ", ".join(map(str, folders)))]


def versions(botapi: str) -> Finding:
    """Say which versions are at work."""
    from telelake import __version__

    packages = {name: _version(name) for name in ("duckdb", "pyiceberg", "pyarrow")}
    facts = {"telelake": __version__, "python": platform.python_version(), "botapi": botapi, **packages}
    return Finding("versions", "telelake", facts)


def look(home: Path | None, state: Path) -> Iterator[Finding]:
    """Look at the folders of a lake; `home` is None for a bucket."""
    folders = list(dict.fromkeys([*([home] if home else []), state]))
    yield from permissions(folders)
    for folder in folders if home is None or not state.is_relative_to(home) else [home]:
        yield room(folder)
    try:
        state.mkdir(parents=True, exist_ok=True) if _there(state) == state.parent else None
        seconds = sync_seconds(_there(state))
    except OSError as error:
        yield Finding("not_writable", str(state), {"path": str(state), "reason": error.strerror or str(error)})
        return
    yield sync(state, seconds, mount_of(state), os.environ.get("LD_PRELOAD", ""))


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))


def _asked(folder: Path) -> Iterator[Path]:
    """Yield what a folder has that telelake writes: itself, what lies in it, and the journal's files."""
    yield _there(folder)
    if folder.is_dir():
        with suppress(PermissionError):
            yield from (each for each in folder.iterdir() if not each.name.startswith("."))
        with suppress(PermissionError):
            yield from (folder / "journal").glob("*")


def _permission(path: Path) -> Finding | None:
    try:
        mode = path.stat().st_mode
    except OSError:  # gone meanwhile, or not to be seen: its folder says so
        return None
    needed = os.R_OK | os.W_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)
    if not os.access(path, needed):
        return Finding("not_writable", str(path), {"path": str(path), "reason": f"mode {stat.filemode(mode)}"})
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        return Finding("open_to_all", str(path), {"path": str(path)})
    return None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
