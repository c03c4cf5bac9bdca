#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The early hook starts merge and supervisor with what was asked for, or undoes all that came before.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

off() (
    pretended "rd.initfs"
    turned_on # but no layers
    run_hook start-early
    expect_console 0
    [ ! -s "$calls" ] || fail "something was called"
    finish
)

good() (
    pretended "rd.initfs $1"
    up
    printf 'orion\n' > "$NEWROOT/etc/hostname"
    early
    expect_on
    [ "$(cat "$PREFIX/proc/sys/kernel/hostname")" = orion ] || fail "the machine has no name"
    [ -z "$2" ] || expect_call "initfs-merge $2 -- $NEWROOT"
    [ -n "$2" ] || expect_no_call initfs-merge
    expect_call "initfs-supervise --syslog=$3 --gui=$4 --recovery=auto -- $NEWROOT"
    expect_no_call chroot
    expect_event boot.early-done
    expect_console 0
    : > "$NEWROOT/run/initfs/supervise.pid"
    expect_once start-early
    finish
)

# shared WORDS SCRIPT [OPTION]: init boots beside the screen only where the filter will be there to hold its check
shared() (
    pretended "rd.initfs $1"
    up
    mkdir -p "$NEWROOT/etc/init.d" "$NEWROOT/etc/rc.d/init.d"
    [ -z "$2" ] || : > "$NEWROOT/etc/$2"
    early
    expect_call "initfs-supervise --syslog=auto --gui=auto --recovery=auto ${3:+$3 }-- $NEWROOT"
    expect_event boot.early-done
    finish
)

