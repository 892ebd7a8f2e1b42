# `make help` lists the targets. Each makes what it needs, from nothing, in `.venv`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two installs into one environment would meet, and the tests use all cores by themselves.
.NOTPARALLEL:

PY := .venv/bin/python
# A folder that was moved or copied holds an environment that points to the old place.
PLACE := $(shell pwd -P | cksum | cut -d' ' -f1)
DEMO := .venv/.installed-demo-$(PLACE)
DEV := .venv/.installed-dev-$(PLACE)
UV := $(shell command -v uv 2>/dev/null)
CANDIDATES := python3.13 python3.12 python3.11 python3
DEBIAN_PACKAGES := mariadb-client-core mariadb-server-core python3-venv
CLUSTER_PACKAGES := munge openssh-client openssh-server slurm-client slurmctld slurmd

# All but yarn: dask-yarn does not work with the Dask of these days.
EXTRAS := dataframe,demo,dev,gateway,jobqueue,k8s,kube,mysql,notebook,pandas,postgres,report,ssh

# Processes that run the tests; more words for pytest, as in `make unit ARGS="-k retry"`.
WORKERS ?= 2
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_PYTHON_DOWNLOADS := never

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | while IFS=$$'\t' read -r name text; \
	  do printf '  make %-10s %s\n' "$$name" "$$text"; done

.PHONY: dev
dev: $(DEV) ## make the environment and nothing else

.PHONY: demo
demo: $(DEMO) ## run the example pipeline on real data
	@$(PY) -m dagsterlite demo

.PHONY: test
test: lint types contracts unit ## all checks and all tests

.PHONY: lint
lint: $(DEV) ## style and format
	@echo '== lint (ruff check)'
	@$(PY) -m ruff check --quiet .
	@echo '== format (ruff format --check)'
	@$(PY) -m ruff format --check --quiet .

.PHONY: types
types: $(DEV) ## types
	@echo '== types (mypy --strict)'
	@$(PY) -m mypy --no-error-summary

.PHONY: contracts
contracts: $(DEV) ## directions of imports
	@echo '== contracts (import-linter)'
	@out=$$($(PY) -c 'from importlinter.cli import lint_imports_command as main; main()' 2>&1) \
	  || { printf '%s\n' "$$out"; exit 1; }

.PHONY: unit
unit: $(DEV) ## tests only
	@echo '== tests (pytest)'
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

.PHONY: test-k8s
test-k8s: $(DEV) ## tests on the cluster that KUBECONFIG names
	@[ -n "$${KUBECONFIG:-}" ] || { echo 'KUBECONFIG must name the cluster.' >&2; exit 1; }
	@echo '== tests on Kubernetes (pytest)'
	@$(PY) -m pytest tests/test_k8s_cluster $(ARGS)

.PHONY: bench
bench: $(DEV) ## measure what is promised of speed
	@$(PY) -m benchmarks $(ARGS)

.PHONY: format
format: $(DEV) ## bring the code into its format
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --fix --quiet .

.PHONY: pins
pins: ## write constraints.txt anew (needs uv)
	@command -v uv > /dev/null || { echo 'make pins needs uv on the PATH.' >&2; exit 1; }
	@{ head -n 1 constraints.txt; uv pip compile --quiet pyproject.toml --all-extras --universal \
	  --python-version 3.11 --upgrade --no-annotate --no-header; } > constraints.new
	@mv constraints.new constraints.txt

.PHONY: debian
debian: ## install the Debian packages that some targets need (root)
	@apt-get update -qq && apt-get install -y -qq $(DEBIAN_PACKAGES)

.PHONY: services
services: debian ## install the servers that some tests need: MariaDB (root), s3rver (npm)
	@command -v npm > /dev/null || { echo 'not installed: s3rver; there is no npm on the PATH'; exit; }; \
	npm install --silent --no-audit --no-fund --prefix .venv/npm s3rver@3.7.1

.PHONY: clusters
clusters: ## install what some tests make Dask clusters with: an SSH server, Slurm (root)
	@apt-get update -qq && apt-get install -y -qq --no-install-recommends $(CLUSTER_PACKAGES)

.PHONY: clean
clean: ## remove the environment and all that tools left behind
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -----------------------------------------------------------------------------

$(DEMO): $(PY) pyproject.toml constraints.txt
	$(call install,demo)
	@touch '$@'

$(DEV): $(PY) pyproject.toml constraints.txt
	$(call install,$(EXTRAS))
	@touch '$(DEMO)' '$@'

# 1: the extras
define install
@echo '== install ($(1))'
@if [ -n '$(UV)' ]; then \
  '$(UV)' pip install --quiet --python $(PY) -c constraints.txt -e '.[$(1)]'; \
else \
  $(PY) -m pip --version > /dev/null 2>&1 || $(PY) -m ensurepip > /dev/null; \
  $(PY) -m pip install -qq -c constraints.txt -e '.[$(1)]'; \
fi
endef

$(PY):
	@echo '== environment (.venv)'
	@for name in $(PYTHON) $(CANDIDATES) none; do \
	  [ "$$name" != none ] || { echo 'No Python >= 3.11 found (looked for $(PYTHON) $(CANDIDATES)).' \
	    'Install one, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }; \
	  "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && break; \
	done; \
	if [ -n '$(UV)' ]; then \
	  '$(UV)' venv --quiet --python "$$(command -v "$$name")" .venv; \
	else \
	  "$$name" -m venv .venv || { rm -rf .venv; \
	    echo "$$name cannot make environments: 'make debian' installs python3-venv; uv serves too." >&2; \
	    exit 1; }; \
	fi
