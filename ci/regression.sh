#!/usr/bin/env bash
# Is the baseline gate worth having? It must catch a latency that grew from
# 100 ms to 130 ms in nine of ten runs, and raise no alarm in twenty runs in
# which nothing changed. Real runs, about a quarter of an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
repeat="${REPEAT:-5}" seeded="${SEEDED:-10}" same="${SAME:-20}"
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/cometbench" ./cmd/cometbench
cd "$dir"

# The path has one name and two tempers: cells are compared by their labels.
path() {
	printf 'name: path\nmeans: a constant delay\nfaults: ["latency(%s)"]\n' "$1" >path.yaml
}
# measure OUT [FLAG…]: 0 without a difference, 1 with one.
measure() {
	local out="$1" code=0
	shift
	./cometbench run --technique eventsource --proxy path.yaml --check delivery/steady --repeat "$repeat" --quiet --out "$out" "$@" >"$out.txt" 2>&1 || code=$?
	if [ "$code" -gt 1 ]; then
		cat "$out.txt" >&2
		exit "$code"
	fi
	return "$code"
}

path 100ms
measure base
caught=0 alarms=0
for i in $(seq "$same"); do
	if ! measure "same-$i" --baseline base; then
		alarms=$((alarms + 1))
		grep 'failed:' "same-$i.txt"
	fi
done
path 130ms
for i in $(seq "$seeded"); do
	if ! measure "seeded-$i" --baseline base; then
		caught=$((caught + 1))
		grep 'failed:' "seeded-$i.txt"
	fi
done
echo "caught $caught of $seeded regressions of 30 %; $alarms false alarms in $same runs without one; $repeat repetitions each"
[ $((caught * 10)) -ge $((seeded * 9)) ] && [ "$alarms" = 0 ]
