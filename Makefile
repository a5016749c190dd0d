# `make demo` shows the main job, `make test` checks everything; both install what they need.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check --quiet

IMAGE  ?=
PROMPT ?= a woodcut of a harbour at golden hour
OUT    ?= redraw-demo

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types layers unit bench chaos requirements clean

help: ## list what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Redraw needs Python 3.11 or newer; name it with: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/build.txt requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Redraw needs (about 60 MB, once) …"
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	@echo "Installing what the tests need …"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

install: $(VENV)/.run ## make .venv with everything that running takes

demo: $(VENV)/.run ## run all eight models on a picture (IMAGE=photo.jpg PROMPT="…") without any token
	@$(BIN)/redraw try $(if $(IMAGE),"$(IMAGE)") "$(PROMPT)" --all-models --out "$(OUT)"

test: lint types layers unit ## everything that must be green: ruff, mypy, import contracts, tests with coverage

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

layers: $(VENV)/.test
	$(BIN)/lint-imports

unit: $(VENV)/.test
	$(BIN)/coverage erase
	$(BIN)/python -m pytest --cov --cov-report=
	$(BIN)/coverage report

bench: $(VENV)/.test ## measure what docs/performance.md states
	$(BIN)/python -m tests.benchmarks

chaos: $(VENV)/.test ## ten seeds of 500 jobs while everything fails: SQLite alone, then three replicas on Postgres (an hour)
	$(BIN)/python -m tests.acceptance.chaos

requirements: ## pin anew (needs uv on the path)
	uv pip compile pyproject.toml $(COMPILE) -o requirements/run.txt
	uv pip compile pyproject.toml --all-extras --group test -c requirements/run.txt $(COMPILE) -o requirements/test.txt
	uv pip compile pyproject.toml --all-extras -c requirements/test.txt $(COMPILE) -o requirements/image.txt
	echo 'setuptools>=80' | uv pip compile - $(COMPILE) -o requirements/build.txt
COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* build *.egg-info
