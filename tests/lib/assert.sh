# SPDX-License-Identifier: GPL-2.0-or-later
# What the guest half of a boot test is made of; the lab puts it before assert.sh. Runs in dash.
# shellcheck shell=sh

assert_failed=0

# expect PROMISE COMMAND...: says whether the command succeeded, and why not
expect() {
	local promise="$1" out
	shift
	if out=$("$@" 2>&1); then
		printf 'ok: %s\n' "$promise"
	else
		assert_failed=$((assert_failed + 1))
		printf 'FAIL: %s\n' "$promise"
		[ -z "$out" ] || printf '%s\n' "$out" | head -n 20 | sed 's/^/      /'
	fi
}

# nothing COMMAND...: succeeds when the command prints nothing
nothing() {
	local out
	out=$("$@" 2>/dev/null)
	[ -z "$out" ] || {
		printf '%s\n' "$out"
		return 1
	}
}

# poll SECONDS COMMAND...: tries until the command succeeds; a limit, not a measurement
poll() {
	local left=$(($1 * 5))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.2
	done
}

# mounts_of_ours: what is mounted of initfs, but for sockets in use that initfs status names
mounts_of_ours() {
	local place
	initfs status >/run/boot-lab-status
	grep -E 'initfs|fuse' /proc/self/mountinfo | cut -d ' ' -f 5 | while read -r place; do
		grep -qF " $place  in use:" /run/boot-lab-status || echo "$place"
	done
}

equal() { # WANTED FOUND
	[ "$1" = "$2" ] || {
		printf 'wanted: %s\nfound:  %s\n' "$1" "$2"
		return 1
	}
}

# processes REGEX: lists pid and command line of what runs from a program or script of that name.
# The shells of the test itself have this text on their command line and do not count.
processes() {
	local dir line
	for dir in /proc/[0-9]*; do
		line=$({ readlink "$dir/exe"; tr '\0' ' ' <"$dir/cmdline"; } 2>/dev/null | tr '\n' ' ')
		case $line in
		*assert_failed=*) ;;
		*) printf '%s %s\n' "${dir#/proc/}" "$line" | grep -E -- "^[0-9]+ .*($1)" ;;
		esac
	done
}

assert_end() {
	[ "$assert_failed" -eq 0 ]
}
