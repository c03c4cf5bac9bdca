#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Big files, which another thread copies past the page cache, arrive to the last byte and hole, and so
# do so many small ones that this thread begins to write them to the disk.
# shellcheck source-path=SCRIPTDIR source=merge-scene.sh
. "${0%/*}/merge-scene.sh"

# More than wait at once, with ends at and beside the edges of blocks and windows.
make_big() {
	n=0
	for size in 1048575 1048576 1048577 1052672 4194304 4194305 8392703; do
		for _ in 1 2 3 4 5 6; do
			n=$((n + 1))
			head -c "$size" /dev/urandom >"$VIEW/big$n"
		done
	done
	chown 1000:1001 "$VIEW/big1"
	chmod 06755 "$VIEW/big2"
	setcap cap_net_raw+ep "$VIEW/big3"
	setfacl -m u:1234:rw "$VIEW/big4"
	touch -d '2001-02-03 04:05:06.789012345' "$VIEW/big5"
	ln "$VIEW/big6" "$VIEW/new/link"
	chmod 0666 "$VIEW/big7"
}

make_holes() {
	truncate -s 9M "$VIEW/hole"
	truncate -s 9M "$VIEW/holes"
	dd if=/dev/urandom of="$VIEW/holes" bs=4096 seek=3 count=700 conv=notrunc status=none
	dd if=/dev/urandom of="$VIEW/holes" bs=1 seek=5000001 count=1300001 conv=notrunc \
		iflag=fullblock ibs=65536 obs=65536 oflag=seek_bytes status=none
}

for fs in ext4 xfs btrfs; do
	scene "$fs" 640M
	head -c 3000000 /dev/urandom >"$LOWER/old"
	view_up
	mkdir -m 2775 "$VIEW/new"
	chgrp 50 "$VIEW/new"
	make_big
	make_holes
	head -c 2000000 /dev/urandom >"$VIEW/new/inside"
	head -c 2000000 /dev/urandom >"$VIEW/old"
	view_down
	expect_exit 0 merge
	[ "$(stat -c %b "$LOWER/hole")" -lt 8 ] || fail "a hole was filled on $fs"
	expect_merged
done

# Big ones are begun with, wherever they are; what is found before them in a directory is not forgotten.
scene ext4 192M
view_up
mkdir -p "$VIEW/a/b" "$VIEW/z/y"
for i in $(seq 5000); do
	echo "$i" >"$VIEW/a/small$i"
done
head -c 2000000 /dev/urandom >"$VIEW/a/b/big"
head -c 2000000 /dev/urandom >"$VIEW/z/y/big"
touch "$VIEW/z/last"
view_down
expect_exit 0 merge
expect_merged

# The thread's failure is the merge's, with the name: nothing has changed.
scene ext4 192M
view_up
head -c 3000000 /dev/urandom >"$VIEW/one"
umount "$VIEW"
expect_refused 1 strace -f -qq -o "$SCENE/trace" -e trace=pwrite64 -e inject=pwrite64:error=EIO "$MERGE" --upper="$UPPER" --lower="$LOWER"
expect_said "cannot write the staged copy of 'one': Input/output error"
