"""The functions' packages, built without Docker and without a compiler.

    python -m telelake.aws.package --python 3.13 --architecture arm64 --out DIR

pip fetches the wheels made for the function's Linux and Python, whatever machine this runs on, in the versions that are
installed beside telelake here: what was tested is what ships. What a function never reads is left out, and what a linker
never reads is cut off shared libraries, or wrangle would not fit. boto3 is never in: the runtime brings it. The same
input gives the same bytes, so that a package can be named by its digest.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from telelake.errors import PackageError

PYTHON = "3.13"
"""Version of the functions' runtime."""
ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""The names that AWS has for processors, and those that wheels have."""
LIMIT = 250 * 1024 * 1024
"""Bytes that a function's code may have, unzipped."""

_SEAL = ("msgspec", "obstore", "pydantic-settings", "structlog", "tzdata", "zstandard")
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "door": (),
    "seal": _SEAL,
    "wrangle": (*_SEAL, "duckdb", "jinja2", "pyarrow", "pyiceberg", "rich", "starlette"),
}
"""What each function imports, of what pyproject.toml requires; ranges stand there alone."""

_LIBCS = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, 35)))
"""Wheels that run on the runtime's Amazon Linux 2023, whose C library is 2.34."""

_UNUSED = (
    ("boto3/*", "the runtime brings it"),
    ("botocore/*", "the runtime brings it"),
    ("s3transfer/*", "the runtime brings it"),
    ("bin/*", "commands"),
    ("*.dist-info/RECORD", "says where pip has put things"),
    ("*.dist-info/INSTALLER", "the same"),
    ("*.dist-info/REQUESTED", "the same"),
    ("*.dist-info/direct_url.json", "the same"),
    ("*.pyi", "types"),
    ("*.pyx", "sources of compiled modules"),
    ("*.pxd", "the same"),
    ("*.pxi", "the same"),
    ("*.c", "the same"),
    ("pyarrow/tests/*", "tests"),
    ("pyarrow/include/*", "headers"),
    ("pyarrow/includes/*", "headers"),
    ("pyarrow/src/*", "sources"),
    ("pyarrow/*flight*", "Arrow's network protocol"),
    ("pyarrow/_pyarrow_cpp_tests*", "tests"),
    ("pyarrow/libarrow_python*.so", "the same library as the one with a version in its name"),
    ("pyarrow/libarrow_python*.so.*.*.*", "the same"),
    ("zstandard/_cffi*", "for interpreters other than CPython"),
    ("zstandard/backend_cffi*", "the same"),
    ("hive_metastore/*", "the client of another catalog"),
    ("telelake/aws/*", "deploying"),
    ("telelake/demo/*", "made-up data"),
)
"""Files that no function reads, by path and reason. Not here, because they are needed: libarrow_substrait, which
pyarrow links, and rich, which pyiceberg imports when it commits."""


@dataclass(frozen=True, slots=True)
class Package:
    """A built package."""

    function: str
    path: Path
    unzipped: int
    """Bytes of its files."""
    zipped: int
    """Bytes of the zip."""
    sha256: str
    compiled: bool
    """Whether it holds compiled modules; without them the first import takes twice as long."""


