# odw: what can be made. `make demo` and `make test` need nothing but make and git on a Debian 12 machine.
BUILD := build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

build: ## the programs, in build/bin
	@dev/install build
	@dev/build

install: ## what is missing: Debian packages, the ClickHouse library, Kafka
	@dev/install build run

demo: install build ## the whole path with real data on this machine; leaves the stack up
	@dev/demo

test: ## every test, then unit tests and fuzzing under sanitizers
	@dev/install build run test
	@dev/test

fault: build ## the campaign of faults under load: ROUNDS of them (30) in an order that SEED decides
	@dev/install run test
	ODW_BUILD=$(CURDIR)/$(BUILD) ROUNDS=$${ROUNDS:-30} SEED=$${SEED:-$$(shuf -i 1-1000000 -n 1)} tests/fault/campaign.sh

bench: install build ## the benchmarks, as tables
	@for run in bench/*/run; do if [ -x "$$run" ]; then echo "== $$run"; "$$run" || exit 1; fi; done

vectors: build ## scores against the field's own vectors in VECTORS (../shared/vectors); PEER=no leaves their own finders out
	@ODW_BUILD=$(CURDIR)/$(BUILD) tests/vectors/run $(VECTORS)

lint: ## layout, warnings as errors, static analysis, shell scripts
	@dev/install build run lint
	@dev/lint

fmt: ## lays all C sources out
	@dev/install build lint
	git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

docs: build ## docs/functions.md, from the functions' declarations
	UPDATE=1 tests/golden/udf/docs.sh $(CURDIR)/$(BUILD)

up: install build ## starts the embedded stack
	@dev/up

down: ## stops it
	@if [ -x $(BUILD)/bin/odw-stack ]; then dev/down; else echo "nothing was built, so nothing runs"; fi

status: ## what runs, and what is stopped and why
	@dev/status
	@if [ -x $(BUILD)/bin/odw ]; then $(BUILD)/bin/odw status; fi

apply: build ## brings topics, functions and SQL to what the folders say
	@$(BUILD)/bin/odw apply

clean: ## removes what was built
	rm -rf build build-*

distclean: down clean ## removes that, the stack's data, and what was downloaded
	rm -rf .odw .deps

.PHONY: help build install demo test fault bench vectors lint fmt docs up down status apply clean distclean
