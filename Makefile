# make demo   the main job on the real kernel, in throw-away network namespaces (KEEP=1 keeps them)
# make test   all checks and tests
# make bench  the figures of docs/speed.md
.PHONY: demo test bench lint clean
PYTHON = .venv/bin/python

demo:
	@tools/setup demo
	@$(PYTHON) -m lab.demo $(if $(KEEP),--keep)

test: lint
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint:
	@tools/setup test
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTHON) tools/mirror

bench:
	@tools/setup bench
	@$(PYTHON) -m lab.bench $(ARGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
