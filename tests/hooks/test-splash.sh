#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The splash has its terminal before a screen starts, is not deactivated, and ends when the screen shows.
set -u

splash=${0%/*}/../../helpers/supervise/splash
scene=$(mktemp -d "${TEST_TMP:-${TMPDIR:-/tmp}}/splash.XXXXXX") || exit 1
trap 'rm -rf -- "${scene:?}"' EXIT
PATH=$scene:$PATH
export PREFIX="$scene" # instead of /
failures=0

pretend() { # NAME BODY
	printf '#!/bin/sh\n%s\n' "$2" >"$scene/$1"
	chmod 755 "$scene/$1"
}

# run WHAT STATUS CALLS: plymouth's calls, with their number where there are several in a row
run() {
	: >"$scene/calls"
	dash "$splash" "$1" 2>/dev/null
	status=$?
	calls=$(uniq -c "$scene/calls" | awk '{ printf("%s%s%s", s, $2, $1 > 1 ? "*" $1 : ""); s = " " }')
	[ "$status" -eq "$2" ] && [ "$calls" = "$3" ] && return
	echo "not as promised: $1 with $4: status $status, calls '$calls'" >&2
	failures=$((failures + 1))
}

# What the guard against a plymouth that hangs is given; it is not waited out here.
pretend timeout "[ \"\$1\" = 10 ] && shift && exec \"\$@\""
pretend sleep ''

pretend plymouth "echo \"\$1\" >>$scene/calls; exit 1"
run before 1 "" "no splash: no program is started to learn that"
run shown 0 "" "no splash"

mkdir -p "$scene/run/plymouth"
echo 1 >"$scene/run/plymouth/pid"
run before 1 --ping "a splash that was killed"
run shown 0 --ping "a splash that was killed"

pretend plymouth "echo \"\$1\" >>$scene/calls"
run before 0 "--ping --has-active-vt" "a splash that shows"
run shown 0 "--ping quit" "a splash that shows"

pretend plymouth "echo \"\$1\" >>$scene/calls; [ \"\$1\" = --ping ] || [ \$(wc -l <$scene/calls) -gt 4 ]"
run before 0 "--ping --has-active-vt*4" "a splash that finds its device later"

pretend plymouth "echo \"\$1\" >>$scene/calls; [ \"\$1\" = --ping ]"
run before 0 "--ping --has-active-vt*21" "a splash without a device"

run after 2 "" "a word that it does not know"
[ "$failures" -eq 0 ]
