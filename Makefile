# The tasks of this repository. `make help` lists them.

GO       ?= go
OUT      ?= bin/cometbench
FUZZTIME ?= 30s
# golangci-lint is not a dependency of the module: it is fetched when it is
# not installed.
LINTER   ?= $(shell command -v golangci-lint || echo $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0)
# The race detector needs cgo and a C compiler; without them the tests run
# without it, and say so.
RACE     := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC | cut -d' ' -f1)" >/dev/null 2>&1 && echo -race)

.PHONY: help setup build run test race crowd programs peers fleet gate schema advice confusion causes npm fidelity external fallback fidelity-rows iframe claims scale release-check browsers fuzz lint cross clean

help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## install what the matrix can use (nginx, haproxy, a headless browser), or say what will be skipped
	@ci/setup.sh

# A server of others, in the exact version of its lock file; their clients are
# installed by the tests that run them.
NPM      := scenarios/external/sockjsprotocol/testdata/node

npm: ## install the JavaScript packages that tests run, or say that they will be skipped
	@if ! command -v npm >/dev/null; then echo "npm: not here (Debian package npm), tests with real JavaScript clients are skipped" >&2; \
	elif [ $(NPM)/node_modules/.package-lock.json -nt $(NPM)/package-lock.json ]; then :; \
	else npm ci --prefix $(NPM) --no-audit --no-fund --loglevel=error >&2 && touch $(NPM)/node_modules/.package-lock.json || echo "npm: no packages, tests with real JavaScript clients are skipped" >&2; fi

build: ## build the program into bin/
	$(GO) build -trimpath -o $(OUT) ./cmd/cometbench

run: setup ## run the default matrix into cometbench-out/
	$(GO) run ./cmd/cometbench run

# What measures time runs last, and the scenarios alone: other tests beside
# them would be noise. What drives programs mostly waits for them.
DRIVING  := ./browsers ./cmd/... ./scenarios/external ./scenarios/visits
TIMED    := ./scenarios/... $(DRIVING)

test: setup npm ## vet and test everything, with the race detector; ten minutes on two cores
	$(GO) vet ./...
	@[ -n "$(RACE)" ] || echo "no C compiler: testing without the race detector" >&2
	$(GO) test $(RACE) -timeout 10m $$($(GO) list ./... | grep -vxF "$$($(GO) list $(TIMED))")
	$(GO) test $(RACE) -timeout 10m -p 1 $$($(GO) list $(TIMED) | grep -vxF "$$($(GO) list $(DRIVING))")
	$(GO) test $(RACE) -timeout 10m -p 2 $(DRIVING)

race: ## the tests three times over, uncached, to find what fails rarely
	$(GO) test -race -count=3 -timeout 20m ./...

crowd: ## a thousand clients come and go by each technique
	COMETBENCH_CROWD=1000 $(GO) test -timeout 10m -run TestCrowdComesAndGoes ./reference

RUNS     ?= 100

browsers: ## browsers come to every harm, in RUNS (100) runs of each too, and leave nothing (three quarters of an hour)
	COMETBENCH_BROWSER_RUNS=$(RUNS) $(GO) test -count=1 -timeout 60m ./browsers
	COMETBENCH_BROWSER_RUNS=$(RUNS) $(GO) test -count=1 -timeout 60m -run TestBrowserInTroubleDuringARun -v ./cmd/cometbench

programs: ## do the programs that presets were measured on (those installed) still do what was measured?
	COMETBENCH_PROGRAMS=1 $(GO) test -count=1 -timeout 10m -run TestProgramsDoAsMeasured -v ./proxies

peers: ## the transparent hop beside haproxy and beside no proxy: throughput and added delay
	COMETBENCH_PEERS=1 $(GO) test -count=1 -timeout 10m -run TestPeers -v ./proxies

fleet: ## real programs are started and stopped a hundred times and leave nothing behind
	COMETBENCH_FLEET=100 $(GO) test -count=1 -timeout 20m -run TestNothingIsLeft ./proxies/real

gate: ## does the baseline gate catch 30 % more latency, and nothing else? with real runs; a quarter of an hour
	@ci/regression.sh

scale: ## the report of 5,000 cells: its size, and how soon a browser has opened it
	COMETBENCH_SCALE=1 $(GO) test -count=1 -timeout 10m -run TestLargePage -v ./reports

schema: ## write ci/suite.schema.json anew
	$(GO) run ./cmd/cometbench init --schema --force -o ci/suite.schema.json

