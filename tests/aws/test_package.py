"""The packages: small enough, whole enough to be imported alone, and the same each time."""

from __future__ import annotations

import importlib.util
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from telelake.aws import package
from telelake.aws.package import Package, build, loaded_part
from telelake.errors import PackageError
from tests.aws.zips import ARCHITECTURE, PYTHON, unpacked

UNCHECKED = 0b01
"""Flags of a compiled module that is never compared with its source."""


@pytest.fixture(scope="module")
def folders(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each function's package, unpacked."""
    root = tmp_path_factory.mktemp("unpacked")
    return {name: unpacked(packages / f"{name}.zip", root / name) for name in package.REQUIREMENTS}


def _alone(folder: Path, program: str) -> str:
    """Run a program that sees the standard library and one package, and return what it printed."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); sys.path.append('')\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", start + program],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder.parent,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("function", "most"), [("door", 1), ("seal", 40), ("wrangle", 245)])
def test_each_fits(folders: dict[str, Path], function: str, most: int) -> None:
    """MiB unzipped; AWS takes 250, and the next version of a dependency must fit, too."""
    size = sum(path.stat().st_size for path in folders[function].rglob("*") if path.is_file())

    assert size < most * 2**20


@pytest.mark.parametrize("function", ["door", "seal", "wrangle"])
def test_each_is_imported_alone(folders: dict[str, Path], function: str) -> None:
    """Nothing of this environment is needed."""
    said = _alone(
        folders[function], f"import telelake.lambdas.{function} as made; print(made.handler.__name__, made.__file__)"
    )

    assert said.split()[0] == "handler"
    assert Path(said.split()[1]).is_relative_to(folders[function])


def test_the_door_is_nothing_but_itself(folders: dict[str, Path]) -> None:
    """No dependency, and no module of ours that it does not import."""
    files = {path.relative_to(folders["door"]).as_posix() for path in folders["door"].rglob("*.py")}

    assert files == {"telelake/__init__.py", "telelake/lambdas/__init__.py", "telelake/lambdas/door.py"}


def test_seal_has_what_it_loads_later(folders: dict[str, Path]) -> None:
    """What the handler imports when it is called: settings, the store, the lake's zone."""
    program = (
        "from telelake.settings import load\nfrom telelake.wiring import App\n"
        "app = App(load(home='file:lake', timezone='America/Sao_Paulo'))\nprint(app.home.timezone, app.zone)"
    )

    assert _alone(folders["seal"], program).split() == ["America/Sao_Paulo", "America/Sao_Paulo"]


def test_wrangle_works_with_its_trimmed_libraries(folders: dict[str, Path]) -> None:
    """Each library without its symbols does what it did; the end-to-end test runs a whole wrangle with them."""
    program = """
import duckdb, msgspec, obstore, pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds, pyarrow.parquet as pq, zstandard
from obstore.store import MemoryStore
from pyarrow.fs import S3FileSystem
from pyiceberg.avro.decoder_fast import CythonBinaryDecoder
from pyiceberg.io.pyarrow import PyArrowFileIO, schema_to_pyarrow
from pyroaring import BitMap

pq.write_table(pa.table({'n': range(1000), 'text': ['ol\\u00e1'] * 1000}), 'wrangled.parquet', compression='zstd')
found = ds.dataset('wrangled.parquet').to_table(filter=pc.field('n') >= 990)
duckdb.sql("COPY (FROM 'wrangled.parquet') TO 'again.parquet' (COMPRESSION zstd)")
rows = duckdb.sql("SELECT count(*), max(text), sum(json_extract('[7]', '$[0]')::INT) FROM 'again.parquet'").fetchall()
store = MemoryStore()
obstore.put(store, 'key', zstandard.compress(b'body' * 100))
body = zstandard.decompress(bytes(obstore.get(store, 'key').bytes()))
S3FileSystem(region='us-east-1', anonymous=True)
print(found.num_rows, rows, len(body), len(BitMap(range(5))), CythonBinaryDecoder(b'\\x0c').read_int(), msgspec.json.decode(b'[1]'))
"""

    assert _alone(folders["wrangle"], program).strip() == "10 [(1000, 'olá', 7000)] 400 5 6 [1]"


def test_wrangle_can_draw_its_page(folders: dict[str, Path]) -> None:
    """The report's charts were prepared, so that vl-convert is not needed."""
    program = """
from telelake.present import bundle
from telelake.present.report import render
print('vegaEmbed' in bundle.vega(), bundle.charts('pt').keys() == bundle.charts('en').keys(), len(bundle.charts('pt')) > 3)
"""

    assert _alone(folders["wrangle"], program).split() == ["True", "True", "True"]


@pytest.mark.parametrize("function", ["door", "seal", "wrangle"])
def test_aws_brings_boto3_itself(folders: dict[str, Path], function: str) -> None:
    """boto3 would be a third of the package, and its own version beside the runtime's."""
    names = {path.name for path in folders[function].iterdir()}

    assert names.isdisjoint({"boto3", "botocore", "s3transfer", "vl_convert", "uvloop", "bin"})


@pytest.mark.parametrize("function", ["seal", "wrangle"])
def test_each_module_is_compiled_for_good(folders: dict[str, Path], function: str) -> None:
    """Compiled for this interpreter and unchecked, because in the zip all files have one time; named as it lies in AWS."""
    modules = list((folders[function] / "telelake").rglob("*.py"))
    for module in modules:
        data = Path(importlib.util.cache_from_source(str(module))).read_bytes()
        assert data[:4] == importlib.util.MAGIC_NUMBER
        assert struct.unpack("<I", data[4:8])[0] == UNCHECKED
        assert b"/var/task/telelake" in data or len(data) < 200

    assert len(modules) > 40


def test_a_package_is_the_same_each_time(tmp_path: Path) -> None:
    """Built again, elsewhere, the same bytes: it is named by its digest, and an update that changes nothing is none."""
    again = [build("seal", tmp_path / name, python=PYTHON, architecture=ARCHITECTURE) for name in ("a", "b")]

    assert again[0].path.read_bytes() == again[1].path.read_bytes()
    with zipfile.ZipFile(again[1].path) as archive:
        entries = archive.infolist()
    assert {(each.date_time, each.external_attr, each.create_system) for each in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3)
    }
    assert [each.filename for each in entries] == sorted(each.filename for each in entries)


