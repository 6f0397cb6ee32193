# The commands of the README. Everything is set up on first use: .venv here, built parts in ${XDG_CACHE_HOME:-~/.cache}/meshroll.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test soak bench check format lock clean

demo: $(READY)
	$(BIN)/meshroll demo

test: check
	$(BIN)/meshroll sandbox build
	$(BIN)/pytest -m "git or sandbox"

# Everything the README says about cost, as one table. `make bench FILES="100 1000" COMMITS="10" SERVICES="10"` measures less.
FILES ?= 100 1000 10000 100000
COMMITS ?= 10 1000 10000
SERVICES ?= 10 100 1000
CLUSTERS ?= 1 10
bench: $(READY)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r bench/requirements.txt
	$(BIN)/python -m bench --files $(FILES) --commits $(COMMITS) --services $(SERVICES) --clusters $(CLUSTERS)

# N examples (edits, kills, a fifth as many combinations for the lint) and DRAWS moments of each disturbed delivery from one seed; `make test` runs fewer of them.
N ?= 10000
SEED ?= 0
DRAWS ?= 3
soak: $(READY)
	N=$(N) SEED=$(SEED) MESHROLL_DRAWS=$(DRAWS) $(BIN)/pytest -q tests/soak --hypothesis-seed=$(SEED)
	SEED=$(SEED) MESHROLL_KILLS=200 MESHROLL_PROCESSES=8 MESHROLL_RELEASES=25 $(BIN)/pytest -q tests/git/proof

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -m unit

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 requirements.txt requirements-dev.txt -o requirements.lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null || \
	  { echo "make: $(PYTHON) cannot make virtual environments: Python 3.11 or newer with its venv module is needed" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
