# Two commands do all set-up: `make app` and `make test`. Both keep what is already installed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Streamlit's port; `make app PORT=8600` takes another.
PORT   ?= 8501

.PHONY: help app test lab sample-run pictures notebooks slides format clean
.DEFAULT_GOAL := help

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A stamp newer than what it was made from means that nothing has to be installed again.
$(VENV)/.runtime: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "muldml_lite needs Python 3.10 or newer, found " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements into $(VENV) (once; PyTorch makes it some minutes on a slow line) …"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.runtime $(VENV)/.slides tests/requirements.txt
	@$(BIN)/python -m pip install --quiet --requirement tests/requirements.txt
	@touch $@

$(VENV)/.slides: $(VENV)/.runtime notebooks/slides.txt
	@$(BIN)/python -m pip install --quiet --no-deps --requirement notebooks/slides.txt
	@touch $@

app: $(VENV)/.runtime  ## set up and open the app on the sample run
	$(BIN)/streamlit run streamlit_app/main.py --server.port $(PORT)

test: $(VENV)/.test  ## set up and run every test: lint, units, app, browser, notebooks
	@$(BIN)/python tests/need_browser.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile

lab: $(VENV)/.runtime  ## open the walkthroughs in JupyterLab
	$(BIN)/jupyter lab --ServerApp.root_dir=notebooks

sample-run: $(VENV)/.runtime  ## train the run that the repository ships (data/sample_run)
	$(BIN)/python data/make_sample_run.py

pictures: $(VENV)/.test  ## make the README's pictures from the real app
	$(BIN)/python tests/make_pictures.py

notebooks: $(VENV)/.test  ## run the walkthroughs and keep their outputs
	$(BIN)/python tests/run_notebooks.py

slides: $(VENV)/.slides  ## make a deck of each walkthrough for the lecture room, in slides/
	$(BIN)/jupyter nbconvert --to slides --config notebooks/deck/config.py --output-dir slides notebooks/[0-9][0-9]_*.ipynb

format: $(VENV)/.test  ## put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment and everything made by tests
	rm -rf $(VENV) test-artifacts build *.egg-info .pytest_cache .ruff_cache .hypothesis
