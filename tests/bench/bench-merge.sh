#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints how long a merge takes against what copies the same files without its promises.
#
#	bench-merge.sh [ROUNDS]
#
# In each round each contender gets the same layers on a fresh copy of the same ext4 image, in turn.
# OVERLAYFS_TOOLS=PATH adds overlayfs-tools' program, of which Debian has no package. It empties the
# upper layer, so it gets a copy.
# shellcheck source-path=SCRIPTDIR source=scene.sh
. "${0%/*}/scene.sh"

rounds=${1:-7}
disk=$SCENE/disk lower=$SCENE/disk/var ram=$SCENE/ram upper=$SCENE/ram/upper view=$SCENE/view
mkdir "$disk" "$ram" "$view"

disk_up() { # on a copy of the image, in which nothing has been written yet
	cp --sparse=always "$SCENE/pristine" "$SCENE/image"
	mount -o loop "$SCENE/image" "$disk"
}

disk_down() {
	umount "$disk"
	rm "$SCENE/image"
}

layers_make() {
	truncate -s 2G "$SCENE/pristine"
	mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$SCENE/pristine"
	mount -o loop "$SCENE/pristine" "$disk"
	mkdir "$lower"
	"$HERE/make-layers" lower "$lower"
	mount -t tmpfs bench "$ram"
	mkdir "$upper" "$ram/work"
	"$HERE/make-layers" upper "$upper" "$lower"
	umount "$disk"
	files=$(find "$upper" ! -type d ! -type c | wc -l)
	bytes=$(find "$upper" -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { print n }')
}

view_up() {
	mount -t overlay -o "xino=on,index=off,redirect_dir=off,metacopy=off,lowerdir=$lower,upperdir=$upper,workdir=$ram/work" \
		bench "$view"
}

run_merge() {
	record merge initfs-merge "--upper=$upper" "--lower=$lower"
}

run_floor() {
	record floor floor "$disk" "$bytes" "$files"
}

run_cp() {
	record cp sh -c "cp -a '$upper/.' '$lower/' --remove-destination && sync -f '$lower'"
}

run_tar() {
	record tar sh -c "tar -C '$upper' --xattrs -cf - . | tar -C '$lower' --xattrs -xpf - && sync -f '$lower'"
}

run_rsync() {
	view_up
	record rsync sh -c "rsync -aHAXS --delete '$view/' '$lower/' && sync -f '$lower'"
	umount "$view"
}

run_overlayfs_tools() {
	cp -a "$upper" "$ram/copy"
	cd "$SCENE"
	record overlayfs-tools sh -c "'$OVERLAYFS_TOOLS' merge -f -l '$lower' -u '$ram/copy' && sync -f '$lower'"
	cd /
	rm -rf "$ram/copy"
}

layers_make
contenders=(floor merge cp tar rsync)
[[ -z ${OVERLAYFS_TOOLS-} ]] || contenders+=(overlayfs_tools)
for ((round = 0; round <= rounds; round++)); do
	for contender in "${contenders[@]}"; do
		disk_up
		"run_$contender"
		disk_down
	done
	# The first round warms up.
	[[ $round -gt 0 ]] || rm "$SCENE"/*.figures
done

printf '%d names, %d MiB in them; ext4 in an image in memory; sync included; medians of %d rounds\n\n' \
	"$files" $((bytes >> 20)) "$rounds"
printf '%-16s %10s %12s %12s   %s\n' '' 'seconds' 'processor s' 'memory MiB' 'merge takes of it'
for figures in "$SCENE"/*.figures; do
	name=${figures##*/}
	name=${name%.figures}
	printf '%-16s %10.3f %12.3f %12.1f   %s\n' "$name" "$(median 1 "$figures")e-6" "$(median 2 "$figures")e-6" \
		"$(median 3 "$figures" | awk '{ print $1 / 1024 }')" "$([[ $name = merge ]] || ratio merge "$name")"
done
