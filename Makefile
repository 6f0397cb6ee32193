# The commands of the README. Everything is set up on first use: .venv here, built parts in ${XDG_CACHE_HOME:-~/.cache}/meshroll.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"$$/\1/p' meshroll/__init__.py)

.PHONY: help demo test check format bench soak lock dist tag clean
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## deliver by weight and by header on a mesh on this machine, and count the answers
	$(BIN)/meshroll demo

test: check ## check, build the parts, and run all tests but the soak
	$(BIN)/meshroll sandbox build
	$(BIN)/pytest -m "git or sandbox"

check: $(READY) ## format, lint, types, import contracts and unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -m unit

format: $(READY) ## format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Everything the README says about cost, as one table. `make bench FILES="100 1000" COMMITS="10" SERVICES="10"` measures less.
FILES ?= 100 1000 10000 100000
COMMITS ?= 10 1000 10000
SERVICES ?= 10 100 1000
CLUSTERS ?= 1 10
bench: $(READY) ## measure what commands cost, beside their peers
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r bench/requirements.txt
	$(BIN)/python -m bench --files $(FILES) --commits $(COMMITS) --services $(SERVICES) --clusters $(CLUSTERS)

# N examples (edits, kills, a fifth as many combinations for the lint) and DRAWS moments of each disturbed delivery
# from one seed; `make test` runs fewer of them.
N ?= 10000
SEED ?= 0
DRAWS ?= 3
soak: $(READY) ## run the long tests: make soak N=10000 SEED=0 DRAWS=3
	N=$(N) SEED=$(SEED) MESHROLL_DRAWS=$(DRAWS) $(BIN)/pytest -q tests/soak --hypothesis-seed=$(SEED)
	SEED=$(SEED) MESHROLL_KILLS=200 MESHROLL_PROCESSES=8 MESHROLL_RELEASES=25 $(BIN)/pytest -q tests/git/proof

lock: $(READY) ## pin the Python packages of requirements.txt and requirements-dev.txt anew
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 requirements.txt requirements-dev.txt -o requirements.lock

# What is in dist/ is what was tested.
dist: $(READY) ## build the sdist and the wheel into dist/, and test these two files
	rm -rf dist *.egg-info
	$(BIN)/python -m build --quiet --no-isolation --outdir dist .
	rm -rf *.egg-info
	MESHROLL_DIST=dist $(BIN)/pytest -q tests/unit/packaging tests/git/packaging

tag: ## tag the commit of a release: v and the version in meshroll/__init__.py
	@grep -q '^## $(VERSION) ([0-9]\{4\}-[0-9][0-9]-[0-9][0-9])$$' CHANGELOG.md || \
	  { echo "make: CHANGELOG.md: $(VERSION) has no date; expected the heading '## $(VERSION) (YYYY-MM-DD)'" >&2; exit 2; }
	@git diff --quiet HEAD || { echo "make: there are changes that are not committed; expected none" >&2; exit 2; }
	git tag --annotate --message="Meshroll $(VERSION)" "v$(VERSION)"

clean: ## remove the environment and all that was built here; parts in the cache stay
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null || \
	  { echo "make: $(PYTHON) cannot make virtual environments: Python 3.11 or newer with its venv module is needed" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
