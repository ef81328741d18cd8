# Every command of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

RELEASE := scripts/build-release
RELEASE_BIN := .build-release/release

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: release ## build, then the whole main job on this machine: a LAN in namespaces, a Service, a failover
	$(RELEASE_BIN)/lbctl lab --ipv6

.PHONY: release
release: ## release binaries of lb-controller, lb-speaker and lbctl, Swift linked statically
	scripts/install-packages lab
	$(RELEASE) lbctl lb-controller lb-speaker

.PHONY: test
test: ## all tests: unit, contract, simulated histories, real kernels in network namespaces; then the optimized programs
	scripts/install-packages test
	scripts/test
	$(MAKE) --no-print-directory image-test demo

.PHONY: format
format: ## format every Swift file in place
	swift format -i -r --parallel Package.swift Sources Tests

.PHONY: lint
lint: ## what the formatter and the linter would object to; nothing is changed
	swift format lint -s -r --parallel Package.swift Sources Tests

.PHONY: bench
bench: ## every benchmark, one after the other, on an otherwise idle machine
	@status=0; for target in $$(awk -F: '/^bench-[a-z]+:/ { print $$1 }' $(MAKEFILE_LIST)); do \
		$(MAKE) --no-print-directory $$target || status=1; done; exit $$status

.PHONY: bench-link
bench-link: release ## ARP answered by the whole speaker, beside the same loop in C and the kernel; writes docs/benchmarks.md (OPTIONS=--short to try)
	scripts/bench-link $(OPTIONS)

.PHONY: bench-api
bench-api: ## the embedded API server with 10,000 Services: create, list, patch, watch
	scripts/bench-api-server

.PHONY: bench-client
bench-client: release ## the Kubernetes client over both transports: a long list, watch events, idle CPU, an outage; 13 minutes (PARTS="list burst")
	$(RELEASE) client-bench failover-bench arp-witness
	scripts/bench-client $(if $(PARTS),--parts "$(PARTS)")

.PHONY: soak-client
soak-client: ## 10,000 reconnects over both transports: no lost change, descriptors and memory back
	scripts/install-packages test
	swift build --build-tests
	scripts/soak-client

.PHONY: fuzz
fuzz: ## the parsers of frames, Hello messages and netlink under libFuzzer; FUZZ_SECONDS=600 for the long run
	scripts/fuzz

SIMULATE := $(RELEASE) simulate && $(RELEASE_BIN)/simulate

.PHONY: simulate
simulate: ## more than 20,000 seeded histories of the real speaker on a virtual LAN (SEEDS=n per scenario, FIRST=seed)
	$(SIMULATE) --large --seeds $(or $(SEEDS),280) --first-seed $(or $(FIRST),1)

.PHONY: simulate-day
simulate-day: ## 24 virtual hours of 10 nodes at 1 % loss: nothing may move
	$(SIMULATE) --day

.PHONY: soak
soak: release ## an hour of the lab with 500 Services and churn: memory, CPU, alerts, dashboard; writes docs/benchmarks.md
	scripts/install-packages test
	scripts/soak $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: bench-failover
bench-failover: release ## gaps, moves, broken connections in every kind of fault, real processes (ROUNDS=20, ONLY="drain …"); writes docs/benchmarks.md
	$(RELEASE) failover-bench arp-witness
	scripts/bench-failover --rounds $(or $(ROUNDS),20) $(if $(ONLY),--only "$(ONLY)")

.PHONY: image-test
image-test: release ## the image's files laid out by hand, and both daemons run in them, without a container engine
	scripts/image-test

.PHONY: link-order
link-order: release ## which functions the daemons run, for the linker: after an update of Swift or of a dependency (needs valgrind)
	scripts/link-order

.PHONY: bench-controller
bench-controller: release ## 1,000 and 10,000 waiting Services: time, CPU and memory of the controller; writes docs/benchmarks.md
	scripts/bench-controller

.PHONY: histories
histories: ## 10,000 seeded histories of allocation: the planner against a naive judge (SEEDS=n, FIRST=seed)
	$(RELEASE) histories
	$(RELEASE_BIN)/histories --seeds $(or $(SEEDS),10000) --first-seed $(or $(FIRST),1)

.PHONY: lbctl-page
lbctl-page: ## docs/lbctl.md, made by running lbctl against the lab (needs root)
	scripts/install-packages test
	swift build --product lbctl
	swift build --product lb-controller
	swift build --product lb-speaker
	scripts/lbctl-transcript >docs/lbctl.md.new && mv docs/lbctl.md.new docs/lbctl.md
