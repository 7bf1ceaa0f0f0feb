#!/usr/bin/env bash
# Runs cometbench as the inputs say, then annotates and summarises whatever was
# measured, and ends as the run did.
set -euo pipefail

arguments=()
[ -z "${SUITE:-}" ] || arguments+=(--suite "$SUITE")
[ -z "${FAIL_ON:-}" ] || arguments+=(--fail-on "$FAIL_ON")
[ -z "${BASELINE:-}" ] || arguments+=(--baseline "$BASELINE")
# Words, with quotes, and nothing else of a shell: xargs reads them.
if [ -n "${ARGUMENTS:-}" ]; then
	while IFS= read -r -d '' word; do arguments+=("$word"); done < <(xargs printf '%s\0' <<<"$ARGUMENTS")
fi

code=0
cometbench run --out "$DIRECTORY" ${arguments[@]+"${arguments[@]}"} || code=$?
{
	echo "directory=$DIRECTORY"
	echo "exit-code=$code"
} >>"$GITHUB_OUTPUT"
if [ -e "$DIRECTORY/results.jsonl" ]; then # wrong input leaves none
	cometbench report "$DIRECTORY" --format md >>"$GITHUB_STEP_SUMMARY"
	if [ "${ANNOTATIONS:-true}" = true ]; then
		cometbench report "$DIRECTORY" --format github
	fi
fi
exit "$code"
