#!/usr/bin/env bash
# Searches with every fuzz target of the module, one after the other, for the
# given time each (30s). Go wants one target of one package at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
time="${1:-30s}"
failed=0
while IFS=: read -r file target; do
	package="./$(dirname "$file")"
	echo "== $package $target" >&2
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" || failed=1
done < <(grep -rhoE --include='*_test.go' --with-filename '^func Fuzz[A-Za-z0-9_]*' . | sed 's|^\./||; s|func ||' | sort)
exit "$failed"
