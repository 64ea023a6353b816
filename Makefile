# Everything sets itself up: only Python 3.11 to 3.13, git and make are needed.
# `make help` lists the targets; CI runs these and nothing else (.ci/run).

PYTHON ?= python3
ENV ?=
IMAGE_TAG ?=
UV_VERSION := $(shell sed -n 's/^ *"uv==\(.*\)",$$/\1/p' pyproject.toml)

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export npm_config_update_notifier := false

# Each stamp lies in the folder it vouches for, so that removing the folder installs it anew.
READY = .venv/.ready node_modules/.ready
EXAMPLE = examples/passport-api
STAGE = $(subst /,-,$(ENV))
SANDBOX_ENV = $(or $(ENV),rovn/production)
CONTEXT = $(if $(ENV),-c environment=$(ENV))
SELECTED = $(if $(ENV),'$(STAGE)/**','**')

.DEFAULT_GOAL := help
.PHONY: help setup demo test explore browser synth check lint rehearse sandbox sandbox-down bootstrap deploy diff bench docs

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) \
	  | while IFS='|' read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done

setup: $(READY) sandbox/.venv/.ready judges/.venv/.ready $(EXAMPLE)/.venv/.ready ## Install everything, pinned; other targets do it themselves

demo: setup ## Deploy ENV (default rovn/production) into the sandbox, compare, tamper, clean up
	@python -m sandbox demo --environment '$(SANDBOX_ENV)'

test: setup ## Run all tests, the sandbox's too
	@pytest --numprocesses auto --dist loadfile
	@cd $(EXAMPLE) && .venv/bin/pytest

explore: setup ## Look for what breaks a property: random examples, a thousand where a test names no number
	@pytest -m hypothesis --hypothesis-profile=explore --numprocesses auto --dist loadfile
	@cd $(EXAMPLE) && .venv/bin/pytest -m hypothesis --hypothesis-profile=explore

browser: tests/browser/node_modules/.ready ## Bring the Chromium of tests; they are skipped without one

synth: $(READY) ## Write the templates of every environment, or of ENV alone, into cdk.out/
	@rm -rf cdk.out
	@cdk synth $(SELECTED) $(CONTEXT) --quiet

check: $(READY) judges/.venv/.ready ## Judge templates and sources: all rules, cfn-lint, checkov; no secret in git's history
	@python -m policies.expiry
	@python -m policies.secret_scan repository
	@rm -rf build/check
	@CDK_VALIDATION=true cdk synth '**' --quiet --strict --output build/check
	@runbook check build/check --sources .
	@python -m policies.judges build/check
	@runbook alarms test --strict --assembly build/check
	@echo "check: rule packs, CDK validation, the runbook's rules, cfn-lint and checkov found nothing that is not waived, every alarm does what its tests expect, and git keeps no secret"

lint: .venv/.ready $(EXAMPLE)/.venv/.ready ## Judge the code: ruff, mypy, lock files
	@ruff check
	@ruff format --check
	@mypy
	@uv lock --check --quiet
	@uv lock --check --quiet --project sandbox
	@uv lock --check --quiet --project judges
	@uv lock --check --quiet --project $(EXAMPLE)
	@cd $(EXAMPLE) && .venv/bin/mypy

rehearse: setup ## Deploy ENV (default rovn/staging) as for a first release and drill its releases
	@python -m sandbox rehearse --environment '$(or $(ENV),rovn/staging)'

sandbox: setup ## Deploy ENV (default rovn/production) into the sandbox and keep it running
	@python -m sandbox up --environment '$(SANDBOX_ENV)'

sandbox-down: setup ## Stop the sandbox
	@python -m sandbox down

bootstrap: $(READY) require-env ## Prepare ENV's real account: limits, deploy identity, the CDK's bootstrap
# Limits first: the bootstrap attaches them. A list that comes out empty would mean AdministratorAccess.
	@cdk deploy '$(STAGE)-bootstrap/**' $(CONTEXT)
	@policies=$$(runbook environments --field execution-policies $(ENV)) \
	  && boundary=$$(runbook environments --field execution-boundary $(ENV)) \
	  && test -n "$$policies" && test -n "$$boundary" \
	  && cdk bootstrap $$(runbook environments --field places $(ENV)) $(CONTEXT) \
	    --cloudformation-execution-policies "$$(echo $$policies | tr ' ' ',')" \
	    --custom-permissions-boundary "$$boundary"

deploy: $(READY) require-env ## Deploy ENV to its real account, the first time with IMAGE_TAG; shows and asks first
	@cdk deploy $(SELECTED) $(CONTEXT) $(if $(IMAGE_TAG),$$(runbook environments --field service-stacks $(ENV) \
	  | sed 's/.*/--parameters &:ImageTag=$(IMAGE_TAG)/'))

diff: $(READY) require-env ## Show what a deploy of ENV to its real account would change
	@cdk diff $(SELECTED) $(CONTEXT) --method=template

bench: setup ## Measure; prints ratios taken in one run
	@python -m bench

docs: .venv/.ready ## Write what is generated: schema, requirements, pages
	@uv export --locked --only-group release --no-header --quiet --output-file runbook/operations/requirements.txt
	@uv export --locked --only-group evidence --no-header --quiet --output-file evidence/requirements.txt
	@runbook schema > environments/environment.schema.json.new
	@mv environments/environment.schema.json.new environments/environment.schema.json
	@rm -rf build/docs
	@CDK_OUTDIR=build/docs python app.py
	@python -m policies.pages build/docs

.PHONY: require-env
require-env:
# Typed on the command line only: POSIX shells have a variable of this name of their own.
	@test "$(origin ENV)" = "command line" || { echo "ENV is missing: say which environment, for example make deploy ENV=rovn/staging"; \
	  echo "known: $$(cd environments && ls */*.toml | sed 's/\.toml$$//' | tr '\n' ' ')"; exit 2; }

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11 to 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12"; exit 2; }
	@echo "setup: Python packages and Node.js into .venv"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@.venv/bin/uv sync --locked --quiet --compile-bytecode
	@touch $@

node_modules/.ready: package.json package-lock.json | .venv/.ready
	@echo "setup: the CDK CLI and secretlint into node_modules"
	@npm ci --silent --no-fund --no-audit
	@touch $@

tests/browser/node_modules/.ready: tests/browser/package.json tests/browser/package-lock.json tests/browser/unpack.mjs | .venv/.ready
	@echo "setup: Chromium, for tests, into tests/browser/node_modules"
	@npm ci --prefix tests/browser --silent --no-fund --no-audit
	@node tests/browser/unpack.mjs
	@touch $@

sandbox/.venv/.ready: sandbox/pyproject.toml sandbox/uv.lock | .venv/.ready
	@echo "setup: the sandbox's emulator into sandbox/.venv"
	@uv sync --project sandbox --python .venv/bin/python --locked --quiet --compile-bytecode
	@touch $@

judges/.venv/.ready: judges/pyproject.toml judges/uv.lock | .venv/.ready
	@echo "setup: checkov into judges/.venv"
	@uv sync --project judges --python .venv/bin/python --locked --quiet --compile-bytecode
	@touch $@

$(EXAMPLE)/.venv/.ready: $(EXAMPLE)/pyproject.toml $(EXAMPLE)/uv.lock | .venv/.ready
	@echo "setup: the example service into $(EXAMPLE)/.venv"
	@uv sync --project $(EXAMPLE) --python .venv/bin/python --locked --quiet --compile-bytecode
	@touch $@