advice: ## the advice for stock configurations of the installed programs, tried: docs/advice.md; a quarter of an hour
	rm -rf cometbench-out/advice && $(GO) run ./cmd/cometbench run --quiet --prove --technique '*' --out cometbench-out/advice --proxy 'real:*,real:apache2/jk,real:apache2/modsecurity,real:squid/accel'
	cp cometbench-out/advice/advice.md docs/advice.md

confusion: ## every fault in front of every technique: docs/confusion.md; minutes
	COMETBENCH_CONFUSION=$(CURDIR)/docs/confusion.md $(GO) test -count=1 -timeout 60m -run TestConfusion -v ./scenarios

causes: ## does a plain run through its fault name each cause? minutes
	COMETBENCH_CAUSES=1 $(GO) test -count=1 -timeout 30m -run TestEveryCause -v ./cmd/cometbench

fidelity: ## the real programs beside what imitates them: docs/fidelity.md; half an hour
	rm -rf cometbench-out/fidelity
	$(GO) run ./cmd/cometbench run --suite fidelity --parallel 96 --quiet --out cometbench-out/fidelity || [ -f cometbench-out/fidelity/fidelity.md ]
	COMETBENCH_FIDELITY=$(CURDIR)/cometbench-out/fidelity $(GO) test -count=1 -run TestFidelityAsInTheTable -v ./cmd/cometbench
	cp cometbench-out/fidelity/fidelity.md docs/fidelity.md

# ROWS are both sides of some pairs, RUNS the runs that the others are of. Cells
# that several runs measured are those of the last, so that no figure is written
# by hand.
fidelity-rows: ## some rows of docs/fidelity.md anew, out of RUNS and a run of ROWS (MODE=forward for forward proxies)
	rm -rf cometbench-out/fidelity-rows
	$(GO) run ./cmd/cometbench run --suite fidelity --parallel 96 --quiet --mode $(or $(MODE),reverse) --proxy '$(ROWS)' --out cometbench-out/fidelity-rows || [ -f cometbench-out/fidelity-rows/fidelity.md ]
	$(GO) run ./cmd/cometbench report --format fidelity -o docs/fidelity.md $(or $(RUNS),cometbench-out/fidelity) cometbench-out/fidelity-rows

iframe: ## are an iframe's request and a script's treated alike by the real programs? docs/iframe-or-xhr.md; minutes
	COMETBENCH_IFRAME=$(CURDIR)/docs/iframe-or-xhr.md $(GO) test -count=1 -timeout 60m -run TestIframeOrXHR -v ./proxies/real

external: ## the clients of others by each transport and path, in Node and in Chromium: what ordinary tests leave out; minutes
	COMETBENCH_EXTERNAL=1 $(GO) test -count=1 -timeout 20m -v ./scenarios/external

fallback: ## what cometd, faye and sockjs-client fall back to behind each preset: docs/fallback.md; minutes
	rm -rf cometbench-out/fallback
	$(GO) run ./cmd/cometbench run --quiet --parallel 4 --client cometd,faye,sockjs-client --technique bayeux-websocket,sockjs-websocket --check opening/fallback --proxy 'direct,transparent,*' --out cometbench-out/fallback
	cp cometbench-out/fallback/fallback.md docs/fallback.md

claims: ## what is said of comet, tested on the programs and the browser that are here: docs/claims.md; minutes
	rm -rf cometbench-out/claims && $(GO) run ./cmd/cometbench run --quiet --claim '*' --out cometbench-out/claims
	cp cometbench-out/claims/claims.md docs/claims.md

fuzz: ## search with each fuzz target for FUZZTIME (30s)
	@ci/fuzz.sh $(FUZZTIME)

lint: ## what go vet does not see (.golangci.yml)
	$(LINTER) run ./...

# Neither is goreleaser: without it, the builds are made and its file is not read.
release-check: ## the image's build in a clean copy, and a release as goreleaser would make it, for each system
	COMETBENCH_RELEASE=1 $(GO) test -count=1 -timeout 20m -run 'TestImage|TestRelease' -v ./cmd/cometbench
	@if command -v goreleaser >/dev/null; then goreleaser check && goreleaser build --snapshot --clean; \
	else echo "goreleaser is not installed: .goreleaser.yaml is not checked by it" >&2; fi

cross: ## vet for the systems we do not run on
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...

clean: ## remove what build and run leave here
	rm -rf bin cometbench-out
