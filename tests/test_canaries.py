"""The search for secrets finds them, wherever they hide; the twin of what `conftest.py` does at the end of every run."""

from __future__ import annotations

import base64
import gzip
import itertools
from pathlib import Path

import pyarrow
import pytest
import zstandard
from pyarrow import parquet

from tests.canaries import INPUT, TOKEN, WEBHOOK_SECRET, search, secrets_in
from tests.conftest import LakeFolder, message

REAL_FORM = "7654321098:AAH" + "xYz0123456789-_" * 2 + "qw"

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    "text",
    [
        f'{{"token":"{REAL_FORM}"}}', f"GET /bot{REAL_FORM}/getMe", f"bot{REAL_FORM.replace(':', '%3A')}", TOKEN,
        WEBHOOK_SECRET, WEBHOOK_SECRET.upper(), "x" * 200 + REAL_FORM,
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_what_a_secret_looks_like(text):
    """A token's form, plain or in an address, and every word of the list."""
    assert secrets_in(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "12:30:45", '{"update_id":123456789,"message":{"text":"a:b"}}', "sha256:0123456789abcdef0123456789abcdef01234567",
        "arn:aws:lambda:us-east-1:123456789012:function_with_a_name_of_many_letters", "record-1234567: some words",
    ],
)  # fmt: skip
def test_what_is_none(text):
    """Times, ids, digests and resource names are no tokens."""
    assert not secrets_in(text.encode())


def test_wherever_it_hides(tmp_path):
    """In raw, in quarantine's base64, in a table, in a gzip, in a log and across two pieces; what is input is passed over."""
    tmp_path = _beneath_input(tmp_path)
    secret = REAL_FORM.encode()
    body = b'{"text":"' + secret + b'"}'
    (tmp_path / "a.ndjson.zst").write_bytes(zstandard.compress(body))
    encoded = base64.b64encode(b"xx" + secret)
    (tmp_path / "b.ndjson.zst").write_bytes(zstandard.compress(b'{"body_base64":"' + encoded + b'"}\n'))
    parquet.write_table(
        pyarrow.table({"text": ["fine", REAL_FORM], "n": [1, 2]}), tmp_path / "c.parquet", compression="zstd"
    )
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(body))
    (tmp_path / "e.log").write_bytes(bytes(16 * 1024 * 1024 - 10) + secret)
    (tmp_path / "f.ndjson.zst").write_bytes(zstandard.compress(b'{"text":"nothing"}'))
    (tmp_path / "g.gz").write_bytes(b"no gzip")
    (tmp_path / INPUT).mkdir()
    (tmp_path / INPUT / "token.txt").write_bytes(secret)
    assert [path.name[0] for path in search(tmp_path)] == ["a", "b", "c", "d", "e"]


def test_in_a_whole_lake(tmp_path):
    """Someone's message with a token in it is found in raw and in the tables: the search reaches what the lake writes."""
    lake = LakeFolder(_beneath_input(tmp_path) / "lake")
    lake.add(message(1, 1, f"my token is {REAL_FORM}"))
    lake.wrangle()
    assert {".zst", ".parquet"} <= {path.suffix for path in search(lake.root)}


def test_a_session_that_leaves_one_fails(pytester, monkeypatch, capsys):
    """A run whose tests all pass fails when one of them leaves a secret in a file or says it; without, it passes."""
    root = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", root)
    pytester.makeconftest(
        "from tests.canaries import Watch\ndef pytest_configure(config):\n"
        "    config.pluginmanager.register(Watch(config), 'watch')\n"
    )
    leaks = {
        "file": "def test(tmp_path): (tmp_path / 'a.log').write_text('canAry-x'.lower())",
        "print": "def test(): print('canAry-x'.lower())",
        "log": "import logging\ndef test(): logging.getLogger('x').error('canAry-x'.lower())",
    }
    folder = _beneath_input(pytester.path)
    for name, source in leaks.items():
        pytester.makepyfile(**{f"test_{name}": source})
        result = pytester.runpytest_subprocess(
            f"test_{name}.py", "-p", "no:cacheprovider", f"--basetemp={folder / name}"
        )
        assert result.ret == 1, name
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["*secrets were left behind*"])
    pytester.makepyfile(test_fine="def test(tmp_path): (tmp_path / 'a.log').write_text('fine')")
    assert pytester.runpytest_subprocess("test_fine.py", f"--basetemp={folder / 'fine'}").ret == 0
    capsys.readouterr()  # what the inner runs said is theirs


def _beneath_input(folder: Path) -> Path:
    """Return a folder whose secrets the run around this test does not mind."""
    made = folder / INPUT / "outer"
    made.mkdir(parents=True)
    return made
