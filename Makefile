# The commands of the project. A fresh machine needs Python 3.11 with python3-venv, and make.
# On Debian: apt-get install python3-venv make

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
SEEDS ?= 1..10000
JOBS ?= $(shell nproc)
LONG_SEEDS ?= 1..200
LONG_STEPS ?= 1000
STORM_SECONDS ?= 600
STORM_SEED ?= 1
FUZZ_SEED ?= 1
FUZZ_CODEC ?= 300000
FUZZ_SESSION ?= 20000
YEAR ?=
FILES ?=
SEED ?= 1
MOST ?= 0
PATIENCE ?= 20

.DEFAULT_GOAL := help
.PHONY: help setup lock base-image demo test check format generate bench year simulate histories storm attack fuzz mutants screenshots clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install everything into it (again after pyproject.toml or a lock file has changed)

$(STAMP): pyproject.toml requirements-dev.lock
	@test -n "$(PYTHON)" || { echo 'Python 3.11 is needed: apt-get install python3 python3-venv'; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo 'setting up $(VENV): this takes a minute or two'
	@sh .ci/install $(BIN)/python
	touch $(STAMP)

lock: setup ## write the lock files again: the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install -qq --disable-pip-version-check --root-user-action=ignore 'uv>=0.9'
	$(BIN)/python tests/locking.py --write

base-image: ## write the present digest of the base image into the Dockerfile (needs docker and its registry)
	digest="$$(docker buildx imagetools inspect python:3.11-slim-bookworm --format '{{.Manifest.Digest}}')" && \
	  test "$${digest#sha256:}" != "$$digest" && \
	  sed -i "s|^ARG PYTHON=.*|ARG PYTHON=python:3.11-slim-bookworm@$$digest|" Dockerfile && grep '^ARG PYTHON=' Dockerfile

demo: setup ## a whole city on this machine, and one reader's story
	$(BIN)/tongjie demo --once

test: setup ## all tests, in one process per processor
	@command -v chromium >/dev/null || echo 'tests of the pages are skipped: apt-get install chromium fonts-noto-cjk'
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

check: setup ## format, lint, types, floors, generated files fresh
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python proto/compile.py --check
	$(BIN)/python -m node.settings.doc --check
	$(BIN)/python -m node.settings.dialects_doc --check
	$(BIN)/python tests/locking.py --check

format: setup ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: setup ## write the generated files again
	$(BIN)/python proto/compile.py
	$(BIN)/python -m node.settings.doc
	$(BIN)/python -m node.settings.dialects_doc

bench: setup ## measure: print a table, write bench.json
	$(BIN)/python -m kiosk_sim.bench

year: setup ## a database of a year made, and its nights measured, YEAR='--loans 1000000'; writes year.json
	$(BIN)/python -m kiosk_sim.year $(YEAR)

simulate: setup ## the city under faults, SEEDS=1..10000, one process per processor
	$(BIN)/tongjie simulate --seeds $(SEEDS) --all --jobs $(JOBS)

histories: setup ## fewer, much longer histories, LONG_SEEDS=1..200 LONG_STEPS=1000
	$(BIN)/tongjie simulate --seeds $(LONG_SEEDS) --steps $(LONG_STEPS)

storm: setup ## four nodes as processes under faults, STORM_SECONDS=600 STORM_SEED=1
	$(BIN)/python -m kiosk_sim.storm --seconds $(STORM_SECONDS) --seed $(STORM_SEED)

attack: setup ## attacks on a node of its own, on this machine and for some minutes; figures in docs/security.md
	$(BIN)/python -m kiosk_sim.attack

fuzz: setup ## hostile SIP2, FUZZ_SEED=1 FUZZ_CODEC=300000 FUZZ_SESSION=20000 (inputs)
	$(BIN)/python -m tests.fuzz.run --seed $(FUZZ_SEED) --codec $(FUZZ_CODEC) --session $(FUZZ_SESSION)
	$(BIN)/pytest -q tests/sip2 --hypothesis-seed=$(FUZZ_SEED)

mutants: setup ## small faults that no test sees, FILES= (all) SEED=1 MOST=0 (all) PATIENCE=20 (seconds of tests each)
	$(BIN)/python -m tests.mutants.run $(FILES) --seed $(SEED) --most $(MOST) --patience $(PATIENCE)

screenshots: setup ## every page at 390 and 1280 pixels, into screenshots/ (needs chromium)
	$(BIN)/python -m tests.pages.screenshots screenshots

clean: ## remove everything that was made, .venv too
	rm -rf $(VENV) build dist screenshots bench.json year.json *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
