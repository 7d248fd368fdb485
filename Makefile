# AhFai's commands: `make run` starts everything, `make test` checks everything.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# Each file in one process: what its tests share, such as a browser and a server, is made once.
AT_ONCE := -n auto --dist loadfile --no-loadscope-reorder
INSTALL := PYTHON="$(PYTHON)" UV_VERSION="$(UV_VERSION)" deploy/install

# Where this is set, each of the hundreds of processes that tests start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run install test prove lock clean
.SILENT:

run: .venv/.installed-run
	$(BIN)/python manage.py serve

# For what starts it by itself, such as systemd.
install: .venv/.installed-run

.venv/.installed-run: requirements.lock
	$(INSTALL) requirements.lock
	touch $@

test: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	find templates -name '*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports
	$(BIN)/mypy .
	deploy/check-production $(BIN)/python
	$(BIN)/python -m pytest $(AT_ONCE)
	$(BIN)/python -m ahfai.tests.postgres $(AT_ONCE)

prove: .venv/.installed-dev
	$(BIN)/python bench/prove.py

.venv/.installed-dev: requirements.lock requirements-dev.lock
	$(INSTALL) requirements-dev.lock
	touch .venv/.installed-run $@

# Writes the locks anew, with the newest versions that pyproject.toml allows.
lock:
	deploy/lock $(UV_VERSION)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache
