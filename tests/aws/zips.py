"""The functions' packages for this machine's Python, built by the project's own builder and kept by what they are made of."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import shutil
import sys
import zipfile
from pathlib import Path

from telelake.aws import package

KEPT = 2
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
"""The stand-in runs functions with this interpreter, whatever the template says."""


def built(cache: Path) -> Path:
    """Return a folder with `door.zip`, `seal.zip` and `wrangle.zip`, built unless the same input was built before."""
    folder = cache / _digest()
    if not folder.is_dir():
        making = cache / f"{folder.name}.making"
        shutil.rmtree(making, ignore_errors=True)
        for function in package.REQUIREMENTS:
            package.build(function, making, python=PYTHON, architecture=ARCHITECTURE)
        making.rename(folder)
    folder.touch()
    for old in sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)
    return folder


def unpacked(zipped: Path, folder: Path) -> Path:
    """Unpack a package as AWS does, and return the folder."""
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(folder)
    return folder


def _digest() -> str:
    """Return a digest of our sources and of what is installed beside them, which the builder pins."""
    found = hashlib.sha256(f"{PYTHON} {ARCHITECTURE}".encode())
    source = Path(package.__file__).parents[1]
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(source)} {path.stat().st_size} ".encode() + path.read_bytes())
    for line in sorted(f"{each.metadata['Name']} {each.version}\n" for each in importlib.metadata.distributions()):
        found.update(line.encode())
    return found.hexdigest()[:20]
