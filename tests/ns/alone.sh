# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For tests of one program on a root of their own: namespaces that end with the test, and words for
# what has to hold. Source it first; where the test has a $timeline, it is shown when something fails.

[ "$(id -u)" = 0 ] || {
	echo "skipped: needs root"
	exit 77
}
if [ -z "${ALONE_INSIDE-}" ]; then
	ALONE_INSIDE=1 exec unshare --mount --pid --fork --kill-child --mount-proc -- "$0" "$@"
fi
set -u
tmp=${TEST_TMP:?}

fail() {
	echo "failed: $*" >&2
	[ ! -e "${timeline-}" ] || sed 's/^/    /' "$timeline" >&2
	exit 1
}

within() { # SECONDS COMMAND...: polls; a limit, not a measurement
	local left=$(($1 * 20))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || fail "not in time: $*"
		sleep 0.05
	done
}

expect_exit() { # CODE COMMAND...
	local want="$1" got=0
	shift
	"$@" >"$tmp/out" 2>&1 || got=$?
	[ "$got" = "$want" ] || fail "exit status $got, not $want: $*: $(cat "$tmp/out")"
}
