# Everything runs in .venv, made when absent and reused afterwards. Whoever names a Python
# (`make test PYTHON=python3.12`) gets an environment of that version beside it, .venv-3.12.
VENV := .venv
ifneq ($(origin PYTHON),undefined)
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
# The wheel in an environment of its own, with what it needs to run and nothing else.
INSTALLED := build/installed

.DEFAULT_GOAL := help

.PHONY: help demo test test-all lint docs figures bench dist installed sbom vulnerabilities clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "matcher needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.release: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[release]'
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

docs: $(VENV)/.dev ## The documentation as a site in site/, warnings are errors
	$(BIN)/python tools/write_reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

figures: $(VENV)/.dev ## Write the files of benchmarks/results into the pages that name them
	$(BIN)/python tools/render_results.py
	$(BIN)/python tools/typed_numbers.py

bench: $(VENV)/.dev ## Search latency and recall against bare FAISS
	$(BIN)/python benchmarks/search.py --record none

dist: $(VENV)/.release ## Build the sdist and the wheel into dist/, and check what is in them
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*.tar.gz dist/*.whl
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/python tools/check_distribution.py dist

installed: ## Install the wheel of dist/ into build/installed, and use it outside the checkout
	@test -n "$(wildcard dist/*.whl)" || { echo "dist/ has no wheel: run make dist first" >&2; exit 1; }
	rm -rf $(INSTALLED)
	$(PYTHON) -m venv $(INSTALLED)
	$(INSTALLED)/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	$(PYTHON) tools/check_installed.py $(INSTALLED)/bin/python

$(INSTALLED)/bin/python:
	$(MAKE) installed

sbom: $(VENV)/.release $(INSTALLED)/bin/python ## List what runs, as CycloneDX, in dist/sbom.cdx.json
	@mkdir -p dist
	@rm -f $(INSTALLED)/lib/python3*/site-packages/missing_child_matcher-*.dist-info/direct_url.json # a path of this machine
	$(BIN)/cyclonedx-py environment --output-reproducible --output-format JSON --pyproject pyproject.toml \
		--output-file dist/sbom.cdx.json $(INSTALLED)/bin/python

vulnerabilities: $(VENV)/.release $(INSTALLED)/bin/python ## Ask about known flaws of what runs; needs the network
	$(BIN)/python tools/check_vulnerabilities.py $(INSTALLED)/bin/python

clean: ## Remove the environments, and what the demo and the build wrote
	rm -rf .venv .venv-* demo build dist site
