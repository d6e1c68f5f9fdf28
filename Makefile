# `make run` and `make test` are all that a newcomer needs; both install what they need into .venv.
#   make run [FROM=DIR]  build and test the lakehouse on synthetic deliveries, or on those in DIR/<entity>/
#   make test            what every change must pass, within 10 minutes: lint, units, laws, both engines
#   make test-deep       the rest: kills at every step, random histories, a whole local AWS account
#   make lint            Python, imports, types, SQL, YAML and dbt conventions
#   make docs            dbt's docs as one page
#   make evidence        the privacy officer's page: what became of everybody's data, and how that is known
#   make athena          a local Athena with the lakehouse on it, up until Ctrl-C or SIGTERM (FROM=DIR works too)
#   make parity          build the same files on both engines and count the rows that differ (FROM=, VARS=)
#   make lives [N=1000]  at least N random lives from consent to erasure on DuckDB, and forty on the local Athena
#   make mutants [N=100] break the project on purpose, and by N random mistakes in SQL and N in Python: what notices each
#   make attestation     what the tests have proven of this version, for the page of whoever runs it
#   make bench           how fast, compared with hand-written SQL, and what a night costs
#   make lock            rewrite both lock files from pyproject.toml
#   make clean           remove what dbt and the tests wrote
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# What running needs, and what developing needs besides.
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
# What holds people's data is for the user alone. (stedi sees to that by itself.)
PRIVATE := umask "$${STEDI_UMASK:-077}" &&
DBT := $(PRIVATE) $(BIN)/dbt
export DBT_SEND_ANONYMOUS_USAGE_STATS ?= false

# What the caller gives is text: make must not expand it, nor a shell run it. So recipes get it in the environment.
override FROM := $(value FROM)
override VARS := $(value VARS)
override N := $(value N)
export FROM VARS N

