# From a fresh checkout with Python 3.11+ and make, nothing else.
PYTHON ?= python3
PORT ?= 9100
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test soak retest resoak bench lint lock clean

.venv: $(VENV)/.made

# The hashes in the lock are checked; our own package is added last, from this folder.
$(VENV)/.made: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: .venv
	$(BIN)/salesbot demo --port $(PORT) $(if $(RESET),--reset)

# Four processes: most tests wait for a database or a socket rather than for a core.
test: .venv lint
	$(BIN)/python -m pytest -m "not soak" -n 4 --dist loadfile

# The long forms of the crash, property and load tests.
soak: .venv
	SALESBOT_SOAK=1 $(BIN)/python -m pytest -m soak --timeout 1800

# What failed last, once more and one after the other.
retest: .venv lint
	$(BIN)/python -m pytest -m "not soak" --last-failed --last-failed-no-failures none

resoak: .venv
	SALESBOT_SOAK=1 $(BIN)/python -m pytest -m soak --timeout 1800 --last-failed --last-failed-no-failures none

bench: .venv
	$(BIN)/python -m benchmarks

lint: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Names no package index: anybody's own client settings decide where packages come from.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
