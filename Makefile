VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup protos contract format check test e2e bench demo clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt protos/generate.py protos/hatch_build.py $(wildcard protos/peapod/v1/*.proto)
	test -x $(BIN)/python || python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

protos: setup
	$(BIN)/python protos/generate.py

# What clients rely on, as `make check` holds the protos against it; renew it with each release.
contract: setup
	$(BIN)/buf build -o protos/contract.binpb

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format -w

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --exit-code --diff > /dev/null
	$(BIN)/buf breaking --against protos/contract.binpb

test: check
	$(BIN)/pytest

e2e: setup
	$(BIN)/pytest tests/e2e

bench: setup
	$(BIN)/python -m tests.bench

demo: setup
	$(BIN)/python scripts/demo.py

clean:
	rm -rf $(VENV) services/peapod/v1/*_pb2.py services/peapod/v1/*_pb2.pyi services/peapod/v1/*_rpc.py