# What the screen can do without does not stand before it.
order() (
    pretended "rd.initfs"
    with_bootclean "$spares_marked"
    : > "$NEWROOT/etc/init.d/checkroot.sh"
    device pci pci:v00001234d00001111sv 0x038000
    device serio serio:ty06pr00id00ex00
    # The cleaning runs as long as it takes to start all others.
    pretend chroot "case \"\$*\" in *bootclean*) tries=0
until [ -e '$scene/filtered' ] || [ \"\$((tries += 1))\" -gt 500 ]; do sleep 0.02; done ;; esac"
    pretend initfs-keep
    pretend initfs-rcfilter ": > '$scene/filtered'"
    up
    mkdir -p "$NEWROOT/var/lib/initfs"
    : > "$NEWROOT/var/lib/initfs/reserve"
    early
    expect_order initfs-hold initfs-merge initfs-keep "chroot .* pci:" initfs-supervise
    expect_order initfs-supervise "chroot .* serio:" initfs-rcfilter
    expect_order "chroot .*/checkroot-bootclean.sh" initfs-supervise
    expect_call "initfs-supervise --syslog=auto --gui=auto --recovery=auto --share=30 -- $NEWROOT"
    [ -f "$NEWROOT/tmp/.tmpfs" ] || fail "the cleaning was not waited for"
    expect_console 0
    finish
)

# Screens and what a hand touches, each kind in one call.
drivers() (
    pretended "rd.initfs"
    device pci pci:v00001234d00001111sv 0x038000
    device pci pci:v00008086d00001234sv 0x020000
    device usb usb:v046DpC31Cd6400dc00dsc00dp00ic03isc01ip01in00
    device usb usb:v046DpC31Cd6400dc00dsc00dp00ic08isc06ip50in00
    device virtio virtio:d00000012v00001AF4
    device virtio virtio:d00000002v00001AF4
    device serio serio:ty06pr00id00ex00
    device hid hid:b0003g0001v0000046Dp0000C31C
    : > "$PREFIX/sys/bus/hid/devices/8/driver"
    up
    run_hook start-early
    expect_call "chroot $NEWROOT modprobe -q -a -b -- pci:v00001234d00001111sv virtio:d00000012v00001AF4"
    expect_call "chroot $NEWROOT modprobe -q -a -b -- usb:v046DpC31Cd6400dc00dsc00dp00ic03isc01ip01in00 serio:ty06pr00id00ex00"
    expect_call "initfs-supervise --syslog=auto --gui=auto --recovery=auto -- $NEWROOT"
    expect_console 0
    finish
)

# Where they do not load, the screen waits for its device as ever.
drivers_fail() (
    pretended "rd.initfs"
    device serio serio:ty06pr00id00ex00
    pretend chroot "exit 1"
    up
    early
    expect_call "initfs-supervise --syslog=auto --gui=auto --recovery=auto -- $NEWROOT"
    expect_event boot.early-done
    expect_console 0
    finish
)

# With a reserve, the log is kept; one that cannot be kept stops nothing.
kept() (
    pretended "rd.initfs"
    pretend initfs-keep "$1"
    up
    mkdir -p "$NEWROOT/var/lib/initfs"
    printf '' > "$NEWROOT/var/lib/initfs/reserve"
    early
    expect_call "initfs-keep -- $NEWROOT"
    expect_call "initfs-supervise --syslog=auto --gui=auto --recovery=auto -- $NEWROOT"
    expect_console "$2"
    expect_event boot.early-done
    finish
)

# carried NAMES SYSLOG BODY LINES [TEXT]: a root with those daemons, and a busybox that does so
carried() (
    pretended "rd.initfs rd.initfs.syslog=$2"
    up
    mkdir -p "$NEWROOT/usr/sbin" "$PREFIX/usr/lib/initfs"
    for name in $1; do
        printf '' > "$NEWROOT/usr/sbin/$name"
        chmod 755 "$NEWROOT/usr/sbin/$name"
    done
    printf 'the busybox' > "$PREFIX/usr/lib/initfs/busybox"
    chmod 755 "$PREFIX/usr/lib/initfs/busybox"
    pretend chroot "$3"
    early
    dir="$NEWROOT/run/initfs/carried"
    if [ "$1$2" = auto ]; then
        expect_call "mount -t tmpfs -o nosuid,nodev,mode=755,size=8m initfs $dir"
        expect_call "chroot $NEWROOT /run/initfs/carried/busybox true"
    else
        expect_no_call chroot
        [ ! -e "$dir" ] || fail "carried all the same"
    fi
    [ "$4" = 0 ] || expect_call "umount $dir"
    expect_console "$4" ${5:+"$5"}
    expect_call "initfs-supervise --syslog=$2 --gui=auto --recovery=auto -- $NEWROOT"
    expect_event boot.early-done
    finish
)

fails() (
    pretended "rd.initfs"
    with_bootclean "$spares_marked"
    body="$2"
    [ "$body" != hang ] || body="$hang"
    pretend "$1" "case \"\$*\" in *--undo*) ;; *) $body ;; esac"
    printf 'initfs: wait\nfor the disk\n' > "$NEWROOT/etc/nologin"
    up
    cp "$NEWROOT/etc/nologin" "$NEWROOT/run/nologin" # as the supervisor leaves it when killed
    run_hook start-early
    expect_call "initfs-hold --undo -- $NEWROOT"
    expect_call "initfs-overlay --undo -- $NEWROOT"
    for dir in dev proc sys run; do expect_call "umount -l $NEWROOT/$dir"; done
    for file in .tmpfs lock/.tmpfs nologin; do
        [ ! -e "$NEWROOT/run/$file" ] || fail "/run/$file is left behind"
    done
    expect_stock "$3"
    finish
)

# What was done last is undone first.
reversed() (
    pretended "rd.initfs"
    up
    pretend initfs-supervise "for root; do :; done
: > \"\$root/run/initfs/supervise.pid\"
exit 1"
    : > "$NEWROOT/run/initfs/rcfilter.pid" # of a hook that ran before, and runs again
    run_hook start-early
    expect_order "initfs-rcfilter --undo" "initfs-supervise --undo" "initfs-hold --undo" "initfs-overlay --undo" "umount -l"
    expect_stock "initfs-supervise ended with status 1"
    finish
)

# Somebody else's nologin stays, and what runs is stopped before its files go.
stopped() (
    pretended "rd.initfs"
    up
    printf 'closed for maintenance\n' > "$NEWROOT/run/nologin"
    cp "$(command -v sleep)" "$scene/bin/initfs-merge-run"
    "$scene/bin/initfs-merge-run" 1000 &
    pid=$!
    sleep 1000 &
    stranger=$!
    pretend initfs-merge "echo $pid > '$NEWROOT/run/initfs/merge.pid'
echo $stranger > '$NEWROOT/run/initfs/hold.pid'"
    pretend initfs-supervise "exit 1"
    run_hook start-early
    wait "$pid"
    [ $? -eq 143 ] || fail "the merge was not asked to end"
    kill -0 "$stranger" 2> /dev/null || fail "a process that is not ours was killed"
    kill "$stranger"
    [ -e "$NEWROOT/run/nologin" ] || fail "somebody else's nologin is gone"
    expect_stock "initfs-supervise ended with status 1"
    finish
)

check kept 'exit 0' 0
check kept 'echo "initfs-keep: cannot" >&2; exit 1' 1
check carried "" auto 'exit 0' 0
check carried "" auto 'echo "not found" >&2; exit 127' 1 "no syslog is carried: busybox cannot be run"
check carried "" off 'exit 0' 0
check carried rsyslogd auto 'exit 0' 0
check carried syslogd auto 'exit 0' 0
check off
check shared rd.initfs.pace=share init.d/checkroot.sh --share=30
check shared "rd.initfs.pace=io,share rd.initfs.screen=90" rc.d/init.d/checkfs --share=90
check shared rd.initfs.pace=share init.d/checkroot --share=30
check shared rd.initfs.pace=share ""
check shared "rd.initfs.rc=off rd.initfs.pace=share" init.d/checkroot.sh
check shared rd.initfs.pace=gui init.d/checkroot.sh
check shared "" init.d/checkroot.sh --share=30
check shared rd.initfs.screen=0 init.d/checkroot.sh --share=30
check shared "rd.initfs.readahead=record rd.initfs.pace=share" init.d/checkroot.sh
check good "" --wait auto auto
check good "rd.initfs.syslog=off rd.initfs.gui=gdm3 rd.initfs.merge=manual" "--wait --manual" off gdm3
check good "rd.initfs.verify=on" "--wait --verify" auto auto
check good "rd.initfs.merge=discard" "" auto auto
check order
check drivers
check drivers_fail
check fails initfs-merge "exit 1" "initfs-merge ended with status 1"
check fails initfs-merge hang "initfs-merge did not answer in time"
check fails initfs-supervise "echo 'initfs-supervise: no' >&2; exit 1" "initfs: initfs-supervise: no;"
check fails initfs-supervise hang "initfs-supervise did not answer in time"
# shellcheck disable=SC2016 # text for another shell
check fails initfs-supervise 'for root; do :; done; : > "$root/run/initfs/screen-comes"; kill -SEGV $$' \
    "initfs-supervise died of signal 11"
check reversed
check stopped
exit "$status"
