"""TLS by certificate files: the door speaks it, and what cannot work is said before anything starts."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from capture_oracle import read_lake

from telelake.capture.certificate import certificate
from telelake.errors import SettingsError
from telelake.settings import Capture

SECONDS = 20.0


def made(folder: Path, name: str = "own", *, passphrase: str = "") -> tuple[Path, Path]:
    """Return certificate and key for 127.0.0.1, signed by itself."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    lock = ["-passout", f"pass:{passphrase}"] if passphrase else ["-nodes"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *lock, "-keyout", key,
         "-out", chain, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return chain, key


def test_neither_set_is_plain_http():
    """As behind a reverse proxy."""
    assert certificate(Capture()) == {}


def test_what_cannot_work_is_said(tmp_path):
    """One without the other, a path that leads nowhere, a folder, two that do not fit, no PEM, a passphrase."""
    chain, key = made(tmp_path)
    _, other = made(tmp_path, "other")
    _, locked = made(tmp_path, "locked", passphrase="canary")
    text = tmp_path / "text.pem"
    text.write_text("not a certificate")
    said = [
        ({"tls_certificate": chain}, r"capture\.tls_certificate is set and capture\.tls_key is not: set both"),
        ({"tls_key": key}, r"capture\.tls_key is set and capture\.tls_certificate is not: set both"),
        (
            {"tls_certificate": tmp_path / "none", "tls_key": key},
            r"tls_certificate = '.*none' cannot be read: No such file",
        ),
        ({"tls_certificate": chain, "tls_key": tmp_path}, r"tls_key = '.*' cannot be read: Is a directory"),
        ({"tls_certificate": chain, "tls_key": other}, "cannot be used: KEY_VALUES_MISMATCH"),
        ({"tls_certificate": text, "tls_key": key}, "cannot be used"),
        ({"tls_certificate": chain, "tls_key": text}, "cannot be used"),
        ({"tls_certificate": chain, "tls_key": locked}, "is locked by a passphrase"),
    ]
    for settings, words in said:
        with pytest.raises(SettingsError, match=words):
            certificate(Capture(**settings))
    assert certificate(Capture(tls_certificate=chain, tls_key=key)) == {"ssl_certfile": chain, "ssl_keyfile": key}


def run(folder: Path, *lines: str) -> subprocess.Popen[str]:
    (folder / "telelake.toml").write_text(
        f'home = "{folder / "home"}"\n[bots.support]\nid = 1001\nsecret = {{ env = "BOT_SECRET" }}\n[capture]\n'
        + "\n".join(['host = "127.0.0.1"', "port = 0", *lines])
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "telelake", "capture"], cwd=folder, text=True, stderr=subprocess.PIPE,
        env={**environment, "BOT_SECRET": "s3cret"},
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_the_door_speaks_tls(tmp_path):
    """It says https; an update over TLS 1.2 or later is stored; an older TLS, and plain HTTP, get no answer."""
    chain, key = made(tmp_path)
    process = run(tmp_path, f'tls_certificate = "{chain}"', f'tls_key = "{key}"')
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "Capture listens on https://127.0.0.1:" in said
        url = said.split()[3].replace("<bot>", "support")
        trusting = ssl.create_default_context(cafile=chain)
        headers = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
        assert httpx.post(url, content=b'{"update_id":1}', headers=headers, verify=trusting).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.post(url.replace("https:", "http:"), content=b"{}", headers=headers)
        port = httpx.URL(url).port
        for version, works in (
            (ssl.TLSVersion.TLSv1_3, True),
            (ssl.TLSVersion.TLSv1_2, True),
            (ssl.TLSVersion.TLSv1_1, False),
        ):
            client = ssl.create_default_context(cafile=chain)
            client.set_ciphers("ALL:@SECLEVEL=0")  # else it is this side that refuses
            client.minimum_version = ssl.TLSVersion.TLSv1
            client.maximum_version = version
            with socket.create_connection(("127.0.0.1", port), SECONDS) as plain:
                if works:
                    client.wrap_socket(plain, server_hostname="127.0.0.1").close()
                else:
                    with pytest.raises(ssl.SSLError):
                        client.wrap_socket(plain, server_hostname="127.0.0.1")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert list(read_lake(tmp_path / "home").bodies.values()) == [b'{"update_id":1}']


def test_a_certificate_that_is_missing_ends_the_start(tmp_path):
    """With exit code 1 and the setting's name; it never says that it listens."""
    process = run(tmp_path, 'tls_certificate = "/nowhere/chain.pem"', 'tls_key = "/nowhere/key.pem"')
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "capture.tls_certificate = '/nowhere/chain.pem' cannot be read" in said
    assert "Traceback" not in said
    assert "listens" not in said