# Deliveries from elsewhere get a landing zone, a database, a key and a register of erasures of their own, so that they
# never mix with others: a folder named for theirs, without what is not a letter or digit, and for a checksum of its
# path. ($(shell) does not see exported variables.)
ifneq ($(FROM),)
PLACE := deliveries/$(shell folder=$$(CDPATH= cd -- '$(subst ','\'',$(FROM))' 2>/dev/null && pwd -P); \
    printf %s- "$$(basename -- "$$folder")" | LC_ALL=C tr -c A-Za-z0-9._- _; \
    printf %s "$$folder" | cksum | cut -d " " -f 1)
export STEDI_LANDING ?= $(PLACE)/landing
export STEDI_DUCKDB ?= $(PLACE)/lakehouse.duckdb
export STEDI_PSEUDONYM_KEY_FILE ?= $(PLACE)/.secrets/pseudonym_key
endif

.PHONY: run test test-deep test-athena lives mutants lint docs evidence attestation bench athena parity lock clean
.DELETE_ON_ERROR:

# A lakehouse built before each had its own keys and erasures gets a copy of those it was built with.
run: $(RUNTIME) profiles.yml
	@test ! -f "$(PLACE)/lakehouse.duckdb" || test ! -d .secrets || test -e "$(PLACE)/.secrets" \
	    || cp -Rp .secrets "$(PLACE)/.secrets"
	@$(BIN)/stedi demo $(if $(FROM),--from "$$FROM")
	@$(BIN)/stedi key make
	@echo "Building the tables and testing them"
	@$(DBT) --quiet build $(if $(VARS),--vars "$$VARS")
	@echo "All tables built, all tests passed"
	@$(PRIVATE) mkdir -p target/tests && cp target/run_results.json target/tests/ # which docs generate overwrites
	@$(DBT) --quiet docs generate --static
	@$(BIN)/stedi summary

# Two processes share the tests (tests/conftest.py says how). `make evidence` shows the results.
test: lint
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m "not deep" --junitxml target/tests.xml

test-deep: $(DEV)
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m deep --junitxml target/deep-tests.xml

# Beside the linters: every command, option and macro is documented, and every link leads somewhere.
lint: $(DEV) profiles.yml
	@$(PRIVATE) mkdir -p target
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > target/imports.txt || { cat target/imports.txt; exit 1; }
	@$(BIN)/yamllint --strict .
	@if command -v actionlint > /dev/null; then actionlint; else echo "actionlint is not installed: workflows unchecked"; fi
	@$(BIN)/python -m pytest --quiet --no-header tests/documents/test_documents.py
	@$(BIN)/stedi key make
	@$(BIN)/sqlfluff lint models tests analyses
	@AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none $(BIN)/dbt --quiet compile --target athena \
	    --no-populate-cache --no-introspect --target-path target/athena
	@$(BIN)/sqlfluff lint --config .sqlfluff-athena --ignore-local-config target/athena/compiled
	@$(BIN)/dbt-bouncer run > target/dbt-bouncer.txt 2>&1 || { cat target/dbt-bouncer.txt; exit 1; }

docs: $(RUNTIME) profiles.yml
	@$(BIN)/stedi key make
	@$(DBT) --quiet docs generate --static
	@echo "Docs: target/static_index.html"

# The tests look at everything, not only at what the last build made. Where some fail the page says so, in red.
evidence: $(RUNTIME) profiles.yml
	@test -e "$${STEDI_DUCKDB:-lakehouse.duckdb}" || { echo "No tables yet: run make run, or dbt build" >&2; exit 1; }
	@$(BIN)/stedi key make
	@rm -f target/tests/run_results.json
	@$(DBT) --quiet docs generate --static $(if $(VARS),--vars "$$VARS")
	@$(DBT) --quiet test --target-path target/tests $(if $(VARS),--vars "$$VARS") \
	    || echo "Not every test has passed: see the page" >&2
	@$(BIN)/stedi evidence

# What a release ships, from the results of `make test` and `make test-deep`, and of dbt's tests on synthetic deliveries.
attestation: export STEDI_LANDING := target/attested/landing
attestation: export STEDI_DUCKDB := target/attested/lakehouse.duckdb
attestation: export STEDI_PSEUDONYM_KEY_FILE := target/attested/.secrets/pseudonym_key
attestation: $(RUNTIME) profiles.yml
	@rm -rf target/attested
	@$(BIN)/stedi key make
	@$(BIN)/stedi demo
	@$(DBT) --quiet build --target-path target/tests
	@$(BIN)/python -m stedi.evidence.attestation .

bench: $(DEV) profiles.yml
	@$(BIN)/python bench/bench.py

lives: $(DEV)
	@STEDI_LIVES="$${N:-1000}" $(BIN)/python -m pytest tests/laws/test_whole_lives.py
	@STEDI_ATHENA_LIVES=40 $(BIN)/python -m pytest tests/athena/test_whole_lives_on_athena.py

mutants: $(DEV)
	@$(BIN)/python -m pytest -v tests/laws/test_privacy_tests_can_fail.py \
	    tests/laws/test_nights_can_fail.py tests/laws/test_upkeep_can_fail.py tests/laws/test_erasing_can_fail.py
	@PYTHONPATH=tests $(BIN)/python -m support.random_mutants --sql $(or $(N),100) --python $(or $(N),100)

test-athena: $(DEV)
	@$(BIN)/python -m pytest tests/athena

athena: $(DEV)
	@PYTHONPATH=tests $(BIN)/python -m support.athena.up $(if $(FROM),--from "$$FROM")

parity: $(DEV)
	@PYTHONPATH=tests $(BIN)/python -m support.athena.parity $(if $(FROM),--from "$$FROM") \
	    $(if $(VARS),--vars "$$VARS")

profiles.yml: profiles.yml.example
	@cp profiles.yml.example profiles.yml

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; name one with make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV); this is done once."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(RUNTIME)

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing what tests and linters need; this is done once."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(DEV)

# Each lock serves every Python from 3.11 on; the extras stay in it, because pip wants them named.
COMPILE := target/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-strip-extras --no-header --no-annotate --no-emit-index-url --extra aws --extra evidence pyproject.toml
lock:
	$(PYTHON) -m venv target/lock
	target/lock/bin/pip install --quiet uv==0.13.9
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean:
	rm -rf target logs .pytest_cache .hypothesis
