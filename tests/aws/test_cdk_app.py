"""`deploy/aws` as the `cdk` command runs it: by what stands in `cdk.json`, told by the environment where to write.

The command itself is a package of npm, which tests do not need.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from telelake.aws.stack import synthesise
from telelake.settings import load

APP = Path(__file__).parents[2] / "deploy" / "aws"
SETTINGS = {"TELELAKE_TIMEZONE": "America/Sao_Paulo", "TELELAKE_AWS__STACK": "lake-cdk"}
CONTEXT = {
    "aws:cdk:disable-version-reporting": True,
    "aws:cdk:bundling-stacks": ["**"],
    "@aws-cdk/core:failSynthOnValidationErrors": False,
}
"""What aws-cdk 2.1148.1 gives with this `cdk.json`; it reads the report of what was found, and stops, by itself."""


def _start(outdir: Path, **environment: str) -> subprocess.Popen[str]:
    """Start what stands in `cdk.json`, as the command does."""
    command = shlex.split(json.loads((APP / "cdk.json").read_bytes())["app"])
    given = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(outdir.parent),
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps(CONTEXT),
        "CDK_CLI_VERSION": "2.1148.1",
        "CDK_CLI_ASM_VERSION": "55.0.0",
        "CDK_DEFAULT_ACCOUNT": "000000000000",
        "CDK_DEFAULT_REGION": "us-east-1",
        **SETTINGS,
        **environment,
    }
    return subprocess.Popen(command, cwd=APP, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_the_app_makes_the_plain_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same resources, outputs and parameters; the bootstrap's version is asked for besides, and cdk-nag finds nothing."""
    started = _start(tmp_path / "cdk.out")
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    plain = _json(synthesise(load(), tmp_path / "plain"))
    out, said = started.communicate(timeout=120)

    assert (started.returncode, out) == (0, ""), said
    made = _json(tmp_path / "cdk.out" / "lake-cdk.template.json")
    assert made["Parameters"].pop("BootstrapVersion")["Default"] == "/cdk-bootstrap/hnb659fds/version"
    assert made.pop("Rules").keys() == {"CheckBootstrapVersion"}
    assert made == plain
    assert len(plain["Resources"]) > 50
    assets = _json(tmp_path / "cdk.out" / "lake-cdk.assets.json")
    assert [each["source"]["path"] for each in assets["files"].values()] == ["lake-cdk.template.json"]
    stack = _json(tmp_path / "cdk.out" / "manifest.json")["artifacts"]["lake-cdk"]
    assert stack["properties"]["templateFile"] == "lake-cdk.template.json"
    report = _json(tmp_path / "cdk.out" / "validation-report.json")
    assert [each["violations"] for each in report["pluginReports"] if each["violations"]] == []


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"TELELAKE_AWS__REGION": "sa-east-1"},
            "cdk deploys to us-east-1, and aws.region is sa-east-1. Run: export AWS_REGION=sa-east-1\n",
        ),
        ({"TELELAKE_AWS__STAK": "x"}, "stak"),
    ],
    ids=["another region", "a wrong setting"],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    """No traceback; `cdk` stops at the exit code."""
    started = _start(tmp_path / "cdk.out", **environment)
    out, told = started.communicate(timeout=60)
    assert (started.returncode, out) == (1, "")
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "cdk.out").exists()
