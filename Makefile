# The two commands of the README are `make demo` and `make test`; each sets up all that it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STANDIN := $(VENV)/aws-standin

.PHONY: demo test test-aws nightly check reference botapi released clean

demo: $(STAMP)
	$(BIN)/telelake demo $(ARGS)

test: $(STAMP)-test $(STANDIN)/.installed
	@. $(VENV)/browser.env && $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

test-aws: $(STAMP)-test $(STANDIN)/.installed
	$(BIN)/pytest tests/aws $(ARGS)

nightly: $(STAMP)-test
	TELELAKE_TEST_LONG=1 $(BIN)/pytest tests/capture/test_fuzz.py tests/capture/test_proxy.py tests/clients/test_delivery.py
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

clean:
	rm -rf $(VENV) demo-lake
