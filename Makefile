# The two commands of the README are `make demo` and `make test`; each sets up all that it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STANDIN := $(VENV)/aws-standin

.PHONY: demo test test-aws nightly check reference botapi released docs lock audit sbom release-check clean

demo: $(STAMP)
	$(BIN)/telelake demo $(ARGS)

test: $(STAMP)-test $(STANDIN)/.installed
	@. $(VENV)/browser.env && $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

test-aws: $(STAMP)-test $(STANDIN)/.installed
	$(BIN)/pytest tests/aws $(ARGS)

nightly: $(STAMP)-test
	TELELAKE_TEST_LONG=1 $(BIN)/pytest tests/capture/test_fuzz.py tests/capture/test_fuzz_files.py tests/capture/test_proxy.py tests/clients/test_delivery.py
	$(BIN)/python bench/kills.py --flips 10000 --faults

check: $(STAMP)-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/make_reference.py --check

reference: $(STAMP)
	$(BIN)/python docs/make_reference.py

# What Telegram says of itself, from the schema in aiogram's source distribution: ARGS='--aiogram 3.31.0', or '--schema FILE'.
botapi: $(STAMP)
	$(BIN)/python docs/make_botapi.py $(ARGS)

# The site, in build/site; a broken link or a page that is in no menu is an error.
docs: $(STAMP)-docs
	$(BIN)/python docs/make_site.py

# What a release is made with, to the byte, and under which licences. Needs the package index.
lock: $(STAMP)-release
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	  --extra topics pyproject.toml --output-file deploy/requirements.txt
	$(BIN)/python docs/make_licences.py

# Known vulnerabilities of what the lock holds. Needs the network; CI runs it each night.
audit: $(STAMP)-release
	$(BIN)/pip-audit --requirement deploy/requirements.txt --disable-pip --require-hashes

# What a release consists of, as CycloneDX.
sbom: $(STAMP)-release
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements deploy/requirements.txt --pyproject pyproject.toml --output-reproducible \
	  --of JSON --output-file dist/telelake.cdx.json

# Wheel, sdist and lock, installed and used from empty environments: PYTHONS="python3.11 python3.12 python3.13".
release-check: $(STAMP)-release
	TELELAKE_TEST_LONG=1 TELELAKE_TEST_PYTHONS="$(PYTHONS)" $(BIN)/pytest tests/pack $(ARGS)

# Adds new columns to those that were ever released.
released: $(STAMP)
	$(BIN)/python -m tests.tables.released

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "telelake needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[topics]'
	touch $@

$(STAMP)-test: $(STAMP) tests/set_up.sh tests/clients/node_bots/package.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	sh tests/set_up.sh $(VENV)
	touch $@

# An environment of its own: the stand-in for AWS runs Lambdas with its own interpreter, and lends them its packages.
$(STANDIN)/.installed: tests/aws/standin.txt | $(STAMP)
	rm -rf $(STANDIN)
	$(BIN)/python -m venv $(STANDIN)
	$(STANDIN)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(STAMP)-check: $(STAMP)-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[check,test]'
	touch $@

$(STAMP)-docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

$(STAMP)-release: $(STAMP)-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[release]'
	touch $@

clean:
	rm -rf $(VENV) demo-lake build
