#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The power fails at any write to the disk: each name is its old or its new self even without the upper
# layer, with it nothing has changed, and the next run finishes. What a run has reported as done is
# on the disk. MERGE_POINTS says how many writes are tried.
. "$(dirname -- "$0")/merge-scene.sh"

for tool in qemu-storage-daemon strace pgrep; do
	if ! command -v $tool >/dev/null; then
		echo "no $tool here"
		exit 77
	fi
done

# Everything that is written through $SCENE/logged goes to the image and into the log.
logged_disk_up() {
	: >"$SCENE/logged"
	: >"$SCENE/log"
	truncate -s "$(stat -c %s "$SCENE/image")" "$SCENE/logged"
	qemu-storage-daemon --pidfile "$SCENE/pid" --daemonize \
		--blockdev driver=file,node-name=f,filename="$SCENE/image" \
		--blockdev driver=file,node-name=lf,filename="$SCENE/log" \
		--blockdev driver=blklogwrites,node-name=l,file=f,log=lf,log-sector-size=512,log-super-update-interval=1 \
		--export type=fuse,id=e,node-name=l,mountpoint="$SCENE/logged",writable=on ||
		fail "start the logged disk"
	mount -o loop "$SCENE/logged" "$DISK" || fail "mount the logged disk"
}

# In the midst of publishing somebody else syncs a file of his own: the file system commits the
# names that are published so far, and what they lead to had better be there.
merge_with_a_commit() {
	strace -o "$SCENE/trace" -qq -e trace=renameat2 \
		-e inject=renameat2:signal=SIGSTOP:when=40 \
		"$MERGE" --upper="$UPPER" --lower="$LOWER" &
	tracer=$!
	n=500
	while ! grep -qs 'stopped by SIGSTOP' "$SCENE/trace"; do
		n=$((n - 1))
		if [ $n = 0 ]; then
			kill -KILL "$(pgrep -P $tracer)"
			fail "the merge does not stop at its 40th rename"
		fi
		sleep 0.02
	done
	echo other | dd of="$DISK/other" conv=fsync status=none
	committed=$("$HERE/merge-replay" points "$SCENE/log" 1)
	kill -CONT "$(pgrep -P $tracer)"
	wait $tracer
}

# power_fails_at N [SEED]: the disk as it was left then
power_fails_at() {
	mountpoint -q "$DISK" && umount "$DISK"
	cp --sparse=always "$SCENE/image.kept" "$SCENE/image"
	"$HERE/merge-replay" replay "$SCENE/log.kept" "$SCENE/image" "$@" || fail "replay $*"
	mount -o loop "$SCENE/image" "$DISK" || fail "write $*: the disk cannot be mounted"
}

# Without the RAM, as after a boot that ended here: nothing is torn or lost that was there.
expect_whole() {
	"$HERE/merge-tree" dump "$LOWER" >"$SCENE/found"
	"$HERE/merge-tree" whole "$SCENE/before" "$SCENE/wanted" "$SCENE/found" >"$SCENE/diff" ||
		fail "write $*: neither old nor new: $(head -n 10 "$SCENE/diff")"
}

expect_same_view() {
	view_again
	"$HERE/merge-tree" dump "$VIEW" >"$SCENE/found"
	umount "$VIEW" || fail "unmount the overlay"
	diff "$SCENE/wanted" "$SCENE/found" >"$SCENE/diff" ||
		fail "write $*: the view changed: $(head -n 10 "$SCENE/diff")"
}

# What a finished run leaves when the power goes at once: all of the changes, and no trace of its own.
expect_finished() {
	expect_disk
	[ ! -e "$DISK/.initfs-staging" ] ||
		fail "write $*: staging is left: $(find "$DISK/.initfs-staging" -mindepth 1 -printf '%P ' | head -c 200)"
}

finishes() {
	expect_whole "$@"
	expect_same_view "$@"
	merge -v >"$SCENE/said" 2>&1 || fail "write $*: the next run: $? $(cat "$SCENE/said")"
	(expect_merged) || fail "write $*"
}

for fs in ${MERGE_FS:-ext4}; do
	size=24M
	[ "$fs" = xfs ] && size=320M
	scene "$fs" "$size"
	"$HERE/merge-tree" fill "$LOWER" 5
	view_up
	"$HERE/merge-tree" churn "$VIEW" 5 120
	view_down
	"$HERE/merge-tree" dump "$LOWER" >"$SCENE/before"
	umount "$DISK"
	cp --sparse=always "$SCENE/image" "$SCENE/image.kept"
	logged_disk_up
	merge_with_a_commit || fail "the plain run: $?"
	# What is in the log by now is on the disk if the power fails now.
	cp --sparse=always "$SCENE/log" "$SCENE/log.kept"
	power_off || fail "the logged disk does not end"

	last=$("$HERE/merge-replay" points "$SCENE/log.kept" 1)
	[ "$last" -gt 20 ] || fail "only $last writes were logged"
	for n in $committed $("$HERE/merge-replay" points "$SCENE/log.kept" "${MERGE_POINTS:-3}"); do
		power_fails_at "$n"
		[ "$n" = "$last" ] && expect_finished "$n"
		finishes "$n"
		# The same moment, with a cache that had not written everything yet.
		power_fails_at "$n" "$n"
		[ "$n" = "$last" ] && expect_finished "$n" "$n"
		finishes "$n" "$n"
	done
	echo "ok: $fs, $last writes"
	umount "$DISK"
done
