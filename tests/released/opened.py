"""Unpack a lake that an older version wrote, at a place that its metadata then names."""

from __future__ import annotations

import json
import tarfile
import zlib
from pathlib import Path
from typing import Any

from tests.released.write_lake import HOME, LENGTH

LAKES = sorted(path.name.partition(".")[0] for path in Path(__file__).parent.glob("*.tar.xz"))
"""The commits whose lakes are kept, each as it was when that commit was the newest."""


def unpack(name: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Unpack a lake below a folder; return its home, and what its own questions answered."""
    with tarfile.open(Path(__file__).with_name(f"{name}.tar.xz")) as archive:
        archive.extractall(folder, filter="data")
    home = folder / "-".ljust(LENGTH - len(str(folder)) - 1, "-")
    assert len(str(home)) == LENGTH, f"{folder} is too long a path"
    (folder / "lake").rename(home)
    for path in home.rglob("*"):
        if path.suffix == ".avro":
            path.write_bytes(_avro_moved(path.read_bytes(), str(home).encode()))
        elif path.suffix in (".json", ".db"):
            path.write_bytes(path.read_bytes().replace(HOME.encode(), str(home).encode()))
    return home, json.loads((folder / "answers.json").read_text(encoding="utf-8"))


def _avro_moved(data: bytes, home: bytes) -> bytes:
    """Return an Avro file with the home's path replaced by one as long, within its compressed blocks too."""
    sync = data[-16:]
    head, *blocks, end = data.split(sync)
    assert end == b""
    written = head.replace(HOME.encode(), home)
    for block in blocks:
        _, after_count = _long(block, 0)
        _, start = _long(block, after_count)
        text = zlib.decompress(block[start:], -15).replace(HOME.encode(), home)
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(text) + packer.flush()
        written += sync + block[:after_count] + _zigzag(len(packed)) + packed
    return written + sync


def _long(data: bytes, at: int) -> tuple[int, int]:
    """Return an Avro long and where it ends."""
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at


def _zigzag(value: int) -> bytes:
    left, out = value << 1, bytearray()
    while left >= 0x80:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])
