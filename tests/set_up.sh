#!/bin/sh
# Finds, or installs, what the tests need beside Python packages: a Chromium, strace, Java for Spark, Node.js with the bot frameworks of
# tests/clients. Writes $1/browser.env and $1/node. What is there is not installed again: a second run needs no network.
set -eu
venv=$1

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
debian() {
    command -v apt-get >/dev/null || return 1
    as_root apt-get update -qq >/dev/null 2>&1 && as_root apt-get install -y -qq "$@" >/dev/null 2>&1
}
system_chromium() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return 0
    done
    return 1
}
playwright_chromium() {
    "$venv/bin/python" - <<'PY'
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    path = playwright.chromium.executable_path
print(path) if os.path.exists(path) else sys.exit(1)
PY
}

if ! command -v strace >/dev/null; then
    debian strace || { echo "strace is needed by the tests and could not be installed. Install it, then run make test again." >&2; exit 1; }
fi

# Without it the tests of Spark would be passed over, and say so; here they are to run.
if ! command -v java >/dev/null && [ ! -x "${JAVA_HOME:-}/bin/java" ]; then
    debian openjdk-17-jre-headless || debian default-jre-headless ||
        { echo "The tests of Spark need Java 17 or later: it is not there, and apt-get could not install it. Install it, then run make test again." >&2; exit 1; }
fi

node=$venv/node
bots=tests/clients/node_bots/package.json
for tool in node npm; do
    command -v "$tool" >/dev/null || debian nodejs npm ||
        { echo "The tests of real clients need Node.js 18 or later with npm: it is not there, and apt-get could not install it. Install it, then run make test again." >&2; exit 1; }
done
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] ||
    { echo "The tests of real clients need Node.js 18 or later; this is $(node --version). Install a later one, then run make test again." >&2; exit 1; }
if ! cmp -s "$bots" "$node/installed.json"; then
    mkdir -p "$node"
    cp "$bots" "$node/package.json"
    npm install --prefix "$node" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null ||
        { echo "npm could not install the bot frameworks that $bots names. Look at its message above, then run make test again." >&2; exit 1; }
    cp "$bots" "$node/installed.json"
fi

chromium=$(system_chromium) ||
    chromium=$(playwright_chromium 2>/dev/null) ||
    { "$venv/bin/python" -m playwright install chromium >/dev/null 2>&1 && chromium=$(playwright_chromium); } ||
    { debian chromium && chromium=$(system_chromium); } ||
    { echo "The browser tests need a Chromium: none is installed, and neither Playwright nor apt-get could install one. Install chromium, then run make test again." >&2; exit 1; }
echo "export TELELAKE_CHROMIUM='$chromium'" >"$venv/browser.env"
