#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Views appear over all layers or over none, are refused with exit 3, and go without a trace.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

expect_exit 0 initfs-hold --help
expect_exit 0 initfs-hold --version
expect_exit 2 initfs-hold
expect_exit 2 initfs-hold --unknown -- "$TEST_TMP"
expect_exit 2 initfs-hold -- one two

scene_make /var /tmp
expect_exit 3 initfs-hold -- "$TEST_TMP/missing"
expect_exit 3 initfs-hold -- "$root" # no layers
expect_exit 0 initfs-hold --undo -- "$root"

initfs-overlay --size=64M -- "$root" /var /tmp
cp "$state/layers" "$TEST_TMP/layers"
printf 'nonsense\n' >"$state/layers"
expect_exit 3 initfs-hold -- "$root"
printf '0\t/var\n1\t/missing\n' >"$state/layers"
expect_exit 3 initfs-hold -- "$root"
printf '0\t/var\n7\t/tmp\n' >"$state/layers" # a layer that is not there
expect_exit 3 initfs-hold -- "$root"
cp "$TEST_TMP/layers" "$state/layers"
# The child cannot listen: it fails after the mounts were made, and nothing is left of them.
mkdir "$state/hold.sock"
expect_exit 1 initfs-hold -- "$root"
rmdir "$state/hold.sock"
expect "" mount_type "$root/var"
expect "" pgrep -f "^initfs-hold -- $root"

initfs-hold -- "$root" || fail "no views"
expect fuse.initfs-hold mount_type "$root/var"
expect fuse.initfs-hold mount_type "$root/tmp"
expect_exit 3 initfs-hold -- "$root"
expect old cat "$root/var/log/messages"
echo new >>"$root/var/log/messages"
expect $'old\nnew' cat "$root/var/log/messages"
expect $'old\nnew' cat "$state/layer/0/log/messages"
expect "$(cat "$state/hold-guard.pid")" cat "$root/run/sendsigs.omit.d/initfs-hold-guard"
expect "$(cat "$state/hold.pid")" cat "$root/run/sendsigs.omit.d/initfs-hold"
expect 600 stat -c %a "$state/hold.sock"

expect_exit 0 initfs-hold --undo -- "$root"
expect "" mount_type "$root/var"
expect "" mount_type "$root/tmp"
expect "" pgrep -f "^initfs-hold -- $root"
for name in hold.sock hold.pid hold-guard.pid; do
	[ ! -e "$state/$name" ] || fail "$name is left"
done
expect_exit 0 initfs-hold --undo -- "$root"
grep -q ' hold\.gone$' "$state/timeline" || fail "the end is not on record"

# SIGTERM to either process takes the views away; who has a file open keeps it.
for name in hold hold-guard; do
	initfs-hold -- "$root" || fail "no views"
	pid=$(cat "$state/$name.pid")
	exec 7<"$root/var/log/messages"
	kill -TERM "$pid"
	not_mounted() { [ -z "$(mount_type "$root/var")" ] && [ -z "$(mount_type "$root/tmp")" ]; }
	until_true 10 not_mounted || fail "SIGTERM to $name leaves views"
	read -r line <&7
	[ "$line" = old ] || fail "read «$line» through a file from before SIGTERM"
	exec 7<&-
	ended() { ! pgrep -f "^initfs-hold -- $root"; }
	until_true 10 ended || fail "SIGTERM to $name leaves a process"
done
expect_exit 0 initfs-overlay --undo -- "$root"
