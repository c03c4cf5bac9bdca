#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Layers look like the directories on the disk, take every write, and go away without a trace.
. "$(dirname -- "$0")/overlay-scene.sh"

same() { # WHAT A B
	[ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}

# Owner, mode, times, ACLs and attributes of a directory, without names and overlayfs's own marks.
look() {
	stat -c '%u %g %a %y' "$1"
	getfacl -ncp "$1"
	getfattr -d -m - -e hex "$1" 2>/dev/null | grep -v '^#\|trusted.overlay' | sort
}

scene "/dev/sda1 / ext4 errors=remount-ro 0 1" "/dev/sdb1 /var/lib/docker ext4 defaults 0 2" \
	"none none swap sw 0 0" "this line means nothing" "tmpfs /variety tmpfs defaults 0 0"
before=$(sha256sum <"$IMAGE")
expect_exit 0 "$OVERLAY" --size=16m -- "$ROOT" /var /tmp /var/cache
[ ! -s "$SCENE/said" ] || fail "it said: $(cat "$SCENE/said")"

same "the list" "$(cat "$STATE/layers")" "$(printf '0\t/var\n1\t/tmp')"
same "the mode of the state" "$(stat -c '%a %u' "$STATE")" "755 0"
same "the mode of the tmpfs" "$(stat -c '%a %u' "$STATE/ram")" "700 0"
same "the mode of the layers" "$(stat -c '%a %u' "$STATE/layer")" "700 0"
same "the size of the tmpfs" "$(df --output=size -B1M "$STATE/ram" | tail -n 1 | tr -d ' ')" 16
same "a third layer" "$(ls "$STATE/layer")" "$(printf '0\n1')"
grep -q " $STATE/layer/0 .* overlay initfs .*xino=on" /proc/self/mountinfo || fail "no overlay with xino"
grep -q " $STATE/ram .* tmpfs initfs " /proc/self/mountinfo || fail "no tmpfs of ours"
grep -qE '^[0-9]+\.[0-9]{6} overlay.up dirs=/var,/tmp size=16m$' "$STATE/timeline" || fail "no event"

same "/var as a layer" "$(look "$STATE/layer/0")" "$(look "$ROOT/var")"
same "/tmp as a layer" "$(look "$STATE/layer/1")" "$(look "$ROOT/tmp")"
# The mark "opaque" of the disk's own directory would have hidden all that is in it.
same "what is on the disk" "$(cat "$STATE/layer/0/log/messages")" "on the disk"

# Writes of every kind go to the RAM, and a copied-up file keeps its number.
inode=$(stat -c %i "$STATE/layer/0/log/messages")
printf 'in RAM\n' >>"$STATE/layer/0/log/messages"
same "the inode's number" "$(stat -c %i "$STATE/layer/0/log/messages")" "$inode"
mkfifo "$STATE/layer/0/fifo"
mknod "$STATE/layer/0/null" c 1 3
setfacl -m u:11:rw "$STATE/layer/0/log/messages" || fail "no ACLs in a layer"
setfattr -n trusted.other -v x "$STATE/layer/0/log/messages" || fail "no trusted attributes in a layer"
rm -r "$STATE/layer/0/log"
mkdir "$STATE/layer/0/log"
same "the disk" "$(cat "$ROOT/var/log/messages")" "on the disk"

# Twice is refused and harms nobody.
expect_exit 3 "$OVERLAY" -- "$ROOT" /var
expect_said "layers are in /run/initfs already"
[ -d "$STATE/layer/0/log" ] || fail "the layers are gone"

# Undone, also while somebody is inside; the timeline stays, it is a record.
exec 9>"$STATE/layer/1/open"
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
echo "still there" >&9 || fail "an open file is lost"
exec 9>&-
same "what is left" "$(ls "$STATE")" timeline
grep -F " $STATE" /proc/self/mountinfo && fail "a mount is left"
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
rm "$STATE/timeline"
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
expect_nothing
same "the image" "$(sha256sum <"$IMAGE")" "$before"

# And once more, with defaults and a file system that is gone afterwards.
expect_exit 0 "$OVERLAY" "$ROOT" /tmp
expect_exit 0 "$OVERLAY" --undo "$ROOT"
umount "$ROOT/run" || fail "something holds /run"
umount "$ROOT" || fail "something holds the root"
same "the image" "$(sha256sum <"$IMAGE")" "$before"
finish
