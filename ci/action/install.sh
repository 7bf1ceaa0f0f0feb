#!/usr/bin/env bash
# Installs PACKAGES (Debian's) and cometbench at VERSION, unless it is on the
# PATH already.
set -euo pipefail

if [ -n "${PACKAGES:-}" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo="sudo -n"
	# Packages of servers start them; 101 is no.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		$sudo sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
		trap '$sudo rm -f "$policy"' EXIT
	fi
	read -ra packages <<<"$PACKAGES"
	$sudo apt-get update -qq
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -- "${packages[@]}"
fi
if ! command -v cometbench >/dev/null; then
	go install "github.com/cometbench/cometbench/cmd/cometbench@${VERSION:-latest}"
	bin="$(go env GOBIN)"
	echo "${bin:-$(go env GOPATH)/bin}" >>"$GITHUB_PATH"
fi
