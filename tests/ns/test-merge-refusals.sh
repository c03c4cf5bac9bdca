#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be merged is refused with its own exit code while nothing is touched.
. "$(dirname -- "$0")/merge-scene.sh"

# --- called wrongly: 2
scene
view_up
view_down
expect_refused 2 "$MERGE"
expect_refused 2 "$MERGE" --upper="$UPPER"
expect_refused 2 "$MERGE" --lower="$LOWER"
expect_refused 2 merge --no-such-option
expect_said no-such-option
expect_refused 2 merge --staging
expect_refused 2 merge too-much
expect_refused 2 merge --wait
expect_refused 2 merge --now "$DISK"
expect_refused 2 "$MERGE" --wait
expect_refused 2 "$MERGE" --wait --now "$DISK"
expect_refused 2 "$MERGE" --now --dry-run "$DISK"
expect_refused 2 "$MERGE" --now "$DISK" too-much
expect_exit 0 "$MERGE" --help
expect_exit 0 "$MERGE" --version

# --- no layers: 3
expect_refused 3 "$MERGE" --upper="$SCENE/nothing" --lower="$LOWER"
echo x >"$RAM/file"
expect_refused 3 "$MERGE" --upper="$RAM/file" --lower="$LOWER"
expect_refused 3 "$MERGE" --upper="$UPPER" --lower="$RAM/file"
expect_refused 3 "$MERGE" --upper="$UPPER" --lower="$UPPER"
mkdir "$UPPER/inside"
expect_refused 3 "$MERGE" --upper="$UPPER" --lower="$UPPER/inside"
expect_said inside
expect_refused 3 "$MERGE" --upper="$UPPER/inside" --lower="$UPPER"
rmdir "$UPPER/inside"
expect_refused 3 merge --staging="$SCENE/nothing"

# --- no layers in the root: 3
expect_refused 3 "$MERGE" --now -- "$SCENE/nothing"
expect_refused 3 "$MERGE" --now -- "$DISK"
mkdir -p "$DISK/run/initfs"
expect_refused 3 "$MERGE" --wait -- "$DISK"
expect_said layers
printf 'nonsense\n' >"$DISK/run/initfs/layers"
expect_refused 3 "$MERGE" --wait -- "$DISK"
rm -r "$DISK/run"

# --- layers of a mounted overlay: 3
view_up
echo 1 >"$VIEW/f"
expect_refused 3 merge
expect_said 'is mounted'
mkdir "$RAM/other"
expect_refused 3 "$MERGE" --upper="$RAM/other" --lower="$LOWER"
umount "$VIEW"
merge -v >"$SCENE/said" || fail "not merged after the overlay was unmounted: $?"

# --- forms that the merge cannot carry: 3, and merged when the obstacle is gone
obstacle() {
	scene
	mkdir "$UPPER/d" && echo 1 >"$UPPER/d/f" && echo 2 >"$UPPER/first"
	setfattr -n "$2" -v "$3" "$UPPER/d/$1" || fail "make the obstacle $2"
	expect_refused 3 merge
	expect_said "$4"
	setfattr -x "$2" "$UPPER/d/$1"
	expect_exit 0 merge
}
obstacle . trusted.overlay.redirect /elsewhere 'no origin'
obstacle . trusted.overlay.redirect /a/../b redirect
obstacle f trusted.overlay.metacopy "" 'data is not in the lower layer'
obstacle . trusted.overlay.opaque z 'unknown value'
obstacle f trusted.overlay.invented 1 invented

scene
echo 1 >"$UPPER/.initfs-staging"
expect_refused 3 "$MERGE" --upper="$UPPER" --lower="$DISK"
expect_said 'stages under that name'
# Where the merge does not stage it is a name like any: anybody can make it in /tmp.
view_up
mkdir "$VIEW/d" && echo 2 >"$VIEW/d/.initfs-staging"
view_down
expect_exit 0 merge
expect_merged

# What was renamed has to be in the lower layer: another directory of that name is not taken for it.
scene
mkdir "$LOWER/old"
OVERLAY_OPTIONS=redirect_dir=on,metacopy=off,index=off view_up
mv "$VIEW/old" "$VIEW/new"
umount "$VIEW"
mv "$LOWER/old" "$LOWER/kept" && mkdir "$LOWER/old"
expect_refused 3 merge
expect_said /old
rmdir "$LOWER/old" && mv "$LOWER/kept" "$LOWER/old"
expect_exit 0 merge
[ -d "$LOWER/new" ] || fail "not renamed after the obstacle was gone"

# --- a lower layer that does not allow it: 3
scene
mkdir "$LOWER/m" "$UPPER/m" && echo 1 >"$UPPER/m/f"
mount -t tmpfs scene "$LOWER/m"
expect_refused 3 merge
expect_said mounted
umount "$LOWER/m"
expect_exit 0 merge

scene
echo 1 >"$UPPER/f"
mount -o remount,ro "$DISK"
expect_refused 3 merge
expect_said 'Read-only'
mount -o remount,rw "$DISK"
expect_exit 0 merge

# --- no room: 3
scene ext4 16M
dd if=/dev/urandom of="$UPPER/big" bs=1M count=20 status=none
expect_refused 3 merge
expect_said 'No space'
truncate -s 1M "$UPPER/big"
expect_exit 0 merge

scene ext4 64M -N 128
mkdir "$UPPER/many" && (cd "$UPPER/many" && seq 200 | xargs touch)
expect_refused 3 merge
expect_said inodes
rm -r "$UPPER/many"
expect_exit 0 merge

# A full disk does not stop what only makes room.
scene ext4 16M
echo 1 >"$LOWER/f" && mknod "$UPPER/f" c 0 0
dd if=/dev/zero of="$DISK/fill" bs=64k status=none 2>/dev/null
expect_exit 0 merge
[ ! -e "$LOWER/f" ] || fail "the deletion did not arrive"

# --- a staging directory that is not ours, or in use: 3
scene
echo 1 >"$UPPER/f"
mkdir -m 755 "$DISK/.initfs-staging" && echo theirs >"$DISK/.initfs-staging/x"
expect_refused 3 merge
[ -e "$DISK/.initfs-staging/x" ] || fail "somebody's directory was emptied"
rm -r "$DISK/.initfs-staging" && ln -s "$LOWER" "$DISK/.initfs-staging"
expect_refused 3 merge
rm "$DISK/.initfs-staging" && mkdir -m 700 "$DISK/.initfs-staging"
flock "$DISK/.initfs-staging" true || exit 77
expect_locked() {
	exec 9<"$DISK/.initfs-staging"
	flock 9
	expect_refused 3 merge
	expect_said another
	exec 9<&-
}
expect_locked
expect_exit 0 merge
[ "$(cat "$LOWER/f")" = 1 ] || fail "not merged after the obstacle was gone"
