# make demo    the whole thing on example data, with real SIP calls on this machine
# make test    everything that must hold
# make help    the rest

SHELL := /bin/bash
DEMO_ARGS ?=
export SEGUE_TOOLS ?= $(CURDIR)/.tools
export SEGUE_DUCKDB_PYTHON ?= $(SEGUE_TOOLS)/venv/bin/python

.PHONY: demo test test-spark lint doc model mutants calibrate bench-parity bench-domain bench-calls bench-sip soak soak-sip prove-nodes prove-faults bench-nodes soak-nodes fuzz-sip fuzz-adapters bench-rehearsal bench-planner check-deps help setup

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | column -t -s "$$(printf '\t')"

setup: ## install what tests and demo need
	@scripts/setup test

demo: ## run the example: two centres, an IVR, real calls, the page on http://127.0.0.1:8080
	@scripts/setup build
	cargo run --quiet --bin segue -- demo $(DEMO_ARGS)

# One build for tests and binaries: building binaries alone first would compile every dependency twice.
test: ## every proof, with the real peers
	@scripts/setup test
	SEGUE_REQUIRE_PEERS=1 cargo nextest run --workspace
	@scripts/skips

test-spark: ## the lake's views on Spark get the same integers; installs Spark and Java (about 700 MB)
	@scripts/setup spark
	SEGUE_REQUIRE_SPARK=1 cargo nextest run -p segue-calls --test lake

lint: ## format, clippy, tidy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features segue/bench -- -D warnings
	@scripts/tidy

doc: ## documentation, private items too
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

check-deps: ## licences and sources of dependencies
	@scripts/check-deps

model: ## the model check over more states than `make test` looks at
	SEGUE_MODEL_STATES=2000000 cargo nextest run -p segue-routing --test model --no-capture

calibrate: ## false roll-backs, false promotions, detection in every world; CALIBRATE_ARGS='RUNS SEED PART'
	cargo run --release -p segue-parity --example calibrate -- $(CALIBRATE_ARGS)

bench-parity: ## calls per second through every metric of the guard
	cargo run --release -p segue-parity --example throughput

bench-domain: ## replay of 100,000 facts and one decision
	cargo bench -p segue-domain

bench-calls: ## import and baseline beside DuckDB on the same files; BENCH_CALLS_ARGS='FOLDER ROWS…'
	@scripts/setup bench
	scripts/bench-calls $(BENCH_CALLS_ARGS)

mutants: ## mutants of the rules that no test catches; MUTANTS_ARGS='--shard 0/20' looks at a part
	scripts/mutants $(MUTANTS_ARGS)

bench-sip: ## choose, redirect and proxy beside Kamailio in the same run
	@scripts/setup bench
	scripts/bench-sip

soak-sip: ## a million calls on a bad network and virtual time, every one accounted for; SOAK_ARGS='CALLS SEED'
	cargo run --release -p segue-sip --example soak_sip -- $(SOAK_ARGS)

soak: soak-nodes soak-sip ## the long tier: fault schedules of nodes, and a million calls on a bad network

prove-nodes: ## three real nodes on a real PostgreSQL: database gone, a press, a node killed, a node standing still
	cargo build --bin segue
	scripts/prove-nodes "$${CARGO_TARGET_DIR:-target}/debug/segue"

prove-faults: ## three nodes in network namespaces (root): partitions each way, stopped, killed, another clock, database gone, calls counted by fate
	@scripts/setup bench
	cargo build --bin segue
	scripts/prove-faults "$${CARGO_TARGET_DIR:-target}/debug/segue"

bench-nodes: ## appends on both databases, tails, a press on three nodes, restart with 100,000 facts; BENCH_PROFILE=dev for the build of make test
	@scripts/setup test
	scripts/bench-nodes

soak-nodes: ## 10,000 fault schedules of nodes, network, clocks and database on virtual time; NODE_SEEDS, NODE_FROM; NODE_SEED plays one again
	env SEGUE_NODE_SEEDS=$${NODE_SEEDS:-10000} SEGUE_NODE_FROM=$${NODE_FROM:-0} $${NODE_SEED:+SEGUE_NODE_SEED=$$NODE_SEED} cargo test --release -p segue-nodes --test simulation -- --nocapture

fuzz-sip: ## parser, proxy and stream framer, ten minutes each; FUZZ_MINUTES, FUZZ_SEED
	for what in parser proxy stream; do cargo run --release -p segue-sip --example fuzz_sip -- $$what $${FUZZ_MINUTES:-10} $${FUZZ_SEED:-1} || exit 1; done

fuzz-adapters: ## what peers send and hear over HTTP, ten minutes; FUZZ_MINUTES, FUZZ_SEED
	cargo run --release -p segue-adapters --example fuzz_adapters -- $${FUZZ_MINUTES:-10} $${FUZZ_SEED:-1}

bench-rehearsal: ## the simulator beside SimPy in the same run; the rehearsal of a year
	@scripts/setup bench
	scripts/bench-rehearsal

bench-planner: ## the wave plan beside CP-SAT, the same models in the same run, one thread each
	@scripts/setup bench
	scripts/bench-planner
