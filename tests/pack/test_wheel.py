"""Wheel and sdist, installed into an empty environment and used from there. Takes minutes and the package index.

`make release-check` runs it, for each Python that is to be had: TELELAKE_TEST_PYTHONS="python3.11 python3.12 …".
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not os.environ.get("TELELAKE_TEST_LONG"), reason="set TELELAKE_TEST_LONG=1")

ROOT = Path(__file__).resolve().parents[2]
UV = str(Path(sys.executable).with_name("uv"))
PYTHONS = (os.environ.get("TELELAKE_TEST_PYTHONS") or sys.executable).split()
DEMO = ("demo", "--messages", "300", "--days", "7", "--no-serve")


def run(*command: str | Path, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command that sees neither this tree nor its environment."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, env=clean, timeout=280)
    assert not ok or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, built as a release is."""
    folder = tmp_path_factory.mktemp("dist") / "canary-input"  # the sdist holds the tests, with their secrets
    folder.mkdir()
    run(UV, "build", "--quiet", "--out-dir", folder, ROOT, cwd=folder)
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def environment(folder: Path, python: str, *install: str | Path) -> Path:
    """Return the folder of programs of an environment that holds nothing else."""
    run(UV, "venv", "--quiet", "--python", python, folder, cwd=folder.parent)
    run(UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *install, cwd=folder.parent)
    return folder / "bin"


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(only(built, "*.whl")) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names}
    licences = {name.rpartition("/")[2] for name in names if "/licenses/" in name}
    ours = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file()}

    assert len(tops) == 2 and "telelake" in tops
    assert licences == {"LICENSE", "NOTICE"}
    assert {name for name in ours if "__pycache__" not in name} == {
        name for name in names if name.startswith("telelake/")
    }


def test_the_sdist_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "canary-input"
    with tarfile.open(only(built, "*.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    run(UV, "build", "--quiet", "--wheel", "--out-dir", tmp_path / "again", only(folder, "telelake-*"), cwd=tmp_path)

    assert only(tmp_path / "again", "*.whl").read_bytes() == only(built, "*.whl").read_bytes()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_wheel_alone_runs_the_whole_way(built: Path, tmp_path: Path, python: str) -> None:
    """Without what tests need: make a group, send it the way, ask, draw the report."""
    programs = environment(tmp_path / "empty", python, only(built, "*.whl"))
    home = tmp_path / "lake"
    run(programs / "telelake", *DEMO, "--home", home, cwd=tmp_path)
    hours = run(programs / "telelake", "insights", "busiest_hours", "--home", home, "--format", "json", cwd=tmp_path)
    run(programs / "telelake", "report", "report.html", "--home", home, cwd=tmp_path)
    status = run(programs / "telelake", "status", "--home", home, "--json", cwd=tmp_path)

    assert json.loads(hours.stdout) and json.loads(status.stdout)
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert run(programs / "python", "-c", "import pytest", cwd=tmp_path, ok=False).returncode == 1


def test_uvx_shows_the_demo_from_the_wheel(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "lake"
    run(UV, "tool", "run", "--quiet", "--from", only(built, "*.whl"), "telelake", *DEMO, "--home", home, cwd=tmp_path)
    assert list(home.rglob("*.parquet"))


def test_the_lock_installs_as_the_container_does_and_runs_on_a_root_that_cannot_be_written(
    built: Path, tmp_path: Path
) -> None:
    """The Dockerfile's steps; then, where this user may, a read-only root with /data and /tmp as the only exceptions."""
    lock = ROOT / "deploy" / "requirements.txt"
    programs = environment(tmp_path / "image", sys.executable, "--require-hashes", "--only-binary", ":all:", "-r", lock)
    python = programs / "python"
    run(UV, "pip", "install", "--quiet", "--no-deps", "--python", python, only(built, "*.whl"), cwd=tmp_path)
    run(UV, "pip", "check", "--python", python, cwd=tmp_path)
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("a namespace with a read-only root needs root and unshare")
    data, temporary = tmp_path / "data", tmp_path / "tmp"
    data.mkdir()
    temporary.mkdir()
    script = (
        "set -e; mount --make-rprivate /; mount --bind $1 $1; mount --bind $2 $2; mount -o remount,bind,ro /; "
        "if touch $3/written 2>/dev/null; then echo the root can be written; exit 9; fi; "
        'export TMPDIR=$2 HOME=$1 PYTHONDONTWRITEBYTECODE=1; cd $1; shift 3; exec "$@"'
    )
    command = [programs / "telelake", *DEMO, "--home", data / "lake"]
    run("unshare", "--mount", "sh", "-c", script, "sh", data, temporary, tmp_path, *command, cwd=tmp_path)
    assert list(data.rglob("*.parquet"))
