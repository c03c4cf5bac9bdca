#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Called wrongly is 2, refused is 3; neither leaves a process or a file behind.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

expect_exit 2 "$supervise"
grep -q "it takes one ROOT, not 0 (Try 'initfs-supervise --help'.)" "$tmp/out" || fail "$(cat "$tmp/out")"
expect_exit 2 "$supervise" --colour -- "$root"
grep -q -- "'--colour' is not an option" "$tmp/out" || fail "$(cat "$tmp/out")"
expect_exit 2 "$supervise" "$root" --gui
expect_exit 2 "$supervise" -- "$root" "$root"
for seconds in 0 3601 -1 1.5 soon ""; do
	expect_exit 2 "$supervise" "--share=$seconds" -- "$root"
	grep -qF -- "--share takes 1 to 3600 seconds, not '$seconds'" "$tmp/out" || fail "$(cat "$tmp/out")"
	[ "$(wc -l <"$tmp/out")" = 1 ] || fail "not one line: $(cat "$tmp/out")"
done
expect_exit 2 "$supervise" "$root" --share
expect_exit 0 "$supervise" --help
expect_exit 0 "$supervise" --version

expect_exit 3 "$supervise" -- "$tmp/nowhere"
expect_exit 3 "$supervise" -- "$root/etc/passwd"
rm "$root/run/initfs/layers"
expect_exit 3 "$supervise" -- "$root"
grep -q "initfs-overlay has to come first" "$tmp/out" || fail "$(cat "$tmp/out")"
rmdir "$root/run/initfs"
expect_exit 3 "$supervise" -- "$root"
expect_exit 0 "$supervise" --undo -- "$root"
expect_exit 1 "$supervise" --undo -- "$root/etc/passwd"

[ -z "$(ls -A "$root/run")" ] || fail "something was left behind: $(ls -A "$root/run")"
[ -z "$(pidof initfs-supervise)" ] || fail "a process was left behind"
exit 0