def build(function: str, out: Path, *, python: str = PYTHON, architecture: str = "arm64") -> Package:
    """Build `<out>/<function>.zip`.

    Args:
        function: door, seal or wrangle.
        out: folder, made when missing.
        python: version of the runtime, such as 3.13. Modules are compiled when an interpreter of that version is here:
            the running one, or `python3.13` on the PATH.
        architecture: arm64 or x86_64.

    Raises:
        PackageError: a wheel is missing, or the package is over the limit; names what is large.
    """
    if function not in REQUIREMENTS or architecture not in ARCHITECTURES or not re.fullmatch(r"3\.\d+", python):
        raise PackageError(
            f"There is no package {function} for Python {python} on {architecture}. Functions: {', '.join(REQUIREMENTS)}; "
            f"architectures: {', '.join(ARCHITECTURES)}; a version has the form {PYTHON}."
        )
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="telelake-package-") as scratch:
        folder = Path(scratch) / "task"
        folder.mkdir()
        if REQUIREMENTS[function]:
            _install(REQUIREMENTS[function], folder, python, architecture)
        _copy_own(folder, light=not REQUIREMENTS[function])
        if function == "wrangle":
            _prepare_page(folder)
        _slim(folder)
        interpreter = _interpreter(python)
        if interpreter is not None:
            _compile(interpreter, folder)
        sizes = {path: path.stat().st_size for path in _files(folder)}
        _check_size(function, folder, sizes)
        target = out / f"{function}.zip"
        _zip(folder, sorted(sizes, key=Path.as_posix), target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    return Package(function, target, sum(sizes.values()), target.stat().st_size, digest, interpreter is not None)


def _install(names: Sequence[str], folder: Path, python: str, architecture: str) -> None:
    ranges = _ranges()
    pins = folder.with_name("pins.txt")
    pins.write_text("".join(f"{name}=={version}\n" for name, version in sorted(_installed().items())))
    platforms = [f"--platform={libc}_{ARCHITECTURES[architecture]}" for libc in _LIBCS]
    done = subprocess.run(  # noqa: S603 - our own words and the versions that are installed
        [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile",
            "--no-warn-conflicts", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}",
            f"--target={folder}", f"--constraint={pins}", *platforms, *(ranges[name] for name in names),
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        said = "\n".join(line for line in done.stderr.splitlines() if line.startswith("ERROR")) or done.stderr[-2000:]
        raise PackageError(
            f"pip could not fetch wheels for Python {python} on {architecture}:\n{said}\n"
            "Is there an index that it can reach, and a wheel of each version that is installed here?"
        )


@cache
def _ranges() -> dict[str, str]:
    """Return what telelake requires, by name: `{"duckdb": "duckdb<3,>=2.0", …}`, without markers.

    Nor with extras: a local catalog is what pyiceberg's is for, and boto3 comes with the runtime.
    """
    found = {}
    for line in metadata.requires("telelake") or ():
        requirement, _, marker = line.partition(";")
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name and "extra" not in marker:
            found[_canonical(name[0])] = re.sub(r"\[.*?\]", "", requirement).strip()
    return found


def _installed() -> dict[str, str]:
    return {
        _canonical(each.metadata["Name"]): each.version
        for each in metadata.distributions()
        if each.metadata["Name"] and _canonical(each.metadata["Name"]) != "telelake"
    }


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _copy_own(folder: Path, *, light: bool) -> None:
    """Copy telelake itself; `light` only what the door imports."""
    source = Path(__file__).parents[1]
    chosen = _imported("telelake.lambdas.door", source) if light else _files(source)
    for path in chosen:
        if "__pycache__" not in path.parts:
            target = folder / "telelake" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _prepare_page(folder: Path) -> None:
    """Add what the report draws with: vl-convert, which makes it, would be a third of the package."""
    from telelake.present import bundle

    bundle.write(folder / "telelake" / bundle.PREPARED.relative_to(Path(__file__).parents[1]))


def _imported(module: str, source: Path) -> set[Path]:
    """Return the files of a module and of all of ours that it imports, wherever in it; types' imports count too."""
    waiting, found = [module], set[Path]()
    while waiting:
        name = waiting.pop()
        parts = name.split(".")[1:]
        place = source.joinpath(*parts)
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if not path.is_file() or path in found:
            continue
        found.add(path)
        waiting += [".".join(["telelake", *parts[:depth]]) for depth in range(len(parts))]
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                waiting += [each.name for each in node.names if each.name.split(".")[0] == "telelake"]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "telelake":
                waiting += [str(node.module), *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def _slim(folder: Path) -> None:
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if any(fnmatchcase(name, pattern) for pattern, _ in _UNUSED):
            path.unlink()
        elif ".so" in path.name:
            data = path.read_bytes()
            if len(loaded := loaded_part(data)) < len(data):
                path.write_bytes(loaded)


def loaded_part(data: bytes) -> bytes:
    """Return a 64-bit ELF library without what no loader reads: symbols, debugging and the table of sections at its end.

    A loader goes by the program headers alone; `strip` does about the same, but only for processors that it knows.
    Anything else is returned as it is.
    """
    if data[:6] != b"\x7fELF\x02\x01":
        return data
    start = struct.unpack_from("<Q", data, 32)[0]
    size, number = struct.unpack_from("<HH", data, 54)
    end = start + size * number
    for place in range(start, end, size):
        offset, length = struct.unpack_from("<Q16xQ", data, place + 8)
        end = max(end, offset + length)
    trimmed = bytearray(data[:end])
    struct.pack_into("<Q", trimmed, 40, 0)  # where the table of sections was
    struct.pack_into("<HH", trimmed, 60, 0, 0)  # how many there were, and which held their names
    return bytes(trimmed)


@cache
def _interpreter(python: str) -> str | None:
    """Return an interpreter of that version, or None: only it can compile modules for itself."""
    if sys.version_info[:2] == tuple(map(int, python.split("."))):
        return sys.executable
    found = shutil.which(f"python{python}")
    if found is None:
        return None
    asked = subprocess.run(  # noqa: S603 - a Python of the PATH
        [found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=False, capture_output=True, text=True
    )
    return found if asked.stdout.strip() == python else None


def _compile(interpreter: str, folder: Path) -> None:
    # Unchecked: the zip's times would make each module look changed. -P: nothing in the current folder may be imported.
    subprocess.run(  # noqa: S603 - the same
        [
            interpreter, "-P", "-m", "compileall", "-qq", "-j", "1", "--invalidation-mode", "unchecked-hash",
            "-s", str(folder), "-p", "/var/task", str(folder),
        ],
        check=False, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    if not (folder / "telelake" / "__pycache__").is_dir():
        raise PackageError(f"{interpreter} has compiled nothing in {folder}.")


def _check_size(function: str, folder: Path, sizes: dict[Path, int]) -> None:
    total = sum(sizes.values())
    if total < LIMIT:
        return
    parts: Counter[str] = Counter()
    for path, size in sizes.items():
        parts[path.relative_to(folder).parts[0]] += size
    largest = ", ".join(f"{name} {size / 2**20:.0f}" for name, size in parts.most_common(5))
    raise PackageError(
        f"The package of {function} has {total / 2**20:.0f} MiB unzipped; AWS takes {LIMIT / 2**20:.0f}. "
        f"Largest, in MiB: {largest}. Leave more out in telelake.aws.package."
    )


def _zip(folder: Path, files: Collection[Path], target: Path) -> None:
    """Write files in order, each with the same time, owner and rights."""
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes())
    part.replace(target)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Build what is named, or all; say sizes on stderr and paths on stdout."""
    parser = argparse.ArgumentParser(description="Build the packages of telelake's functions in AWS.")
    parser.add_argument("--python", default=PYTHON, help=f"version of the runtime ({PYTHON})")
    parser.add_argument("--architecture", default="arm64", choices=sorted(ARCHITECTURES))
    parser.add_argument("--out", type=Path, required=True, help="folder for the zips")
    parser.add_argument(
        "functions", nargs="*", metavar="FUNCTION", help=f"{', '.join(REQUIREMENTS)}; all when none is named"
    )
    given = parser.parse_args()
    try:
        for function in given.functions or REQUIREMENTS:
            made = build(function, given.out, python=given.python, architecture=given.architecture)
            sys.stderr.write(
                f"{function}: {made.zipped / 2**20:.1f} MiB, {made.unzipped / 2**20:.1f} MiB unzipped of {LIMIT / 2**20:.0f}"
                f"{'' if made.compiled else f'; not compiled: there is no python{given.python} here'}.\n"
            )
            sys.stdout.write(f"{made.path}\n")
    except PackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
