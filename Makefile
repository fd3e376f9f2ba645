# Needs Python 3.11 or newer with venv and pip, make, and a package registry that pip reaches. Everything else is made in .venv.

PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq --no-input
UV ?= uv
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint services proof bench up lock clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## make .venv from requirements.lock (again when the lock changes)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "setting up $(VENV) with $(PYTHON) (once, about a minute)"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "$(PYTHON) cannot make virtual environments (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## run the main job once on a built-in brand, with nothing to install
	@$(BIN)/joorsync demo $(ARGS)

test: lint services ## check everything: style, types, import rules, all tests (ARGS="-k orders" for some)
	$(BIN)/pytest -m "not proof" -n 2 --dist worksteal $(ARGS)

lint: setup ## style, formatting, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

services: ## install RabbitMQ and PostgreSQL for the tests when they are missing (root on Debian)
	@sh tests/install_services.sh

proof: setup services ## the long proofs: volume, kills, many processes
	$(BIN)/pytest -m proof $(ARGS)

bench: setup services ## every measured claim in turn, as JSON
	@for program in benchmarks/*.py; do echo "== $$program" >&2; $(BIN)/python "$$program" || exit 1; done

up: setup ## everything in one process until Ctrl-C
	@$(BIN)/joorsync up $(ARGS)

lock: ## pin the dependencies again (needs uv)
	$(UV) pip compile --universal --generate-hashes --extra dev --extra build --no-emit-index-url --no-header -p 3.11 pyproject.toml -o requirements.lock

clean: ## remove .venv and caches (never a database)
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
