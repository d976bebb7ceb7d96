# The developer's manual: make dev | demo | test | fuzz | lint | bench | docs | image
VENV ?= .venv
PYTHON ?= python3
PIP = $(VENV)/bin/pip --disable-pip-version-check --quiet
RUN = $(VENV)/bin/python

MINUTES ?= 5

.PHONY: dev system clamav demo test fuzz lint bench docs clean

system:  ## the Debian packages that the jail needs
	@if command -v bwrap >/dev/null && ldconfig -p | grep -q libseccomp.so.2; then :; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends bubblewrap libseccomp2 >/dev/null; \
	else echo "The jail needs two packages. Ask an administrator for: apt-get install bubblewrap libseccomp2" >&2; exit 2; fi

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (a few minutes the first time)"
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

dev: system $(VENV)/.installed  ## everything that a developer needs
	@$(RUN) -m compileall -q quarantine  # jails see the code read-only and cannot keep what they compile

demo: dev  ## real models and hostile ones through the inbox; the verdicts, the reports, the registry
	@$(RUN) -m corpora.tour demo

test: dev clamav tests/tools/node_modules  ## the whole test-suite
	$(RUN) -m pytest -n auto --dist loadfile

clamav:  ## the library behind one of the second opinions; no signatures are needed
	@if ldconfig -p | grep -q libclamav.so; then :; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends libclamav12 >/dev/null; \
	else echo "One test needs ClamAV's library. Ask an administrator for: apt-get install libclamav12" >&2; exit 2; fi

tests/tools/node_modules: tests/tools/package.json tests/tools/package-lock.json
	@if ! command -v npm >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends npm >/dev/null; \
	  else echo "The SARIF test needs npm. Ask an administrator for: apt-get install npm" >&2; exit 2; fi; fi
	npm ci --prefix tests/tools --no-audit --no-fund --silent
	@touch $@

fuzz: dev  ## every parser on files changed at random, for MINUTES in all; docs/fuzzing.md
	$(RUN) -m tests.fuzz.run --minutes $(MINUTES)

lint: dev  ## ruff and mypy --strict
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: dev  ## the figures in docs/benchmarks, peers in the same run
	$(RUN) -m benchmarks.static

docs: dev  ## the JSON schemas and the corpus manifest
	$(RUN) -m quarantine.report.schema docs/schema
	$(RUN) -m corpora manifest

clean:
	rm -rf $(VENV) demo build dist
