#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# initfs plot draws the record as well-formed SVG with a bar for all that it tells; nothing to draw is 1.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

initfs=${INITFS_BUILD:?}/initfs
mount --rbind "$root/run" /run

count() { # PATTERN: in how many lines of the picture it is
	grep -c "$1" "$tmp/picture"
}

rm -rf /run/initfs
expect_exit 1 "$initfs" plot
grep -q 'stock boot: initfs took no part in it' "$tmp/out" || fail "$(cat "$tmp/out")"

mkdir /run/initfs
: >/run/initfs/timeline
expect_exit 1 "$initfs" plot
grep -q 'it has no event' "$tmp/out" || fail "$(cat "$tmp/out")"

cat >/run/initfs/timeline <<'EVENTS'
7.654321 overlay.up dirs=/var,/tmp size=50%
8.000000 early.start name=x&y
nonsense
9.000000 early.ready name=x&y
60.000000 merge.sealed
60.012300 merge.unsealed pause_us=12300
110.250000 early.skipped name=z why="a \"b\"\x1b<"
EVENTS
"$initfs" plot >"$tmp/picture" || fail "plot: $?"
/usr/bin/python3 -c 'import sys, xml.etree.ElementTree as e; e.parse(sys.argv[1])' "$tmp/picture" ||
	fail "it is no XML"
[ "$(count '<rect class="[a-z]*" x="[0-9.]*" y="[0-9]*" width="[0-9.]*" height="12"><title>')" = 6 ] ||
	fail "not six bars: $(cat "$tmp/picture")"
grep -q '12\.3 ms' "$tmp/picture" || fail "the pause has no length"
grep -q 'early: x&amp;y' "$tmp/picture" || fail "a row has no name"

# Nobody is told that half a picture is one.
expect_exit 1 sh -c "'$initfs' plot >/dev/full"
grep -q 'cannot write the picture' "$tmp/out" || fail "$(cat "$tmp/out")"

cp /run/initfs/timeline "$tmp/copy"
rm /run/initfs/timeline
"$initfs" plot "$tmp/copy" | cmp - "$tmp/picture" || fail "a FILE is drawn differently"
expect_exit 1 "$initfs" plot "$tmp/nowhere"
expect_exit 2 "$initfs" plot --colour
expect_exit 2 "$initfs" plot a b
expect_exit 0 "$initfs" plot --help
exit 0
