#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stress-ng's file system stressors, which check what they do, pass in a view as on the bare overlay,
# also while the view moves to the disk under them.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

# Left out: what needs a given kernel, iomix, which empties the caches of the whole machine, and xattr, whose attributes are larger than ext4 can hold.
all=(access chdir chmod chown dentry dir dirdeep dirmany dup fallocate fcntl filename flock fstat
	getdent hdd inode-flags io link locka lockf lockofd mknod open rename symlink sync-file
	touch utime)
# Under the merge only as many as two processors can do beside it.
few=(chmod chown flock link lockf rename symlink utime)
sizes=(--hdd-bytes 4M --fallocate-bytes 4M --sync-file-bytes 4M --dirdeep-inodes 400)

# stress PLACE NAME SECONDS STRESSOR...: in the background; sets pid
stress() {
	local place=$1 name=$2 seconds=$3 options=()
	shift 3
	mkdir "$place"
	mapfile -t options < <(printf -- '--%s\n1\n' "$@")
	stress-ng "${options[@]}" "${sizes[@]}" --verify --temp-path "$place" --timeout "$seconds" \
		>"$TEST_TMP/$name" 2>&1 &
	pid=$!
}

# What each stressor has said that is not good: the name and the text without numbers.
complaints() { # NAME
	sed -n 's/.*stress-ng: \(fail\|error\): *\[[0-9]*\] *//p' "$TEST_TMP/$1" |
		sed 's/[0-9][0-9]*/N/g' | sort -u
}

same_as_bare() { # NAME
	complaints bare >"$TEST_TMP/bare.said"
	complaints "$1" >"$TEST_TMP/$1.said"
	diff "$TEST_TMP/bare.said" "$TEST_TMP/$1.said" || fail "$1: not as on the bare overlay"
}

is_busy() { [ "$(find "$root/var/moving" -mindepth 1 2>/dev/null | wc -l)" -gt 8 ]; }

IMAGE_SIZE=1G scene_make /var
initfs-overlay --size=512M -- "$root" /var || fail "no overlay"
initfs-hold -- "$root" || fail "no view"
initfs-merge --wait -- "$root" || fail "the merge does not wait"

stress "$state/layer/0/bare" bare 4 "${all[@]}"
wait "$pid" || true
grep -q "dispatching hogs:.* access,.* utime" "$TEST_TMP/bare" || fail "stress-ng: $(head -n 3 "$TEST_TMP/bare")"
stress "$root/var/view" view 4 "${all[@]}"
wait "$pid" || true
same_as_bare view

# The time is a limit: they are told to stop when they have worked on the disk for a while.
stress "$root/var/moving" moving 600 "${few[@]}"
until_true 60 is_busy || fail "the stressors do not begin"
mount -o remount,rw "$root"
until_true 200 grep -q ' layer.gone' "$state/timeline" || fail "the layer stays"
kill -0 "$pid" || fail "the stressors have ended before"
kill -INT "$pid"
wait "$pid" || true
same_as_bare moving
