# make demo    a Pt Hall bar on YIG: table, pictures and fields in demo-out/
# make test    the test suite; ARGS="-k film" passes options to pytest. Without ARGS test-fenicsx follows
# make lint    ruff and mypy
# make bench   the benchmarks
# make clean   remove what the above made, except the environment .venv
#
# make test-fenicsx         the tests of the engine fenicsx under mpirun (tools/with-dolfinx says where they run)
# make test-fenicsx-latest  the same with the newest dolfinx of Debian
#
# They install hanle into .venv when it is missing or pyproject.toml has changed.

SHELL := /bin/sh
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test test-fenicsx test-fenicsx-latest lint bench clean dev tree
.NOTPARALLEL:

demo: .venv/hanle
	@$(BIN)/hanle demo

test: .venv/test
	@$(BIN)/pytest --numprocesses auto --dist loadfile $(ARGS)
	@$(if $(ARGS),,tools/test-fenicsx)

test-fenicsx: .venv/test
	@tools/test-fenicsx $(ARGS)

test-fenicsx-latest:
	@tools/test-fenicsx --suite sid $(ARGS)

# An environment with ruff and mypy may be active already; otherwise .venv serves.
lint: $(if $(shell command -v ruff && command -v mypy),,dev) tree
	ruff check . && ruff format --check . && mypy build/tree/hanle

bench: .venv/test
	@for file in benchmarks/*.py; do echo "$$file" && $(BIN)/python "$$file" || exit 1; done

clean:
	rm -rf build dist out demo-out hanle.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./.venv -prune -o -type d -name __pycache__ -exec rm -rf {} +

dev: .venv/dev

# Editable, so that one environment serves demo, tests and development: sources are read from this folder.
.venv/hanle: pyproject.toml .ci/bootstrap
	@echo "Installing hanle into .venv (a few minutes the first time)"
	@.ci/bootstrap .venv
	@$(PIP) --editable .
	@touch $@

.venv/test: .venv/hanle
	@$(PIP) --editable '.[test]'
	@touch $@

.venv/dev: .venv/test
	@$(PIP) --editable '.[test,dev]'
	@touch $@

# build/tree shows the folders under their import names, for tools that read files instead of importing them.
# The last line removes links whose file is gone.
tree:
	@mkdir -p build/tree/hanle && ln -sfn ../../../hanle/py.typed build/tree/hanle/py.typed
	@for f in hanle/*.py; do ln -sfn ../../../$$f build/tree/$$f; done
	@for d in pde boundary materials meshes; do ln -sfn ../../../$$d build/tree/hanle/$$d; done
	@find -L build/tree/hanle -maxdepth 1 -type l -exec rm {} +
