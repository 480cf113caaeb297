# Everything a newcomer or CI needs. `make demo` and `make test` set up what they use.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check conformance bench pictures clean

demo: $(VENV)/.demo
	@$(BIN)/wallwidgets demo $(ARGS)

test: $(VENV)/.test chromium node
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The official SDKs, each in an environment of its own, against the embedded instance.
conformance: $(VENV)/.test
	$(BIN)/python -m pytest -m conformance tests/conformance $(ARGS)

bench: $(VENV)/.test
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# The README's pictures, from the running product.
pictures: $(VENV)/.test chromium
	$(BIN)/python -m tests.pictures.take

# An environment is made anew when the project's requirements change, or what Jupyter finds in it.
FOR_JUPYTER := $(shell find jupyter-config wallwidgets/jupyter/labextension -type f)
$(VENV)/.demo $(VENV)/.test: $(VENV)/.%: pyproject.toml $(FOR_JUPYTER)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "This needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

# Browser tests drive Debian's Chromium; elsewhere any Chromium on the PATH will do.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
			&& apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| { echo "The browser tests need Chromium: sudo apt-get install chromium"; exit 1; }

# JupyterHub's proxy, and what checks our JavaScript; 5.1 is the last proxy for Debian 12's Node.js.
.PHONY: node
node: $(VENV)/node/.done

$(VENV)/node/.done: Makefile
	@command -v npm >/dev/null \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
			&& apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null; } \
		|| { echo "The tests on JupyterHub need npm: sudo apt-get install nodejs npm"; exit 1; }
	@npm install --prefix $(VENV)/node --no-save --no-audit --no-fund --loglevel=error \
		configurable-http-proxy@~5.1.0 typescript@~5.9.0
	@touch $@

clean:
	rm -rf $(VENV) .venv-sdk-* .venv-peer-* dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
