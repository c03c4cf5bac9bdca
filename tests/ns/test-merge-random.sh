#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever programs did to the view, seeded: the disk after the merge is what the view was.
# MERGE_SEEDS="1 2 3" and MERGE_FS="ext4 xfs btrfs" choose; a failure prints its seed.
. "$(dirname -- "$0")/merge-scene.sh"

for fs in ${MERGE_FS:-ext4 xfs btrfs}; do
	if ! command -v "mkfs.$fs" >/dev/null; then
		echo "no mkfs.$fs here"
		exit 77
	fi
	for seed in ${MERGE_SEEDS:-1 2 3 4}; do
		size=192M
		[ "$fs" = xfs ] && size=512M
		[ "$fs" = btrfs ] && size=256M
		scene "$fs" "$size"
		"$HERE/merge-tree" fill "$LOWER" "$seed" || fail "seed $seed: fill"
		view_up
		"$HERE/merge-tree" churn "$VIEW" "$seed" "${MERGE_OPERATIONS:-150}" ||
			fail "seed $seed: churn"
		view_down
		merge -v >"$SCENE/said" || fail "$fs, seed $seed: exit $?"
		(expect_merged) || fail "$fs, seed $seed"
	done
done
