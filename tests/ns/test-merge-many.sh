#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A hundred thousand changes in one directory arrive, in so little memory that a million of them
# would fit into 64 MiB.
# shellcheck source-path=SCRIPTDIR source=merge-scene.sh
. "${0%/*}/merge-scene.sh"

LIMIT=64 # bytes for each name; 64 MiB for a million are 67

# fill NUMBER: so many files with names of 31 bytes in a new directory, and in one that both layers have
fill() {
	/usr/bin/python3 - "$UPPER" "$1" <<-'END'
		import os, sys
		top, number = sys.argv[1], int(sys.argv[2])
		for name in ("new", "old"):
		    os.mkdir(f"{top}/{name}")
		for i in range(number):
		    os.mknod(f"{top}/new/a-name-of-common-length-{i:07}", 0o644)
		    if i % 10 == 0:
		        os.mknod(f"{top}/old/a-name-of-common-length-{i:07}", 0o644)
	END
}

# kib_of NUMBER: what the merge of so many takes, on a line of its own
kib_of() {
	scene ext4 1G -N 120000
	mount -o remount,nr_inodes=0 "$RAM"
	mkdir "$LOWER/old"
	fill "$1"
	"$INITFS_BUILD/tests/bench/measure" "$MERGE" --upper="$UPPER" --lower="$LOWER" >"$SCENE/figures" ||
		fail "the merge of $1 names"
	found=$(find "$LOWER/new" -type f | wc -l)
	[ "$found" -eq "$1" ] || fail "$found of $1 names arrived in a new directory"
	found=$(find "$LOWER/old" -type f | wc -l)
	[ "$found" -eq $(($1 / 10)) ] || fail "$found of $(($1 / 10)) names arrived in an old directory"
	cut -d' ' -f3 "$SCENE/figures"
}

few=$(kib_of 1000) || fail "$few"
many=$(kib_of 100000) || fail "$many"
each=$(((many - few) * 1024 / (110000 - 1100)))
echo "$few KiB for 1,100 names, $many KiB for 110,000: $each bytes each"
[ "$each" -le "$LIMIT" ] || fail "$each bytes for each name, and not at most $LIMIT"
