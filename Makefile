# HealthStack. `make run` starts the demo, `make test` checks everything; Python 3.11+ and make are all they need.
# Another port: PORT=8010 make run. Another Python: make run PYTHON=python3.12. Some tests: make test ARGS="billing -k refund".

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
AREA ?= all
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run test check format soak bench css env reset clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: ## start the portal with its demo at http://127.0.0.1:8000
	@$(PYTHON) -m scripts.run

env: ## install what development needs into .venv
	@$(PYTHON) -m scripts.install requirements-dev.txt

check: env ## format, lint, templates, types, imports; every tool runs, each failure is shown
	@$(BIN)/python -m scripts.check

# SQLite runs everything; PostgreSQL and Redis run what is marked `engines`.
test: env ## check, then all tests on SQLite, then the marked ones on PostgreSQL and Redis
	@failed=; \
	$(BIN)/python -m scripts.check || failed="$$failed check"; \
	$(PYTEST) $(ARGS) || failed="$$failed sqlite"; \
	TEST_DATABASE=postgresql $(PYTEST) -m engines $(ARGS) || failed="$$failed postgresql"; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed"; exit 1; fi; \
	echo "All checks and tests passed."

format: env ## format code and templates
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

soak: env ## the full counts of one area or all: make soak AREA=booking
	@$(BIN)/python -m tests.soak $(AREA) $(if $(SEED),--seed $(SEED)) $(if $(FRESH),--fresh)

bench: env ## measure the key pages
	@$(BIN)/python -m bench $(ARGS)

css: ## build the style sheet from Sass (needs Node)
	@npm ci --no-audit --no-fund
	@npm run build

reset: ## remove the demo's data under var/; asks first, or CONFIRM=yes
	@$(PYTHON) -m scripts.reset "$(CONFIRM)"

clean: ## remove .venv and every cache; data and .env stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './node_modules/*' -prune -exec rm -rf {} +
