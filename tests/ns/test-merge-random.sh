#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever programs did to the view, seeded, under all options of an overlay: the disk after the merge is
# what the view was. MERGE_SEEDS says how many seeds are tried (200 by default), from MERGE_FIRST on,
# MERGE_FS="ext4 xfs btrfs" over which file systems; a failure prints its seed and its options.
. "$(dirname -- "$0")/merge-scene.sh"

# Seeds for one file system, which a change of the options above leaves alone.
BATCH=34

seeds() { # FSTYPE FIRST COUNT
	local folder=$SCENE/$1.$2
	mkdir "$folder"
	unshare -m --propagation private "$HERE/merge-random" "$folder" "$@" >"$folder/said" 2>&1
}

mapfile -t types < <(tr ' ' '\n' <<<"${MERGE_FS:-ext4 xfs btrfs}")
for fs in "${types[@]}"; do
	if ! command -v "mkfs.$fs" >/dev/null; then
		echo "no mkfs.$fs here"
		exit 77
	fi
done
first=${MERGE_FIRST:-1}
end=$((first + ${MERGE_SEEDS:-200}))
turn=0
while [ "$first" -lt "$end" ]; do
	fs=${types[turn % ${#types[@]}]}
	count=$((end - first < BATCH ? end - first : BATCH))
	(seeds "$fs" "$first" "$count") || fail "$(tail -n 25 "$SCENE/$fs.$first/said")"
	tail -n 1 "$SCENE/$fs.$first/said"
	rm -r "$SCENE/$fs.$first"
	first=$((first + count))
	turn=$((turn + 1))
done
