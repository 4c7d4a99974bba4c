# Everything runs in .venv, made when absent and reused afterwards.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help

.PHONY: help demo test test-all lint bench clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "matcher needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.runtime ## Set up, then enrol and search a rendered cohort; writes demo/leads.html
	@rm -rf demo
	$(BIN)/matcher demo --out demo

# One process a core, at most four: each holds a model, about 1 GB.
TOGETHER := --numprocesses auto --maxprocesses 4

test: $(VENV)/.dev ## Set up, then run the tests
	$(BIN)/python -m pytest $(TOGETHER)

test-all: $(VENV)/.dev ## The tests, the slow ones included
	$(BIN)/python -m pytest $(TOGETHER) -m "slow or not slow"

lint: $(VENV)/.dev ## Formatting, lint rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks examples

bench: $(VENV)/.dev ## Search latency and recall against bare FAISS
	$(BIN)/python benchmarks/search.py --record none

clean: ## Remove the environment and what the demo wrote
	rm -rf $(VENV) demo
