#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cmdline hook turns initfs on only where all is there, names every mistake, and else does nothing.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

absent() (
    pretended "root=/dev/vda ro quiet $1"
    run_hook parse-initfs
    expect_off
    expect_console 0
    [ ! -s "$calls" ] || fail "something was called"
    [ ! -e "$PREFIX/run/initfs" ] || fail "a file of ours in /run"
    [ -z "$rflags" ] || fail "rflags is touched"
    finish
)

on() (
    pretended "root=/dev/vda $1"
    rflags="$2"
    run_hook parse-initfs
    run_hook parse-initfs # a hook may run twice
    expect_on
    expect_console 0
    [ "$rflags" = "$3" ] || fail "rflags is $rflags"
    [ "$(cat "$PREFIX/$initfs_marker")" = "rd.skipfsck ro" ] || fail "dracut is not told to leave the fsck"
    expect_event boot.begin
    [ "$(wc -l < "$PREFIX/run/initfs/timeline")" -eq 1 ] || fail "not one event"
    finish
)

# A malformed value is named with what is allowed, and never stops the boot.
named() (
    pretended "rd.initfs $1"
    shift
    run_hook parse-initfs
    expect_on
    expect_console 1 "$@"
    finish
)

fine() (
    pretended "rd.initfs $1"
    run_hook parse-initfs
    expect_on
    expect_console 0
    finish
)

missing() (
    pretended "rd.initfs"
    rm "$scene/bin/$1"
    # Nothing but the pretended commands, and what the hook itself needs.
    for name in mkdir rm printf; do ln -s "$(command -v "$name")" "$scene/bin/$name"; done
    PATH="$scene/bin"
    run_hook parse-initfs
    PATH="$scene/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    expect_stock "$1 is missing from the initramfs"
    [ -z "$rflags" ] || fail "rflags is touched"
    finish
)

no_kernel() (
    pretended "rd.initfs"
    printf '%s\n' "$2" > "$PREFIX/proc/filesystems"
    run_hook parse-initfs
    expect_call "modprobe -q $1"
    expect_stock "the kernel has no $1"
    finish
)

systemd() (
    pretended "rd.initfs"
    DRACUT_SYSTEMD=1
    run_hook parse-initfs
    expect_stock "runs systemd"
    finish
)

for words in "" rd.initfs=0 rd.initfs=off "rd.initfs rd.initfs=no" rd.initfs.size=1g noinitfs; do
    check absent "$words"
done
check on rd.initfs "" ro
check on rd.initfs=1 rw rw,ro
check on "rd.initfs=0 rw rd.initfs" data=ordered,rw data=ordered,rw,ro

check named rd.initfs.size=banana rd.initfs.size=banana "512m" "default: 50%"
for size in 0 "" 0% 101% 5x 50%% -1 1.5g 99999999999999; do
    check named "rd.initfs.size=$size" "rd.initfs.size=$size is ignored"
done
for paths in var /var,tmp /var/ //var /var/../etc /var,,/tmp ./var "" /var/.; do
    check named "rd.initfs.overlay=$paths" "rd.initfs.overlay=$paths is ignored" "default: /var,/tmp"
done
check named rd.initfs.gui=a/b "rd.initfs.gui=a/b is ignored" "early.d"
check named rd.initfs.syslog= "rd.initfs.syslog= is ignored"
check named rd.initfs.merge=later "rd.initfs.merge=later is ignored" "auto, manual or discard"
check fine rd.initfs.merge=discard
check named rd.initfs.colour=red "rd.initfs.colour is not known"
check named rd.initfs.size "rd.initfs.size= is ignored"
check named rd.initfs.pace=gui,share "rd.initfs.pace=gui,share is ignored"
check named rd.initfs.pace=gdm "rd.initfs.pace=gdm is ignored" "gui, share, io, gui,io, share,io or off"
check named rd.initfs.readahead=yes "rd.initfs.readahead=yes is ignored" "on, off or record"
check named rd.initfs.rc=yes "rd.initfs.rc=yes is ignored: it has to be on or off"
check named rd.initfs.net=soon "rd.initfs.net=soon is ignored: it has to be seconds, 0 to 3600"
check named rd.initfs.net=3601 "rd.initfs.net=3601 is ignored"
check named rd.initfs.net=,route "rd.initfs.net=,route is ignored"
check named rd.initfs.net=5,routes "rd.initfs.net=5,routes is ignored"
for seconds in 0 030 09 -5 1.5 10s soon "" 3601 30,route; do
    check named "rd.initfs.screen=$seconds" "rd.initfs.screen=$seconds is ignored: it has to be whole seconds, 1 to 3600 (default: 30)"
done
check named rd.initfs.verify=all "rd.initfs.verify=all is ignored: it has to be on or off"
for word in pace=io pace=gui,io pace=share pace=share,io pace=io,share net=5,route rc=on rc=off verify=on verify=off net=0 net=3600 screen=1 screen=30 screen=3600; do check fine "rd.initfs.$word"; done

for size in 1 50% 100% 512m 2G 1t 4096k; do check fine "rd.initfs.size=$size"; done
for paths in /var /var,/tmp /a/b.c/d-e,/f / /.x; do check fine "rd.initfs.overlay=$paths"; done
check fine "rd.initfs.gui=gdm3 rd.initfs.syslog=off rd.initfs.merge=manual rd.initfs.pace=off"

for helper in initfs-overlay initfs-hold initfs-merge initfs-supervise timeout chroot; do
    check missing "$helper"
done
check no_kernel fuse "nodev overlay"
check no_kernel overlay "nodev fuse"
check no_kernel overlay "nodev overlayfs"
check systemd
exit "$status"
