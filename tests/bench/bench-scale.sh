#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints how time and memory of a merge grow with the number of changed files, up to a million, in
# directories of a hundred thousand.
#
#	bench-scale.sh [NUMBER...]
# shellcheck source-path=SCRIPTDIR source=scene.sh
. "${0%/*}/scene.sh"

[[ $# -gt 0 ]] || set -- 10000 100000 1000000
disk=$SCENE/disk ram=$SCENE/ram
mkdir "$disk" "$ram"
printf '%10s %10s %14s %12s %12s\n' names seconds 'us for each' 'memory MiB' 'bytes each'
for number; do
	truncate -s 16G "$SCENE/image"
	mkfs.ext4 -q -F -N $((number + 20000)) -E lazy_itable_init=0,lazy_journal_init=0 "$SCENE/image"
	mount -o loop "$SCENE/image" "$disk"
	mount -t tmpfs -o size=100%,nr_inodes=0 bench "$ram"
	mkdir "$disk/var" "$ram/upper"
	"$HERE/make-layers" names "$ram/upper" "$number" 100000
	record "$number" initfs-merge "--upper=$ram/upper" "--lower=$disk/var"
	found=$(find "$disk/var" -type f | wc -l)
	[[ $found -eq $number ]] || {
		echo "$found of $number names arrived" >&2
		exit 1
	}
	awk -v n="$number" '{ printf "%10d %10.2f %14.1f %12.1f %12.1f\n", n, $1 / 1e6, $1 / n, $3 / 1024, $3 * 1024 / n }' \
		"$SCENE/$number.figures"
	umount "$disk" "$ram"
	rm "$SCENE/image"
done
