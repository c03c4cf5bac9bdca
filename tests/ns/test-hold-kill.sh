#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# When the serving process is killed, paths answer again; after too many deaths by the bare overlay.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /var /tmp

# What is mounted below a view comes along, also a socket directory of ours.
mkdir -p "$state/sockets/X11-unix" "$root/tmp/.X11-unix" "$root/var/mnt"
echo here >"$state/sockets/X11-unix/mark"
mount --bind "$state/sockets/X11-unix" "$root/tmp/.X11-unix"

answers() {
	[ "$(cat "$root/var/log/messages")" = old ] && [ -d "$root/tmp/deep" ] && kill -0 "$1"
}

# A program that writes all the time: its next open has to work again.
(
	trap 'exit 0' TERM
	while :; do
		echo x 2>/dev/null >>"$root/var/spool/busy" || true
	done
) &
writer=$!

mending() { # the last one, by the clock of the timeline
	awk '$2 == "hold.died" { died = $1 } $2 == "hold.again" { ms = ($1 - died) * 1000 }
		END { printf "%.1f ms", ms }' "$state/timeline"
}

kill_child() {
	local old again began us
	old=$(cat "$state/hold.pid")
	again=$(count_again)
	began=$EPOCHREALTIME
	kill -9 "$old"
	until_true 10 new_child "$old" || fail "no new process"
	until_true 10 answers "$(cat "$state/hold.pid")" || fail "no answer after a death"
	us=$((${EPOCHREALTIME/./} - ${began/./}))
	# What is mounted below a view comes back after it: the guard tells when all of it is there.
	until_true 10 more_again "$again" || fail "the guard does not say that it has mended"
	echo "answers again after $((us / 1000)) ms; of these, from its death to the new view: $(mending)"
}

count_again() {
	grep -c ' hold\.again ' "$state/timeline" || true
}

more_again() { # COUNT
	[ "$(count_again)" -gt "$1" ]
}

new_child() { # OLD
	[ "$(cat "$state/hold.pid")" != "$1" ] && kill -0 "$(cat "$state/hold.pid")"
}

kill_child
expect fuse.initfs-hold mount_type "$root/var"
expect here cat "$root/tmp/.X11-unix/mark"
kill_child
kill_child
expect here cat "$root/tmp/.X11-unix/mark"
expect 3 grep -c ' hold\.died status=signal:9' "$state/timeline"
expect 3 grep -c ' hold\.again ' "$state/timeline"
before=$(stat -c %s "$root/var/spool/busy")
larger() { [ "$(stat -c %s "$root/var/spool/busy")" -gt "$before" ]; }
until_true 10 larger || fail "the writer does not get on"

# The fourth and fifth are mended too, the sixth within a minute is one too many.
kill_child
kill_child
kill -9 "$(cat "$state/hold.pid")"
gave_up() { grep -q ' hold\.gave-up ' "$state/timeline"; }
until_true 10 gave_up || fail "it does not give up"
bare() { [ "$(mount_type "$root/var")" = overlay ] && [ "$(mount_type "$root/tmp")" = overlay ]; }
until_true 10 bare || fail "no bare overlay"
expect old cat "$root/var/log/messages"
expect here cat "$root/tmp/.X11-unix/mark"
until_true 10 larger || fail "the writer does not get on upon the bare overlay"
kill "$writer"
wait "$writer" || true

# Without a guard the child goes on; the last one who uses a view ends it.
umount "$root/tmp/.X11-unix" "$root/tmp" "$root/var"
initfs-hold -- "$root"
guard=$(cat "$state/hold-guard.pid") child=$(cat "$state/hold.pid")
kill -9 "$guard"
gone() { ! kill -0 "$1"; }
until_true 10 gone "$guard" || fail "the guard cannot be killed"
expect old cat "$root/var/log/messages"
echo after >>"$root/var/spool/after"
expect after cat "$state/layer/0/spool/after"
exec 7<"$root/var/log/messages"
umount -l "$root/var" "$root/tmp"
kill -0 "$child" || fail "it left a file that is open"
read -r line <&7
[ "$line" = old ] || fail "read «$line» through the open file"
exec 7<&-
until_true 10 gone "$child" || fail "the child outlives its last file"

# A pid file outlives its process: who has that number by now is let alone.
sleep 600 &
innocent=$!
echo "$innocent" >"$state/hold-guard.pid"
echo "$innocent" >"$state/hold.pid"
expect_exit 0 initfs-hold --undo -- "$root"
kill -0 "$innocent" || fail "--undo has killed somebody else"
kill "$innocent"
