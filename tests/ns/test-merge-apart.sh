#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the file system of /var/log could not be seen before init mounted it, nothing on it is overwritten: logs
# are joined in the order of time, all else is kept beside, and programs go on with their own. Killed in between,
# with names on the disk already, the merge ends the same; each name is its old or its new self.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

own_image=$(mktemp /dev/shm/initfs-own.XXXXXX)
device=
apart_end() {
	local status=$?
	umount -R -l "$root" 2>/dev/null || true
	[ -z "$device" ] || losetup -d "$device" 2>/dev/null || true
	rm -f "$own_image" "$own_image.cut"
	(exit "$status")
	scene_end
}
trap apart_end EXIT

has() { # TEXT: the timeline has it
	grep -q -- "$1" "$state/timeline"
}

own_attach() {
	device=$(losetup -f --show "$own_image")
}

stamp() { # SECONDS: now and as many seconds, as syslog writes it
	LC_ALL=C date -d "now $1 seconds" '+%b %e %T'
}

# --- the disk, as an earlier boot has left it
old_1="$(stamp -7200) host old: one" old_2="$(stamp -3600) host old: two"
later="$(stamp +3000) host old: the clock was wrong then"
scene_make /var /tmp
mount -o remount,rw "$loop" "$root"
rm -rf "${root:?}/var/log"
mkdir -p "$root/var/log" "$root/etc"
chmod 750 "$root/var/log"
printf '%s\n' "/dev/root / ext4 defaults 0 1" "LABEL=initfs-test-nowhere /var/log ext4 defaults 0 2" >"$root/etc/fstab"
mount -o remount,ro "$loop" "$root"
truncate -s 64M "$own_image"
mkfs.ext4 -q "$own_image"
until_true 5 own_attach || fail "no loop device"
there=$TEST_TMP/there
mkdir "$there"
mount "$device" "$there"
chmod 2775 "$there"
chown 0:4 "$there"
mkdir "$there/apt" "$there/service"
chmod 700 "$there/service"
{
	printf '%s\n' "$old_1" "$old_2"
	printf 'half a line'
} >"$there/syslog"
chmod 640 "$there/syslog"
chown 0:4 "$there/syslog"
setfattr -n user.kept -v yes "$there/syslog"
printf '%s\n' "$old_1" "$later" >"$there/skewed"
printf '%s\n' "$old_1" >"$there/by-position"
head -c 1000 /dev/zero >"$there/wtmp"
printf 'the same\n' >"$there/same"
ln -s nowhere "$there/link"
printf 'not a directory\n' >"$there/changed"
printf '%s\n' "$old_2" >"$there/service/out"
printf 'apt\n' >"$there/apt/history"
printf 'an older one\n' >"$there/wtmp.initfs-early"
umount "$there"

# --- early: nothing of that is seen
initfs-overlay --own --size=64M -- "$root" /var/log /tmp || fail "no overlays"
expect unseen head -n 1 "$state/own/0.device"
initfs-hold -- "$root" || fail "no views"
log=$root/var/log
expect "" ls -A "$log"
expect 750 stat -c %a "$log"
new_1="$(stamp +0) host early: one" new_2="$(stamp +1) host early: two"
printf '%s\n' "$new_1" >"$log/syslog"
printf '%s\n' "$new_1" "$new_2" >"$log/skewed"
printf '%s\n' "$new_1" >"$log/by-position"
printf 'binary\0' >"$log/wtmp"
printf 'the same\n' >"$log/same"
ln -s elsewhere "$log/link"
mkdir -m 755 "$log/changed" "$log/service" "$log/fresh"
printf 'inside\n' >"$log/changed/inside"
printf '%s\n' "$new_1" >"$log/service/out"
printf 'fresh\n' >"$log/fresh/file"
printf 'only early\n' >"$log/only-early"
printf 'removed\n' >"$log/removed"
rm "$log/removed"
exec 6>>"$log/syslog" 7<>"$log/by-position" 8>>"$log/service/out" 9>>"$log/wtmp"
cd "$log/service" || fail "it is not there"

