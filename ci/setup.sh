#!/usr/bin/env bash
# Installs what cometbench can make use of and this machine lacks: on Debian and
# its kin, as root or with passwordless sudo. Anywhere else it says what is
# missing and what will be skipped for it, and that is no failure. Only a missing
# or too old Go is one.
#
#   ci/setup.sh            install
#   ci/setup.sh --check    only say what is missing
#   ci/setup.sh --packages print the Debian packages, for an image; needs no Go
#
# COMETBENCH_NO_INSTALL=1 means --check. Nothing is installed when nothing is
# missing, so that a second run takes no time and no network.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin"

say() { printf 'setup: %s\n' "$*" >&2; }

# Go: the version go.mod asks for. From 1.21 on, go fetches a newer toolchain by
# itself unless it is told not to (GOTOOLCHAIN=local).
check_go() {
	local want have
	want="$(awk '$1 == "go" { print $2; exit }' go.mod)"
	if ! command -v go >/dev/null; then
		say "Go is not installed; cometbench needs $want or later: https://go.dev/dl/"
		exit 1
	fi
	# Asked inside the module, go answers for the toolchain it would use here.
	if ! have="$(go env GOVERSION 2>/dev/null)" || [ -z "$have" ]; then
		have="$(GOTOOLCHAIN=local go version 2>/dev/null | awk '{ print $3 }')"
	fi
	have="${have#go}"
	if [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" != "$want" ]; then
		say "Go ${have:-of an unknown version} is too old; cometbench needs $want or later: https://go.dev/dl/"
		exit 1
	fi
}

# One line a tool: the commands of which any will do (or files, by their whole
# names), the Debian package, and what is lost without it.
tools() {
	cat <<-'LIST'
		apache2|apache2|cells and tests with real:apache2
		/usr/lib/apache2/modules/mod_jk.so|libapache2-mod-jk|cells and tests with real:apache2/jk and real:apache2/jk-streaming
		/usr/lib/apache2/modules/mod_security2.so|libapache2-mod-security2|cells and tests with real:apache2/modsecurity
		caddy|caddy|cells and tests with real:caddy
		h2o|h2o|cells and tests with real:h2o
		haproxy|haproxy|cells and tests with real:haproxy
		lighttpd|lighttpd|cells and tests with real:lighttpd
		mitmdump|mitmproxy|cells and tests with real:mitmproxy
		nghttpx|nghttp2-proxy|cells and tests with real:nghttpx
		nginx|nginx-light|cells and tests with real:nginx
		/usr/lib/nginx/modules/ngx_http_modsecurity_module.so|libnginx-mod-http-modsecurity|cells and tests with real:nginx/modsecurity
		privoxy|privoxy|cells and tests with real:privoxy
		squid|squid|cells and tests with real:squid
		tinyproxy|tinyproxy|cells and tests with real:tinyproxy
		traffic_server|trafficserver|cells and tests with real:trafficserver
		varnishd|varnish|cells and tests with real:varnish
		chromium-headless-shell chrome-headless-shell headless-shell chromium chromium-browser google-chrome google-chrome-stable|chromium-headless-shell|cells and tests in Chromium
		firefox-esr firefox|firefox-esr|cells and tests in Firefox
		WebKitWebDriver|webkit2gtk-driver xvfb|cells and tests in WebKit
		Xvfb|xvfb|cells and tests in WebKit
		node|nodejs|the external clients (cometd, faye)
		npm|npm|the external clients (cometd, faye)
		cc gcc clang|gcc libc6-dev|the race detector
		node|nodejs|tests with foreign applications and real JavaScript clients
		npm|npm|tests with real JavaScript clients
	LIST
}

missing_packages=()
missing_costs=()
find_missing() {
	missing_packages=()
	missing_costs=()
	local commands package cost command found
	while IFS='|' read -r commands package cost; do
		found=
		for command in $commands; do
			if command -v "$command" >/dev/null || [[ $command == /* && -e $command ]]; then found=1; break; fi
		done
		if [ -z "$found" ]; then
			missing_packages+=("$package")
			missing_costs+=("$cost")
		fi
	done < <(tools)
}

# as_root runs a command as root, or fails when there is no way without asking.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		return 1
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -o DPkg::Lock::Timeout=60 -qq "$@" >&2
}

# Packages of servers start them. Debian asks policy-rc.d first, and 101 is no;
# a policy that is there already is left alone.
policy=/usr/sbin/policy-rc.d
forbid_starts() {
	[ ! -e "$policy" ] || return 0
	as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
	trap 'as_root rm -f "$policy"' EXIT
}

install_missing() {
	if ! command -v apt-get >/dev/null; then
		say "no apt-get here, nothing is installed"
		return
	fi
	if ! as_root true; then
		say "neither root nor passwordless sudo, nothing is installed"
		return
	fi
	say "installing ${missing_packages[*]}"
	if ! apt update; then
		say "the package lists could not be fetched; going on with the old ones"
	fi
	forbid_starts
	# One by one: a package this release does not have costs only itself.
	local package
	for package in "${missing_packages[@]}"; do
		# shellcheck disable=SC2086 # a row may name several packages
		apt install -y --no-install-recommends $package || say "could not install $package"
	done
}

if [ "${1:-}" = --packages ]; then
	tools | cut -d '|' -f 2 | grep -v '^gcc'
	exit
fi
check_go
find_missing
if [ "${#missing_packages[@]}" -gt 0 ] && [ "${1:-}" != --check ] && [ -z "${COMETBENCH_NO_INSTALL:-}" ]; then
	install_missing
	hash -r
	find_missing
fi
for i in "${!missing_packages[@]}"; do
	say "missing: ${missing_packages[$i]}; skipped without it: ${missing_costs[$i]}"
done
if [ "${#missing_packages[@]}" -eq 0 ]; then
	say "everything is here"
fi
