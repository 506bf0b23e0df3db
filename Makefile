# make app   sets everything up and opens the app on 127.0.0.1
# make test  sets everything up, checks the style and the rooms, and runs the tests

PYTHON ?= python3.11
PORT ?= 8501
BIN := .venv/bin

.PHONY: app test

app: .venv/app
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pytest

# torch goes first: with it installed, nothing that follows draws in a larger build of it.
.venv/app: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/test: .venv/app
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test,train]'
	touch $@
