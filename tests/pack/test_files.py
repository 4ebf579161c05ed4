"""Dockerfile, compose file, unit, lock and licences: what can be known of them without a container engine or systemd."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
UNIT = DEPLOY / "systemd" / "telelake.service"
HADOLINT = Path(sys.executable).with_name("hadolint")
COPYLEFT = re.compile(r"\bA?GPL|General Public|SSPL|Business Source|Commons Clause", re.IGNORECASE)


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LICENCES = loaded(ROOT / "docs" / "make_licences.py")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


# The lock


def missing(wanted: list[str], lock: dict[str, list[str]]) -> list[str]:
    """Return what the lock does not hold in a version that is asked for."""
    found = []
    for requirement in map(Requirement, wanted):
        versions = lock.get(canonicalize_name(requirement.name), [])
        if not versions or not all(requirement.specifier.contains(each) for each in versions):
            found.append(str(requirement))
    return found


def test_the_lock_holds_all_that_is_asked_for_in_versions_that_fit() -> None:
    asked = project()
    wanted = [*asked["dependencies"], *asked["optional-dependencies"]["topics"]]

    assert missing(wanted, LICENCES.locked()) == []
    assert missing(["duckdb>=99", "no-such-package"], LICENCES.locked()) == ["duckdb>=99", "no-such-package"]


def test_each_locked_file_has_its_hash_and_no_index_is_named() -> None:
    text = LICENCES.LOCK.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]

    assert len(blocks) > 40
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"https?://|--index|--find-links|@ file", text)


def test_the_page_of_licences_is_that_of_the_lock_and_none_is_copyleft() -> None:
    text = LICENCES.PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[([a-z0-9-]+)\]\S+ \| (.+) \|$", text, re.MULTILINE))

    assert set(rows) == set(LICENCES.locked())
    assert {name: said for name, said in rows.items() if COPYLEFT.search(said)} == {}
    assert COPYLEFT.search("GNU General Public License v3") and COPYLEFT.search("AGPL-3.0-only")


def test_the_licence_is_apache_and_goes_with_the_package() -> None:
    about = project()
    assert about["license"] == "Apache-2.0"
    assert about["license-files"] == ["LICENSE", "NOTICE"]
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Semantic Versioning" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# The container


def hadolint(text: str) -> str:
    done = subprocess.run([HADOLINT, "--no-color", "-"], input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert hadolint(text) == ""
    assert "DL3025" in hadolint(text.replace('CMD ["run"]', "CMD run"))  # the twin: it does look


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def test_the_container_runs_as_nobody_and_holds_no_secret() -> None:
    steps = instructions(DOCKERFILE.read_text(encoding="utf-8"))
    last = max(number for number, (word, _) in enumerate(steps) if word == "FROM")
    final = steps[last:]
    words = [word for word, _ in final]

    assert [word for word, _ in steps].count("FROM") == 2
    assert dict(final)["USER"] == "10001:10001" and words.index("USER") < words.index("ENTRYPOINT")
    assert "HEALTHCHECK" in words and "/healthz" in dict(final)["HEALTHCHECK"]
    assert not [
        rest for word, rest in steps if word in ("ENV", "ARG") and re.search(r"TOKEN|SECRET|PASSWORD|KEY", rest)
    ]
    assert any("--require-hashes" in rest for word, rest in steps if word == "RUN")


def test_what_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    steps = instructions(DOCKERFILE.read_text(encoding="utf-8"))
    copied = [name for word, rest in steps if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}

    assert copied and all((ROOT / name).exists() for name in copied)
    assert set(copied) == let_in


def test_the_compose_file_is_read_only_and_without_rights() -> None:
    (service,) = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8"))["services"].values()

    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert (DEPLOY / "docker" / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == DOCKERFILE
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["image"] == f"telelake:{version()}"
    # Only /data and /tmp can be written to, and the settings name nothing else.
    assert [mount.split(":")[1] for mount in service["volumes"]] == ["/data", "/data/telelake.toml"]
    assert all(
        value.startswith("file:///data/") for name, value in service["environment"].items() if name.endswith("HOME")
    )


def version() -> str:
    import telelake

    return telelake.__version__


# The unit

systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False)


@systemd
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """All but the program, which is not where it will be installed."""
    text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    unit = tmp_path / UNIT.name
    unit.write_text(text, encoding="utf-8")
    done = analyze("verify", unit)
    assert (done.returncode, done.stderr) == (0, "")

    unit.write_text(text.replace("ProtectClock=true", "ProtectClok=true"), encoding="utf-8")
    assert "ProtectClok" in analyze("verify", unit).stderr


@systemd
def test_the_unit_exposes_little(tmp_path: Path) -> None:
    """At most 2.0 of 10, by systemd's own measure."""
    assert analyze("security", "--offline=true", "--threshold=20", UNIT).returncode == 0

    bare = tmp_path / UNIT.name
    bare.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert analyze("security", "--offline=true", "--threshold=20", bare).returncode != 0


def test_the_unit_leaves_a_query_its_own_limits() -> None:
    """`present/worker.py` bounds itself by nice and setrlimit; a filter without @resources would take that away in silence."""
    assert "@resources" not in "".join(
        re.findall(r"^SystemCallFilter=.*$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_the_deployment_page_uses_these_files() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert "deploy/systemd/telelake.service" in page
    for name in ("Dockerfile", "compose.yaml"):
        assert name in (ROOT / "docs" / "docker.md").read_text(encoding="utf-8")
