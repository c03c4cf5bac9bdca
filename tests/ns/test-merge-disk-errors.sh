#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# When the disk really fails in the middle of a merge, programs go on in RAM, and nothing of it is lost.
#
# thin: a disk that has less room than it says, and answers writes with errors; later it has more.
# quota: its subvolume of a btrfs may not grow as much as the merge needs, which binds root, too; later it may.
# inodes: there is room, but no inode is free; later there are.
# read-only: somebody remounts the root read-only while names are published, and writable again.
# gone: the device vanishes; what is in RAM is saved by hand, to the disk when it has come back.
if [ $# = 0 ]; then
	for case in thin quota inodes read-only gone; do
		mkdir -p "${TEST_TMP:?}/$case"
		TEST_TMP=$TEST_TMP/$case "$0" "$case" || exit
		echo "ok: $case"
	done
	exit
fi
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"
AT_SYSCALL=$INITFS_BUILD/tests/lib/at-syscall
var=$root/var
saved=$TEST_TMP/saved

# in_view: what programs have written, and what they write now, is there by its path
lines=0
in_view() {
	lines=$((lines + 1))
	printf 'line %d\n' "$lines" >&7
	expect "$(printf 'old\n' && seq -f 'line %g' "$lines")" cat "$var/log/messages"
	cmp "$saved" "$var/spool/much" || fail "the large file has changed"
	[ ! -e "$var/link-a" ] || fail "a file that was removed is back"
}

# merge_fails CODE TEXT COMMAND...: it says why, and the layer stays
merge_fails() {
	local want=$1 text=$2 code=0
	shift 2
	"$@" initfs-merge --now -- "$root" 2>"$TEST_TMP/said" || code=$?
	[ "$code" = "$want" ] || fail "exit $code, not $want: $(cat "$TEST_TMP/said")"
	grep -q "$text" "$TEST_TMP/said" || fail "it says: $(cat "$TEST_TMP/said")"
	grep -q " merge\..*$text" "$state/timeline" || fail "the timeline does not say '$text'"
	[ -e "$state/layers" ] || fail "the layer is gone"
	in_view
}

merges() { # CHECK...
	initfs-merge --now -- "$root" || fail "it does not end well when the cause is gone"
	[ ! -e "$state/layers" ] || fail "the layer is there"
	in_view
	[ ! -e "$root/.initfs-staging" ] || fail "staging is left"
	exec 7>&-
	until_true 20 nothing_of_ours "$root" || fail "left: $(ours "$root")"
	until_true 20 umount -R "$root" || fail "the root is busy" # initfs-hold ends with its last program
	"$@" "$loop" >"$TEST_TMP/fsck" 2>&1 || fail "$(cat "$TEST_TMP/fsck")"
}

up() {
	scene_up /var
	head -c 12M /dev/urandom >"$saved"
	cp "$saved" "$var/spool/much"
	rm "$var/link-a"
	for name in {1..30}; do
		echo "$name" >"$var/spool/$name"
	done
	exec 7>>"$var/log/messages"
	in_view
	mount -o remount,rw "$root"
}

case $1 in
thin)
	rm -f "$image"
	image=$TEST_TMP/thin/image
	mkdir "$TEST_TMP/thin"
	mount -t tmpfs -o size=400m thin "$TEST_TMP/thin"
	# XFS, whose log has its room: what else finds none is tried again by the kernel until it does.
	SCENE_FS=xfs IMAGE_SIZE=320M scene_make /var
	up
	sync -f "$root"
	mount -o "remount,size=$(($(stat -c %b "$image") / 2 + 3000))k" "$TEST_TMP/thin"
	# Which of the two the loop device hands on is the kernel's choice.
	merge_fails 1 "\(Input/output error\|No space left on device\)"
	mount -o remount,size=400m "$TEST_TMP/thin"
	merges xfs_repair -n
	;;
quota)
	SCENE_FS=btrfs IMAGE_SIZE=320M scene_make /var
	up
	btrfs quota enable "$root"
	btrfs quota rescan -w "$root" >/dev/null
	btrfs qgroup limit 8M 0/5 "$root"
	merge_fails 1 "Disk quota exceeded"
	btrfs qgroup limit none 0/5 "$root"
	merges btrfs check --readonly
	;;
inodes)
	scene_make /var
	up
	mkdir "$root/many"
	(cd "$root/many" && seq 20000 | xargs touch 2>/dev/null) && fail "there are too many inodes"
	merge_fails 3 "names, of [0-9]* inodes free"
	rm -r "$root/many"
	merges e2fsck -f -n
	;;
read-only)
	scene_make /var
	up
	# Two of its renames only try whether the file system can.
	cat >"$TEST_TMP/remount" <<-EOF
		echo >>'$TEST_TMP/count'
		[ "\$(wc -l <'$TEST_TMP/count')" != 12 ] || mount -o remount,ro '$root'
	EOF
	merge_fails 1 "Read-only file system" "$AT_SYSCALL" "--before=renameat2=sh '$TEST_TMP/remount'"
	[ "$(wc -l <"$TEST_TMP/count")" = 12 ] || fail "it was not in the middle: $(wc -l <"$TEST_TMP/count")"
	merge_fails 3 "Read-only file system"
	mount -o remount,rw "$root"
	merges e2fsck -f -n
	;;
gone)
	scene_make /var
	up
	xfs_io -x -c "shutdown -f" "$root" || fail "the device does not vanish"
	code=0
	initfs-merge --now -- "$root" 2>"$TEST_TMP/said" || code=$?
	case $code in 1 | 3) ;; *) fail "exit $code: $(cat "$TEST_TMP/said")" ;; esac
	grep -Eq "Input/output error|Read-only file system" "$TEST_TMP/said" || fail "$(cat "$TEST_TMP/said")"
	in_view
	# As somebody would who sees that: the RAM is there, and the disk can be had again.
	cp -a "$state/ram/0/upper" "$TEST_TMP/upper"
	exec 7>&-
	initfs-hold --undo -- "$root"
	umount -R -l "$root"
	e2fsck -f -p "$loop" >/dev/null || [ $? = 1 ] || fail "the disk is broken"
	until_true 20 mount "$loop" "$root" || fail "the disk cannot be had again"
	initfs-merge --upper="$TEST_TMP/upper" --lower="$var" || fail "it is not saved"
	expect "$(printf 'old\nline 1\nline 2')" cat "$var/log/messages"
	cmp "$saved" "$var/spool/much" || fail "the large file is not saved"
	[ ! -e "$var/link-a" ] || fail "a file that was removed is back"
	;;
esac
