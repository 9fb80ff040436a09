# Every task of the project. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SETUP := $(VENV)/.ready
BROWSER := $(VENV)/.browser
KANNEL := $(VENV)/.kannel
MODEM_PROGRAMS := $(VENV)/.modem_programs
STUBS := build/stubs/.ready
JOBS ?= 2
.DEFAULT_GOAL := help
.PHONY: help setup demo uplinks load test lint types format docs enumerate mutants bench serve clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## virtual environment with the pinned dependencies (the other tasks do this by themselves)

$(SETUP): requirements/dev.txt tools/setup/environment.py
	@$(PYTHON) tools/setup/environment.py $(VENV) requirements/dev.txt
	@touch $@

$(STUBS): requirements/stubs.txt $(SETUP)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade --target $(@D) -r $<
	@touch $@

$(BROWSER): $(SETUP) tools/setup/browser.sh
	@sh tools/setup/browser.sh
	@touch $@

$(KANNEL): $(SETUP) tools/setup/kannel.sh
	@sh tools/setup/kannel.sh
	@touch $@

$(MODEM_PROGRAMS): $(SETUP) tools/setup/modem_programs.sh
	@sh tools/setup/modem_programs.sh
	@touch $@

demo: $(SETUP) ## watch a card's whole way on emulated machines (ONCE=1: steps, 20 exams, a JSON verdict, end)
	@$(RUN) -m tools.demo $(if $(ONCE),--once) $(if $(SEED),--seed $(SEED))

uplinks: $(SETUP) ## the same exams over Wi-Fi, GPRS, SMS and a carried card, through losses and a killed server (ONCE=1: a JSON verdict)
	@$(RUN) -m tools.uplinks $(if $(ONCE),--once) $(if $(SEED),--seed $(SEED))

load: $(SETUP) ## 500 attackers of each kind beside 100 honest machines and 20 pages, on loopback (SCALE=0.05: a quick look)
	@$(RUN) -m tools.load $(if $(SCALE),--scale $(SCALE)) $(if $(SEED),--seed $(SEED))

test: $(SETUP) $(BROWSER) $(KANNEL) $(MODEM_PROGRAMS) lint types ## lint, types and every test
	@$(RUN) -m pytest -n $(JOBS) --dist loadgroup

lint: $(SETUP) ## style, layering and the generated documents
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(VENV)/bin/lint-imports
	@$(RUN) -m tools.docs --check

types: $(SETUP) $(STUBS) ## strict types, back office and firmware
	@$(RUN) -m mypy
	@$(RUN) -m mypy --config-file tools/lint/mypy-firmware.ini

format: $(SETUP) ## put every file into the project's format
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

docs: $(SETUP) ## write the generated documents anew (formats, error codes, settings)
	@$(RUN) -m tools.docs

enumerate: $(SETUP) ## tear and cut one debit, one batch card and one issue at every point there is
	@$(RUN) -m emulator.enumerate --jobs $(JOBS)

mutants: $(SETUP) ## change the promises' modules, one operator at a time: does a test notice? (SAMPLE=1: five minutes; ONLY=tap)
	@$(RUN) -m tools.mutants --jobs $(JOBS) $(if $(SAMPLE),--sample) $(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED))

bench: $(SETUP) ## the table of what a tap, a message, an ingest and a page at two million exams cost
	@$(RUN) -m benchmarks

serve: $(SETUP) ## the back office alone, on 127.0.0.1:8000, with its data in var/
	@PERSCAN_DATA_PATH="$${PERSCAN_DATA_PATH:-$(CURDIR)/var}" $(VENV)/bin/perscan serve

clean: ## remove what the tasks made, but for the data of `make serve`
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
