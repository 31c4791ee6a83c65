# Lathe's commands. The work is done by scripts/; this file only names it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check fmt lint unit docs e2e bench demo soak clean-data

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## install what is missing, build, and start Lathe on http://127.0.0.1:3000
	@scripts/setup.sh run
	@scripts/build.sh release
	@exec target/release/server

test: ## everything the gate checks: format, lints, all tests, the journey in a real browser
	@scripts/setup.sh test
	@scripts/test.sh

check: ## the quick inner loop: format, lints and the tests that need no browser
	@scripts/setup.sh run
	@scripts/test.sh fmt lint unit

fmt: ## format the Rust code
	@cargo fmt --all

lint: ## clippy for the server and for the browser
	@scripts/test.sh lint

unit: ## all tests but the browser's
	@scripts/test.sh unit

docs: ## the API documentation of every crate, warnings denied
	@scripts/test.sh docs

e2e: ## the journey in a real browser; screenshots go to e2e/artifacts
	@scripts/setup.sh test
	@scripts/test.sh e2e

bench: ## measure training, evaluation and the server on this machine (answers: scripts/bench.sh answers)
	@scripts/setup.sh run
	@scripts/bench.sh

demo: ## a full-size run on the sample project (some minutes on two cores)
	@scripts/setup.sh run
	@scripts/demo.sh

soak: ## many launches, cancels and kills against one server; fails when one is lost
	@scripts/setup.sh run
	@scripts/soak.sh

clean-data: ## delete the data folder of `make run`: database, models, runs
	@read -r -p "Delete everything under ./data? [y/N] " answer && [ "$$answer" = y ] && rm -rf data
