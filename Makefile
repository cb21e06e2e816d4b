# The entry points people need; `make` alone lists them. Builds go to a cache folder shared by all checkouts (scripts/env.sh).
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

RUN  := scripts/run.sh
STEP := scripts/run.sh -s
# For the programs that recipes start: the words of env.sh, expanded by run.sh's shell.
SH   := scripts/run.sh bash -euc

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo 'The first build on a machine compiles RocksDB: up to ten minutes on two cores.'

.PHONY: demo
demo: setup-build ## three nodes on this machine, one killed under load; ARGS=--check ends with a verdict
	@$(STEP) 'build woad and woadctl (release)' cargo build --release --locked -p woad -p woadctl
	@$(SH) 'exec "$$CARGO_TARGET_DIR/release/woadctl" demo $(ARGS)'

.PHONY: test
test: ## all tests, with real processes
	@$(STEP) 'set-up' scripts/setup.sh test
	@$(STEP) 'build tests and the programs under test' cargo build --locked --workspace --bins --tests
	@$(STEP) 'tests' scripts/test.sh $(ARGS)
	@$(STEP) 'examples in the documentation' cargo test --locked --workspace --doc --quiet

.PHONY: chaos
chaos: ## 500 seeds of the simulation, then the full fault matrix, as root; ARGS='--only F02,F08' or '--list': the matrix alone
	@$(STEP) 'set-up' scripts/setup.sh test
	@$(STEP) 'build the laboratories and the programs under test' cargo build --locked --workspace --bins
	@$(if $(ARGS),,$(STEP) 'simulation' $(SH) 'exec "$$CARGO_TARGET_DIR/debug/woad-simulation" run --seeds 1..=500 --jobs 2')
	@$(STEP) 'fault lab' scripts/chaos.sh --profile full $(ARGS)

.PHONY: verify
verify: ## the gate: everything that must hold, changing no file of the checkout
	@$(STEP) 'make verify' $(MAKE) verify-steps

.PHONY: verify-steps
verify-steps:
	@$(STEP) 'set-up' scripts/setup.sh verify
	@$(STEP) 'format' cargo fmt --all --check
	@$(STEP) 'tests of the scripts' bash -euc 'python3 scripts/arrows.py --self-test; python3 scripts/supply_chain.py --self-test; python3 scripts/mutants.py --self-test; python3 scripts/performance.py --self-test'
	@$(STEP) 'crate arrows and file lengths' python3 scripts/arrows.py
	@$(STEP) 'supply chain' python3 scripts/supply_chain.py
	@$(STEP) 'clippy' cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
	@$(STEP) 'documentation' env RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --quiet
	@$(MAKE) test
	@$(STEP) 'demo' $(MAKE) demo ARGS=--check

.PHONY: fix
fix: ## format, and apply what clippy can repair
	@$(STEP) 'set-up' scripts/setup.sh verify
	@$(STEP) 'clippy --fix' cargo clippy --fix --allow-dirty --allow-staged --locked --workspace --all-targets --quiet
	@$(STEP) 'format' cargo fmt --all

.PHONY: fuzz
fuzz: setup-build ## fuzzing guided by coverage; TARGET=name (make fuzz TARGET=list names them), SECONDS=60 for each
	@$(STEP) 'fuzz' scripts/fuzz.sh $(or $(TARGET),all) $(or $(SECONDS),60)

.PHONY: mutants
mutants: ## twenty deliberate bugs, each of which a laboratory must catch; ARGS names some of them
	@$(STEP) 'set-up' scripts/setup.sh test
	@$(STEP) 'build programs with deliberate bugs' cargo build --locked --workspace --bins --features woad/mutants,woad-simulation/mutants
	@$(SH) 'mkdir -p "$$CARGO_TARGET_DIR/mutants"; cd "$$CARGO_TARGET_DIR/debug"; cp -f woad woadctl woad-simulation woad-chaos ../mutants'
	@$(STEP) 'mutants' $(SH) 'exec python3 scripts/mutants.py "$$CARGO_TARGET_DIR/mutants" $(ARGS)'

.PHONY: bench-quick
bench-quick: bench-build ## first figures in a quarter of an hour, beside etcd, oidc-provider and the measured fdatasync; ARGS='--only durable': some
	@$(SH) 'WOAD_PEERS="$$(scripts/peers.sh)" exec "$$CARGO_TARGET_DIR/release/woad-benches" quick $(ARGS)'

.PHONY: bench
bench: export WOAD_BENCH_JSON = docs/performance.json
bench: export WOAD_BENCH_SVG = docs/performance.svg
bench: bench-quick ## the same, then 10⁶ people, 10⁶ families, 10⁷ tokens: over an hour; figures, tables and plot go to docs/; LARGE='--users 100000'
	@$(SH) 'WOAD_BENCH_JSON=docs/performance-large.json exec "$$CARGO_TARGET_DIR/release/woad-benches" large $(LARGE)'
	@python3 scripts/performance.py tables

.PHONY: bench-twice
bench-twice: bench-build ## the same as bench-quick two times, and how far the ratios to the peers lie apart: at most 15 %
	@$(SH) 'WOAD_PEERS="$$(scripts/peers.sh)"; export WOAD_PEERS; for run in 1 2; do \
		WOAD_BENCH_JSON="$$CARGO_TARGET_DIR/bench-$$run.json" "$$CARGO_TARGET_DIR/release/woad-benches" quick $(ARGS); done; \
		exec python3 scripts/performance.py compare "$$CARGO_TARGET_DIR"/bench-{1,2}.json'

.PHONY: bench-build
bench-build: setup-build
	@$(STEP) 'build (release)' cargo build --release --locked -p woad -p woadctl -p woad-benches -p woad-bench-store

.PHONY: setup-build
setup-build:
	@$(RUN) scripts/setup.sh build
