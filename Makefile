# make wakeup   wake the baby (installs what it needs first); with WEB=1 it has pages in a browser, too
# make test     run the tests
# make trials   run the tests that take long
# make steady   run the everyday tests ten times beside a busy program
# make setup    only install
# make settings write config.toml and docs/settings.md anew, after a change of settings in the code
# make lab      install what plots, yardsticks, readers of exported files and tests in a browser need, too
# make lock     write the exact versions and checksums of all packages anew (constraints.txt, requirements.lock)
PYTHON ?= python3
VENV = .venv
# One more at a time than there are processors: some tests wait. More than four only wait for each other.
AT_ONCE = $(shell getconf _NPROCESSORS_ONLN | awk '{print ($$1 < 4) ? $$1 + 1 : 4}')
DONE = $(VENV)/.installed

.PHONY: wakeup test trials steady setup lint lab settings lock

wakeup: setup
	@$(VENV)/bin/python wakeup.py $(if $(WEB),--set web.enabled=true)

test: setup
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest -q -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder

trials: setup
	@$(VENV)/bin/python -m pytest -q -m trial --timeout 1800

steady: setup
	@$(VENV)/bin/python -m benchmarks.steady

lint: setup
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

settings: setup
	@$(VENV)/bin/python -m bots.settings

lab: setup
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt matplotlib pyppmd transformers gguf playwright openai llm

setup: $(DONE)

# PyTorch has other checksums on every kind of machine, so it alone is not in the lock; what it needs is.
# (sqlite-utils wants pip, which is there already.)
TORCH_NEEDS = fsspec jinja2 networkx sympy typing_extensions
lock: setup
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@(grep -vx torch requirements.txt; printf '%s\n' $(TORCH_NEEDS)) > $(VENV)/lock.in
	@$(VENV)/bin/pip-compile --quiet --generate-hashes --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host -c constraints.txt -o $(VENV)/lock.out $(VENV)/lock.in
	@grep -v '^#' $(VENV)/lock.out > requirements.lock

$(DONE): constraints.txt requirements.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "babyLLM needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what babyLLM needs into $(VENV) (once; a few minutes)..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements.txt
	@touch $(DONE)
