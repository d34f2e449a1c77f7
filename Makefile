# make demo    three mosaics of a real photo, in demo/
# make test    the tests
# make lint    ruff and mypy
# make web     fetch the viewer's script (needs Node), so that `photomosaic view` works from a checkout
# make dist    the wheel and the sdist, in dist/
# make check-wheel    the same, and the wheel is tried in an empty environment
# All of them make their own virtual environment in .venv first.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test lint bench web dist check-wheel clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev,bench]'
	touch .venv/.ready

demo: setup
	$(BIN)/python examples/demo.py demo

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

web:
	npm --prefix frontend ci --no-audit --no-fund
	npm --prefix frontend run build

bench: setup
	$(BIN)/python -m benchmarks

dist: setup web
	rm -rf dist
	PHOTOMOSAIC_REQUIRE_VIEWER=1 $(BIN)/python -m build --no-isolation

check-wheel: dist
	$(BIN)/python scripts/check_wheel.py dist

clean:
	rm -rf .venv demo build dist
