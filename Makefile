# Everything is set up by the targets themselves: a bare Debian 12 with git, make and python3 is enough.
# `make help` lists them; ARGS are passed on: make demo ARGS="--no-browser --port 8123".

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
WORKERS ?= auto

BIN := .venv/bin
SETUP := PYTHON=$(PYTHON) tools/setup.sh
PYTEST := $(BIN)/python -m pytest
# In their own order: the tests with a browser come last, since Playwright leaves an event loop running behind it.
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
CODE := $(wildcard odm_shiny tests tools apps examples benchmarks)

.PHONY: help setup demo serve check check-quick test test-quick test-long test-pandas3 bench bench-large format docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## install what the demo, the tests and the benchmarks need
	@$(SETUP) test

demo: ## open the expression app on demo data
	@$(SETUP) demo
	@exec $(BIN)/odm-shiny demo $(ARGS)

check: ## lint, types, import directions, documents
	@$(SETUP) test
	@$(MAKE) --no-print-directory check-quick
	$(BIN)/mypy
	$(BIN)/python tools/check_docs.py

check-quick:
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/python tools/check_imports.py

test: check ## what CI runs: check, then every test but the long ones
	$(PYTEST) $(PARALLEL) -m "not long" $(ARGS)

test-quick: ## lint and the tests that need neither a browser, nor R, nor another program (5 minutes)
	@$(SETUP) test
	@$(MAKE) --no-print-directory check-quick
	$(PYTEST) $(PARALLEL) -m "not long and not browser and not r and not peer" $(ARGS)

test-long: check ## every test
	$(PYTEST) $(PARALLEL) $(ARGS)

test-pandas3: ## a smoke run on the newest pandas, which the pinned versions cannot have
	@PYTHON=$(PYTHON) tools/try_pandas3.sh $(ARGS)

bench: ## compare with the peers, scaled down, under 5 minutes
	@$(SETUP) test
	$(BIN)/python -m benchmarks $(ARGS)

bench-large: ## the benchmarks in full size
	@$(SETUP) test
	$(BIN)/python -m benchmarks --large $(ARGS)

format: ## put the code in its form
	@$(SETUP) test
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: ## write the generated pages again
	@$(SETUP) test
	$(BIN)/python tools/write_cli_docs.py

lock: ## choose the versions of constraints.txt anew
	PYTHON=$(PYTHON) tools/lock.sh $(ARGS)

clean: ## remove what the other targets made, .venv included
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
