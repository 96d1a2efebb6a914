# make chat   sets everything up, builds the index from corpus/ and opens the web chat
# make test   sets everything up and runs lint, types and all tests
# make build  brings the index up to date with corpus/

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: chat build test lint types browser clean

chat: build
	@$(BIN)/python app.py

build: .venv/ready
	@$(BIN)/rag build corpus

test: .venv/ready-test browser lint types
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready-test
	$(BIN)/mypy

# Debian and Ubuntu: the system's Chromium drives the page in the tests. Elsewhere, or without the
# rights to install, the browser tests say why they are skipped.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null; } \
	  || echo "no Chromium here: the browser tests will be skipped"; }

# torch comes first and alone: the constraint names the version whose CPU build is found here
.venv/torch: constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "setting up .venv (the first time takes a few minutes)"
	@$(PIP) torch==2.13.0
	@touch $@

.venv/ready: .venv/torch pyproject.toml constraints.txt
	@$(PIP) --editable .
	@touch $@

.venv/ready-test: .venv/ready
	@$(PIP) --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info
