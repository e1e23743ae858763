# Everything that is checked before a change is taken: make check. It needs Go, a C compiler
# for -race, and node with npm for the independent readers of our files.

GO ?= go

.PHONY: build test check format vet staticcheck tidy race cross docs bench fuzz readers clean

build:
	$(GO) build -o bin/ndb ./cmd/ndb

test:
	$(GO) test ./...

# Import table (deps_test.go) and current docs (cmd/ndb/docs_test.go) are among the tests.
check: format vet staticcheck tidy cross race

format:
	@files=$$(gofmt -l .); \
	if [ -n "$$files" ]; then echo "not formatted, run gofmt -w on:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

tidy:
	$(GO) mod tidy -diff

race:
	$(GO) test -race -timeout 40m ./...

# Builds and type-checks, tests included, what runs elsewhere.
cross:
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) vet ./...
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) vet ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build -o /dev/null ./cmd/ndb
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) build -o /dev/null ./cmd/ndb

# Writes what tests compare with: docs/cli.md, the demo in README.md, the listings in the scripts.
docs:
	NDB_UPDATE=1 $(GO) test -count=1 -run 'TestDocsCurrent|TestReadmeDemo|TestScripts' ./cmd/ndb

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Every fuzz target for a while: make fuzz FUZZTIME=1m
FUZZTIME ?= 10s
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

# DuckDB and hyparquet, with which a test reads our Parquet files. The versions are those of the lock
# file; npm ci would refuse it, since it lacks DuckDB's builds for other systems.
readers:
	cd traces/testdata/readers && npm install --no-save --no-audit --no-fund

clean:
	rm -rf bin
