# Every target sets up what it needs, into .venv and the folders node_modules of this checkout.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test test-all fuzz mutation check contracts bench lock devices clean

help:            ## What there is to make.
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/.runtime contracts/node_modules/.stamp    ## The main job on an embedded chain: a facet swap from YAML to verified.
	@$(BIN)/python -m governance.apps.demo

test: .venv/.dev contracts/node_modules/.stamp tests/interop/node_modules/.stamp    ## All tests but the slow sweeps (under 5 minutes on 2 cores).
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not slow" tests
	cd contracts && npm run --silent test

test-all: .venv/.dev contracts/node_modules/.stamp tests/interop/node_modules/.stamp    ## All tests and sweeps, with the coverage that core must keep.
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered -m "not sweep" tests
	$(BIN)/coverage report --include='governance/core/*' --fail-under=95
	$(BIN)/python -m pytest -n 2 --dist worksteal -m sweep tests
	cd contracts && npm run --silent test

fuzz: .venv/.dev    ## Search documents for faults with new randomness (the tests search the same way each time).
	$(BIN)/python -m pytest -n 2 --hypothesis-profile=searching -q tests/fuzz

mutation: .venv-mutation/.stamp    ## Measure how many planted faults the tests find, into docs/mutation.md (slow).
	PATH="$(CURDIR)/.venv-mutation/bin:$$PATH" .venv-mutation/bin/python -m bench.mutation

check: .venv/.dev contracts/node_modules/.stamp    ## Format, lint, types, import contracts, fast tests.
	$(BIN)/ruff format --check governance tests bench
	$(BIN)/ruff check governance tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not node and not slow and not browser" tests

contracts: .venv/.dev contracts/node_modules/.stamp    ## Build the contracts, compare the shipped artifacts byte for byte, run forge's tests.
	cd contracts && npm run --silent lint && npm run --silent check && npm run --silent test && npm run --silent gas:check

bench: .venv/.dev contracts/node_modules/.stamp    ## Measure against the peers, side by side, in one run.
	$(BIN)/python -m bench

lock: .venv/.dev    ## Resolve the dependencies anew into the lock files (needs uv).
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -U -o requirements.lock
	uv pip compile pyproject.toml --extra ledger --extra trezor -c requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -q -U -o requirements-devices.lock
	uv pip compile pyproject.toml --group build --group dev --extra ledger --extra trezor --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -q -U -o requirements-dev.lock
	uv pip compile bench/requirements-mutation.in -c requirements-dev.lock --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -q -U -o bench/requirements-mutation.lock

devices: .venv/.runtime    ## Add what Ledger and Trezor devices need to the environment.
	$(PIP) install --require-hashes -r requirements-devices.lock

clean:           ## Remove what make made.
	rm -rf .venv .venv-mutation mutants contracts/node_modules tests/interop/node_modules contracts/out contracts/cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv-mutation/.stamp: requirements-dev.lock bench/requirements-mutation.lock | .venv/bin/python
	$(BIN)/python -m venv .venv-mutation
	.venv-mutation/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
	  -r requirements-dev.lock -r bench/requirements-mutation.lock
	@touch $@

contracts/node_modules/.stamp: contracts/package-lock.json
	cd contracts && npm ci --silent --no-audit --no-fund
	@touch $@

tests/interop/node_modules/.stamp: tests/interop/package-lock.json
	cd tests/interop && npm ci --silent --no-audit --no-fund
	@touch $@
