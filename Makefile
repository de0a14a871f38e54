# make demo / make test do all the set-up there is: a virtual environment beside the code.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What else pytest is told, such as TESTS="tests/domain -x".
TESTS ?=
# How many simulated weeks `make soak` plays.
WEEKS ?= 100000
# What tests read and would otherwise have to fetch; the same for every environment here. The wheels that
# `tidegate package` packs, for the Pythons of Function Compute, and the vendor's resource types.
WHEELS := .wheels
# What is only measured beside Tidegate has pins of its own.
PEERS := .venv-peers

# Processes are started by the hundred here: without bytecode each of them would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage check bench soak format clean $(WHEELS)

demo: $(READY)
	$(BIN)/tidegate demo

# Three workers for two processors: many tests wait for processes, and one waits for the unlucky weeks.
test: $(READY) $(WHEELS)
	$(BIN)/python -m pytest -n 3 --dist worksteal $(TESTS)

coverage: $(READY) $(WHEELS)
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The long runs: weeks of simulated misfortune, every planted bug, kill rounds, storms and scripts. It takes an hour
# and a half; where it is broken off among the weeks, the next one goes on with them.
soak: $(READY)
	@mkdir -p build
	$(BIN)/python -m localcloud.simulate --seeds $(WEEKS) --keep tests/simulate/stories --resume build/soak.json
	$(BIN)/python -m pytest -n 2 --soak -m "soak or deep" $(TESTS)
	@rm build/soak.json

bench: $(READY) $(PEERS)/.ready
	$(BIN)/python -m benchmarks

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(PEERS) $(WHEELS) build dist *.egg-info

# Bytecode is made of what is imported, once it is: of all that is installed it would take a third of the time.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Tidegate needs Python 3.10 to 3.13; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[cli,local,dev]'
	@touch $(READY)

$(WHEELS): $(WHEELS)/.ready $(WHEELS)/ros-types/.ready

# Where this fails the tests of the package do, and the others run.
$(WHEELS)/.ready: pyproject.toml constraints.txt | $(READY)
	-@mkdir -p $(WHEELS) && $(BIN)/python -m tidegate.cli package --fetch && touch $@

# What the vendor publishes of its resource types, against which the template is checked.
$(WHEELS)/ros-types/.ready: tests/template/requirements.txt | $(READY)
	-@mkdir -p $(@D) && $(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps \
	  --only-binary :all: --require-hashes -d $(@D) -r $< && touch $@

$(PEERS)/.ready: benchmarks/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@
