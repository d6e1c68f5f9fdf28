# `make run` and `make test` are all that a newcomer needs; both install what they need into .venv.
#   make run [FROM=DIR]  build and test the lakehouse, on synthetic deliveries or on those in DIR/<entity>/
#   make test            every check of a change, in some half an hour
#   make test-deep       what takes longer      make docs   the docs as one page
#   make evidence        the privacy officer's page: what became of everybody's data, and how that is known
#   make lint            SQL style              make bench  how fast, beside SQL written by hand; what a night costs
#   make test-athena     of the checks those on a local Athena
#   make athena          the same on a local Athena (FROM=DIR too), up until Ctrl-C
#   make parity          both engines on the same files (FROM=DIR, VARS= too): how many rows of each table differ
#   make lives [N=1000]  random lives from consent to erasure on DuckDB, and twenty on the local Athena
#   make mutants         the models and their upkeep broken on purpose: which test notices each way
#   make lock            requirements.txt       make clean  remove what dbt and the tests made
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export DBT_SEND_ANONYMOUS_USAGE_STATS ?= false

# Deliveries from elsewhere get a landing zone and a database of their own, so that they never mix with others.
ifdef FROM
PLACE := deliveries/$(notdir $(abspath $(FROM)))-$(firstword $(shell printf %s '$(abspath $(FROM))' | cksum))
export STEDI_LANDING ?= $(PLACE)/landing
export STEDI_DUCKDB ?= $(PLACE)/lakehouse.duckdb
endif

.PHONY: run test test-deep test-athena lives mutants lint docs evidence bench athena parity lock clean
.DELETE_ON_ERROR:

run: $(INSTALLED) profiles.yml
	@$(BIN)/stedi key make
	@$(BIN)/stedi demo $(if $(FROM),--from '$(FROM)')
	@echo "Building the tables and testing them"
	@$(BIN)/dbt --quiet build $(if $(VARS),--vars '$(VARS)')
	@echo "All tables built, all tests passed"
	@$(BIN)/dbt --quiet docs generate --static
	@$(BIN)/stedi summary

# Two processes: one has the local Athena, the other begins with the rest. What they came to is in `make evidence`.
test: lint
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m "not deep" --junitxml target/tests.xml

test-deep: $(INSTALLED)
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m deep --junitxml target/deep-tests.xml

lint: $(INSTALLED) profiles.yml
	@$(BIN)/stedi key make
	@$(BIN)/sqlfluff lint models tests analyses
	@AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none $(BIN)/dbt --quiet compile --target athena \
	    --no-populate-cache --no-introspect --target-path target/athena
	@$(BIN)/sqlfluff lint --config .sqlfluff-athena --ignore-local-config target/athena/compiled

docs: $(INSTALLED) profiles.yml
	@$(BIN)/stedi key make
	@$(BIN)/dbt --quiet docs generate --static
	@echo "Docs: target/static_index.html"

# The tests look at everything, not only at what the last build made. Where some fail the page says so, in red.
evidence: $(INSTALLED) profiles.yml
	@test -e "$${STEDI_DUCKDB:-lakehouse.duckdb}" || { echo "No tables yet: run make run, or dbt build" >&2; exit 1; }
	@$(BIN)/stedi key make
	@rm -f target/tests/run_results.json
	@$(BIN)/dbt --quiet docs generate --static $(if $(VARS),--vars '$(VARS)')
	@$(BIN)/dbt --quiet test --target-path target/tests $(if $(VARS),--vars '$(VARS)') \
	    || echo "Not every test has passed: see the page" >&2
	@$(BIN)/stedi evidence

bench: $(INSTALLED) profiles.yml
	@$(BIN)/python bench/bench.py

lives: $(INSTALLED)
	@STEDI_LIVES=$(or $(N),1000) $(BIN)/python -m pytest tests/lakehouse/test_whole_lives.py
	@STEDI_ATHENA_LIVES=20 $(BIN)/python -m pytest tests/athena_local/test_whole_lives_on_athena.py

mutants: $(INSTALLED)
	@$(BIN)/python -m pytest -v tests/lakehouse/test_privacy_tests_can_fail.py \
	    tests/lakehouse/test_upkeep_can_fail.py tests/erasing/test_erasing_can_fail.py

test-athena: $(INSTALLED)
	@$(BIN)/python -m pytest tests/athena_local

athena: $(INSTALLED)
	@PYTHONPATH=scripts:tests $(BIN)/python -m athena_local.up $(if $(FROM),--from '$(FROM)')

parity: $(INSTALLED)
	@PYTHONPATH=scripts:tests $(BIN)/python -m athena_local.parity $(if $(FROM),--from '$(FROM)') \
	    $(if $(VARS),--vars '$(VARS)')

profiles.yml: profiles.yml.example
	@cp profiles.yml.example profiles.yml

$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; name one with make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV); this is done once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $(INSTALLED)

# One lock for every Python from 3.11 on; the extras stay in it, for pip wants them named.
lock:
	$(PYTHON) -m venv target/lock
	target/lock/bin/pip install --quiet uv==0.13.9
	target/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	    --no-header --no-annotate --no-emit-index-url requirements.in --output-file requirements.txt

clean:
	rm -rf target logs .pytest_cache .hypothesis