def test_another_processor_and_python(tmp_path: Path) -> None:
    """Wheels are those of the function's machine, in the versions installed here; compiled only where its Python is."""
    made = build("seal", tmp_path, python="3.13", architecture="arm64")
    folder = unpacked(made.path, tmp_path / "seal")

    machines = {struct.unpack_from("<H", path.read_bytes(), 18)[0] for path in folder.rglob("*.so*")}
    assert machines == {183}  # EM_AARCH64
    assert any(".cpython-313-" in path.name for path in folder.rglob("*.so"))
    assert made.compiled == any(folder.rglob("*.cpython-313.pyc"))
    assert made.compiled == (package._interpreter("3.13") is not None)
    installed = {path.name for path in folder.glob("msgspec-*.dist-info")}
    assert installed == {f"msgspec-{importlib.metadata.version('msgspec')}.dist-info"}


def test_one_that_is_too_large_says_what_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest parts are named; no zip is left behind."""
    monkeypatch.setattr(package, "LIMIT", 2**20)
    with pytest.raises(
        PackageError, match=r"has \d+ MiB unzipped; AWS takes 1\. Largest, in MiB: obstore \d+"
    ) as refused:
        build("seal", tmp_path, python=PYTHON, architecture=ARCHITECTURE)

    assert "Leave more out" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_that_is_not_there(tmp_path: Path) -> None:
    """What pip says is told."""
    with pytest.raises(PackageError, match=r"Python 3\.5 on arm64:\nERROR"):
        build("seal", tmp_path, python="3.5", architecture="arm64")


@pytest.mark.parametrize(
    ("function", "python", "architecture"), [("dor", "3.13", "arm64"), ("door", "4", "arm64"), ("door", "3.13", "mips")]
)
def test_what_is_not_known(tmp_path: Path, function: str, python: str, architecture: str) -> None:
    """The known values are listed."""
    with pytest.raises(PackageError, match="door, seal, wrangle; architectures: arm64, x86_64"):
        build(function, tmp_path, python=python, architecture=architecture)


def test_what_a_loader_reads_is_left_as_it_was() -> None:
    """Only the end is cut off and the table of sections forgotten; what is no library stays whole."""
    library = next(Path(str(importlib.util.find_spec("zstandard").submodule_search_locations[0])).glob("backend_c*.so"))  # type: ignore[union-attr,index]
    data = library.read_bytes()
    kept = loaded_part(data)

    assert len(kept) < len(data) // 2
    assert (kept[:40], kept[48:60], kept[64:]) == (data[:40], data[48:60], data[64 : len(kept)])
    assert loaded_part(kept) == kept
    assert loaded_part(b"#!/bin/sh\n") == b"#!/bin/sh\n"


def test_the_command(tmp_path: Path) -> None:
    """Paths on stdout, sizes on stderr; a failure is one."""
    command = [sys.executable, "-m", "telelake.aws.package", "--python", PYTHON, "--out", str(tmp_path)]
    done = subprocess.run([*command, "door"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path / 'door.zip'}\n"
    assert "MiB unzipped of 250" in done.stderr
    failed = subprocess.run([*command, "dor"], capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "There is no package dor" in failed.stderr


def test_a_package_knows_itself(packages: Path, tmp_path: Path) -> None:
    """What `build` returns is what lies there."""
    made = build("door", tmp_path, python=PYTHON, architecture=ARCHITECTURE)
    with zipfile.ZipFile(made.path) as archive:
        unzipped = sum(each.file_size for each in archive.infolist())

    assert made == Package(
        "door", tmp_path / "door.zip", unzipped, made.path.stat().st_size, made.sha256, compiled=True
    )
    assert json.dumps(made.sha256)
