# The first Python that really runs; launcher/bootstrap.py then looks for the newest one and says what is missing.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c "" >/dev/null 2>&1; then echo $$p; break; fi; done)
BOOTSTRAP = @test -n "$(PYTHON)" || { echo "Entreposto needs Python 3.11 or newer, and none was found: install it and try again." >&2; exit 2; }; \
	exec $(PYTHON) launcher/bootstrap.py

.PHONY: help run test lint soak bench screenshots
.DEFAULT_GOAL := help

help: ## what can be done here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: ## start everything and print one address (PORT=8080 names its port); Ctrl-C stops
	$(BOOTSTRAP) run

test: ## the whole suite (ARGS="tests/orders -k import" narrows it)
	$(BOOTSTRAP) test $(ARGS)

lint: ## style, types, import directions, missing migrations
	$(BOOTSTRAP) lint

soak: export STORMS = 10
soak: export FAULT_ROUNDS = 3
soak: export AXE_SETTINGS = all
soak: export DAYS = 30
soak: export CONNECTIONS = 200
soak: export SEQUENCES = 300
soak: export WATCHED_DAYS = 14
soak: export PRODUCTS = 10000
soak: export NOTIFIED_COMPANIES = 50
soak: export POSTS = 20000
soak: export POST_KILLS = 20
soak: ## every fault three times, storms of kills, axe in all settings, weeks of renewals and of notifications
	$(BOOTSTRAP) test -n 0 -m "slow or not slow" tests/faults tests/browser/test_accessibility.py \
		tests/flows/test_two_days.py tests/webhooks/test_canary.py \
		tests/webhooks/test_watching.py tests/flows/test_status_sequences.py \
		tests/flows/test_notification_chaos.py tests/flows/test_product_kills.py $(ARGS)

bench: ## what is measured, for docs/PERFORMANCE.md (ARGS="-k import" narrows it)
	$(BOOTSTRAP) test -n 0 -s -o python_files=bench_*.py benchmarks $(ARGS)

screenshots: ## a picture of every screen and state in var/screenshots (ARGS="-k 390" narrows it)
	$(BOOTSTRAP) test -n 0 -q -s -p no:cacheprovider tests/browser/screenshots.py $(ARGS)
