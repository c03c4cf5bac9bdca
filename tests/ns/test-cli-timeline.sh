#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# initfs timeline prints the record in columns, --raw as it is; called wrongly is 2, unreadable is 1.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

initfs=${INITFS_BUILD:?}/initfs
mount --rbind "$root/run" /run

rm -rf /run/initfs
expect_exit 0 "$initfs" timeline
[ "$(cat "$tmp/out")" = "stock boot: initfs took no part in it" ] || fail "$(cat "$tmp/out")"

mkdir /run/initfs
cat >/run/initfs/timeline <<'EVENTS'
7.654321 overlay.up dirs=/var,/tmp size=50%
8.000000 hold.up
nonsense
110.250000 early.skipped name=x why="a \"b\"\x1b"
EVENTS
expect_exit 0 "$initfs" timeline
cat >"$tmp/want" <<'WANT'
     7.654  +  0.000  overlay.up     dirs=/var,/tmp  size=50%
     8.000  +  0.345  hold.up
     ?                 nonsense
   110.250  +102.250  early.skipped  name=x  why=a "b"?
WANT
cmp "$tmp/want" "$tmp/out" || fail "$(cat "$tmp/out")"

expect_exit 0 "$initfs" timeline --raw
cmp /run/initfs/timeline "$tmp/out" || fail "raw is not raw"
cp /run/initfs/timeline "$tmp/copy"
rm /run/initfs/timeline
expect_exit 0 "$initfs" timeline "$tmp/copy"
cmp "$tmp/want" "$tmp/out" || fail "a FILE is printed differently"

expect_exit 1 "$initfs" timeline "$tmp/nowhere"
grep -q "initfs: cannot read the timeline '$tmp/nowhere': No such file" "$tmp/out" || fail "$(cat "$tmp/out")"
expect_exit 1 "$initfs" timeline --raw "$tmp"
expect_exit 2 "$initfs"
expect_exit 2 "$initfs" colour
expect_exit 2 "$initfs" timeline --colour
expect_exit 2 "$initfs" timeline a b
expect_exit 2 "$initfs" status --colour
expect_exit 2 "$initfs" status x
expect_exit 0 "$initfs" --help
expect_exit 0 "$initfs" --version
expect_exit 0 "$initfs" status --help
expect_exit 0 "$initfs" timeline --help
exit 0