check_end() { # LINE...: what was written after the merge
	local last
	last=$(printf '%s\n' "$@")
	expect "$(printf '%s\n' "$old_1" "$old_2" "half a line" "$new_1")${last:+
$last}" cat "$log/syslog"
	expect "640 0 4" stat -c "%a %u %g" "$log/syslog"
	expect yes getfattr --absolute-names --only-values -n user.kept "$log/syslog"
	expect "$(printf '%s\n' "$old_1" "$new_1" "$new_2" "$later")" cat "$log/skewed"
	expect "$old_1" cat "$log/by-position"
	expect 1000 stat -c %s "$log/wtmp"
	expect "an older one" cat "$log/wtmp.initfs-early"
	expect "binarymore" sh -c "tr -d '\\0' <$log/wtmp.initfs-early.1"
	expect nowhere readlink "$log/link"
	expect elsewhere readlink "$log/link.initfs-early"
	expect "not a directory" cat "$log/changed"
	expect inside cat "$log/changed.initfs-early/inside"
	expect "the same" cat "$log/same"
	expect fresh cat "$log/fresh/file"
	expect "only early" cat "$log/only-early"
	expect apt cat "$log/apt/history"
	expect "2775 0 4" stat -c "%a %u %g" "$log"
	expect 2700 stat -c %a "$log/service"
	expect "apt
by-position
by-position.initfs-early
changed
changed.initfs-early
fresh
initfs
link
link.initfs-early
lost+found
only-early
same
service
skewed
syslog
wtmp
wtmp.initfs-early
wtmp.initfs-early.1" ls "$log"
}

# --- init mounts it; the merge is killed at that rename, and the power cut there as well. The shell that does it
# must have nothing open in the view: at its end it would wait for the seal's.
mount "$device" "$log"
mount -o remount,rw "$loop" "$root"
# Each name on the disk as it is now is its old or its new self.
cut() {
	local name
	sync -f "$state/own/0.target/var/log"
	cp "$own_image" "$own_image.cut"
	e2fsck -f -y "$own_image.cut" >"$TEST_TMP/fsck" 2>&1 || [ $? = 1 ] || fail "$(cat "$TEST_TMP/fsck")"
	mount -o loop "$own_image.cut" "$there"
	for name in syslog skewed by-position same link service/out; do
		case $name:$(cat "$there/$name" 2>/dev/null || readlink "$there/$name") in
		"syslog:$(printf '%s\n' "$old_1" "$old_2" "half a line")") ;;
		"syslog:$(printf '%s\n' "$old_1" "$old_2" "half a line" "$new_1")") joined=yes ;;
		"skewed:$(printf '%s\n' "$old_1" "$later")") ;;
		"skewed:$(printf '%s\n' "$old_1" "$new_1" "$new_2" "$later")") joined=yes ;;
		"by-position:$old_1" | "same:the same" | link:nowhere) ;;
		"service/out:$old_2") ;;
		"service/out:$(printf '%s\n' "$old_2" "$new_1")") joined=yes ;;
		*) fail "after the cut $name is $(cat "$there/$name")" ;;
		esac
	done
	umount "$there"
}

joined=
points=0
# shellcheck disable=SC2016 # for the shell at the rename
at_rename='count=$(($(cat count) + 1)); echo $count >count; [ $count -lt $POINT ] || kill -9 $(cat "$PID")'
for point in 3 4 5 6 7 8 9 10 11 12; do
	status=0
	echo 0 >"$TEST_TMP/count"
	(cd "$TEST_TMP" && exec 6>&- 7>&- 8>&- 9>&- && POINT=$point PID=$state/merge.pid exec "$INITFS_BUILD/tests/lib/at-syscall" \
		--before=renameat2="$at_rename" initfs-merge --now -- "$root") >"$TEST_TMP/said" 2>&1 || status=$?
	[ "$status" != 0 ] || break
	[ "$status" = 137 ] || fail "at rename $point: $status $(cat "$TEST_TMP/said")"
	points=$((points + 1))
	expect "$new_1" cat "$log/syslog"
	cut
done
[ "$joined" = yes ] || fail "at none of $points points a log was joined already"

# --- a merge that ends; programs go on in their own files
if [ -e "$state/layers" ]; then
	initfs-merge --now -- "$root" || fail "it is not merged"
fi
echo "after" >&6
printf 'AFTER' >&7
echo "out after" >&8
printf 'more' >&9
printf 'made here\n' >relative
cd /
check_end after
expect "made here" cat "$log/service/relative"
expect "AFTER" head -c 5 "$log/by-position.initfs-early"
expect "$(printf '%s\n' "$old_2" "$new_1" "out after")" cat "$log/service/out"
has "merge.joined name=/var/log/syslog" || fail "the timeline does not tell what was joined"
has "merge.apart name=/var/log/link as=link.initfs-early" || fail "the timeline does not tell what was kept"
exec 6>&- 7>&- 8>&- 9>&-
until_true 20 nothing_of_ours "$root/var" || fail "left: $(ours "$root/var")"
[ ! -e "$state/own" ] || fail "left: $(find "$state/own")"
until_true 20 umount "$log" || fail "/var/log is busy"
e2fsck -f -n "$device" >"$TEST_TMP/fsck" 2>&1 || fail "$(cat "$TEST_TMP/fsck")"
echo "killed at $points renames"
