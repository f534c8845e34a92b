# make run    the app, at http://localhost:$(PORT)
# make test   format, lint, types, then every test but those of make crawl, on $(WORKERS) cores
# make test-scale   what needs Ray, or several processes
# make handout   the lesson on paper: every chapter on two pages at most, one PDF a language, in handout/
# make site      a demo of static files, in site/; APP=https://... is where the whole app stands, if anywhere
# make deploy-check   what can be tried of a hosted app without a registry
# make quick     how long it takes from a control to its result, in a real browser
PORT ?= 8501
WORKERS ?= 2
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-scale crawl bench handout quick site deploy-check clean

run: .venv/app.stamp
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/test.stamp
	@sh tests/browser/find_chromium.sh > .venv/chromium
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m tests.kernels & $(BIN)/mypy && wait
	CHROMIUM=$$(cat .venv/chromium) PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

test-scale: .venv/scale.stamp
	NADE_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/scale -m scale

# make crawl  every step in every language and size in a real browser, every option of every page: several minutes
crawl: .venv/test.stamp
	@sh tests/browser/find_chromium.sh > .venv/chromium
	CHROMIUM=$$(cat .venv/chromium) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile -m crawl

bench: .venv/app.stamp
	$(BIN)/python -m benchmarks.engine

handout quick: .venv/test.stamp
	@sh tests/browser/find_chromium.sh > .venv/chromium
	CHROMIUM=$$(cat .venv/chromium) $(BIN)/python -m benchmarks.$@

site: .venv/app.stamp
	$(BIN)/python -m deploy.site $(if $(APP),--app $(APP))

deploy-check: .venv/test.stamp
	@sh tests/browser/find_chromium.sh > .venv/chromium
	CHROMIUM=$$(cat .venv/chromium) $(BIN)/python -m deploy.check
	CHROMIUM=$$(cat .venv/chromium) $(BIN)/python -m deploy.login
	$(BIN)/python -m deploy.image

.venv/app.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test.stamp: .venv/app.stamp requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	touch $@

.venv/scale.stamp: .venv/test.stamp requirements-scale.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-scale.txt
	touch $@

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .mypy_cache
