#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot, directly after mount-overlay.sh: start what comes early from $NEWROOT, and what ends it all.
# What the screen can do without comes beside initfs-supervise or after it, except where that is said.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh
# shellcheck source=modules.d/50initfs/initfs-undo.sh
type initfs_undo > /dev/null 2>&1 || . /lib/initfs-undo.sh

initfs_protects() {
    local dir
    while read -r _ dir; do
        [ "$dir" = "$1" ] && return 0
    done < "$NEWROOT/run/initfs/layers"
    return 1
}

# True if Debian's own cleaning of /tmp is there, and is one that leaves alone a directory with the
# file .tmpfs in it. Without that it would walk into /run and through it into every layer.
initfs_can_clean() {
    local line
    [ -f "$NEWROOT/lib/init/bootclean.sh" ] || return 1
    while read -r line || [ -n "$line" ]; do
        # shellcheck disable=SC2016 # that is how it stands there
        case "$line" in *'"$dir/.tmpfs"'*return*) return 0 ;; esac
    done < "$NEWROOT/lib/init/bootclean.sh"
    return 1
}

# rcS cleans /tmp as soon as the root is rw, and would take the X server's socket with it. So its own
# script does that now, into the RAM layer, and /tmp/.tmpfs tells it later that /tmp needs no cleaning,
# as Debian does for a /tmp in RAM; its bootmisc.sh removes the file. /run gets the same mark before,
# as mount_run will give it anyway.
initfs_clean() {
    local status=0
    initfs_errors=tmp/initfs.cleaning # the hook calls others meanwhile
    initfs_can_clean || return 0
    [ -d "$NEWROOT/run/lock" ] || mkdir -p -- "$NEWROOT/run/lock"
    printf '' > "$NEWROOT/run/.tmpfs" && printf '' > "$NEWROOT/run/lock/.tmpfs" || return 0
    [ ! -d "$NEWROOT/run/shm" ] || printf '' > "$NEWROOT/run/shm/.tmpfs" || return 0
    initfs_run chroot "$NEWROOT" /etc/init.d/checkroot-bootclean.sh start > /dev/null || status=$?
    [ -e "$NEWROOT/$initfs_cleaning" ] || return 0 # undone meanwhile
    case "$status" in
        # 1: it could not clean something, usually a /run/shm that is not there yet.
        0 | 1) printf '' > "$NEWROOT/tmp/.tmpfs" ;;
        *) initfs_say "/tmp is not cleaned early: $(initfs_why "$status" checkroot-bootclean.sh)" ;;
    esac
}

# Beside all that does not need /tmp: finish-early.sh waits for its end.
initfs_clean_tmp() {
    initfs_protects /tmp && [ -x "$NEWROOT/etc/init.d/checkroot-bootclean.sh" ] || return 0
    printf '' > "$NEWROOT/$initfs_cleaning" || return 0
    {
        initfs_clean
        rm -f -- "$NEWROOT/$initfs_cleaning"
    } &
    initfs_cleaner=$!
}

# The X server's cookie is kept under the machine's name: a screen that was started before rcS gives
# the name lets nobody in afterwards. So the name is given now; rcS gives the same.
initfs_set_hostname() {
    local name=""
    [ -f "$NEWROOT/etc/hostname" ] && read -r name < "$NEWROOT/etc/hostname"
    [ -z "$name" ] || printf '%s' "$name" > "${PREFIX-}/proc/sys/kernel/hostname"
}

# Sets alias to what a device asks for if it has no driver and is a screen, a keyboard or a pointer.
initfs_driver_wanted() {
    local class=""
    alias=""
    [ -e "$1/modalias" ] && [ ! -e "$1/driver" ] || return 1
    read -r alias < "$1/modalias"
    case "$alias" in
        pci:*) [ -e "$1/class" ] && read -r class < "$1/class" ;;
        usb:*ic03*) class=0x03 ;;                                # interfaces of the class HID
        virtio:d00000010* | virtio:d00000012*) class=0x03 ;;     # its screen, its keyboards
        serio:* | hid:* | acpi:PNP0C50* | acpi:*:PNP0C50*) class=0x03 ;; # the last: HID over I2C
    esac
    case "$class" in 0x03*) ;; *) return 1 ;; esac
}

# initfs_load_drivers BUS...: an initramfs that was made for another machine lacks the drivers of this one's
# screen or keyboard. The root has them, and rcS would load them later.
initfs_load_drivers() {
    local bus device alias list=""
    for bus; do
        for device in "${PREFIX-}/sys/bus/$bus/devices"/*; do
            initfs_driver_wanted "$device" && list="$list $alias"
        done
    done
    case "$list" in *[!\ ]*) ;; *) return 0 ;; esac
    # Each by itself would load and unload modprobe's tables again.
    # shellcheck disable=SC2086 # one word for each; a modalias has no blanks
    (set -f && initfs_run chroot "$NEWROOT" modprobe -q -a -b -- $list)
    return 0 # what it does not know, rcS does not know either
}

# Before the screen, so that a merge that cannot start does not take a screen down again: the layers
# would stay for ever.
initfs_start_merge() {
    [ -e "$NEWROOT/run/initfs/merge.pid" ] && return 0
    set -- --wait
    initfs_setting merge
    case "$initfs_value" in
        discard) return 0 ;;
        manual) set -- "$@" --manual ;;
    esac
    initfs_setting verify
    [ "$initfs_value" = off ] || set -- "$@" --verify
    initfs_run initfs-merge "$@" -- "$NEWROOT"
}

# What a boot has left that could not write to its disk comes back before the syslog of this one opens
# its files. Where nobody has made a reserve, there is nothing to do.
initfs_start_keep() {
    local status=0
    [ -e "$NEWROOT/var/lib/initfs/reserve" ] || return 0
    [ -e "$NEWROOT/run/initfs/keep.pid" ] && return 0
    initfs_run initfs-keep -- "$NEWROOT" || status=$?
    [ "$status" -eq 0 ] || initfs_say "the log is not kept: $(initfs_why "$status" initfs-keep)"
}

initfs_has_syslog() {
    local name
    for name in rsyslogd syslog-ng syslogd metalog; do
        [ -x "$NEWROOT/usr/sbin/$name" ] || [ -x "$NEWROOT/sbin/$name" ] || [ -x "$NEWROOT/usr/bin/$name" ] && return 0
    done
    return 1
}

# A root without any syslog daemon gets the one that the initramfs carries. On a file system of its own:
# that of /run lets nothing be executed, and the initramfs is gone afterwards.
initfs_carry_syslog() {
    local busybox="${PREFIX-}/usr/lib/initfs/busybox" dir="$NEWROOT/run/initfs/carried" status=0
    initfs_setting syslog
    [ -x "$busybox" ] && [ "$initfs_value" != off ] || return 0
    [ ! -e "$dir" ] && ! initfs_has_syslog || return 0
    mkdir -p -- "$dir" && initfs_run mount -t tmpfs -o nosuid,nodev,mode=755,size=8m initfs "$dir" || return 0
    cp -- "$busybox" "$dir/busybox"
    initfs_run chroot "$NEWROOT" /run/initfs/carried/busybox true || status=$?
    [ "$status" -ne 0 ] || return 0
    initfs_say "no syslog is carried: $(initfs_why "$status" busybox)"
    rm -f -- "$dir/busybox"
    umount "$dir"
    rmdir -- "$dir"
}

# True if the root has a script that checks disks, and the filter will be there, which can hold it. Should it
# not come after all, nothing is held.
initfs_holds_check() {
    local script
    initfs_setting rc
    [ "$initfs_value" = on ] || return 1
    for script in init.d/checkroot.sh init.d/checkroot init.d/checkfs rc.d/init.d/checkfs; do
        [ ! -e "$NEWROOT/etc/$script" ] || return 0
    done
    return 1
}

# With pace=share the screen comes first for the processors, where the kernel can do that, and the boot goes
# on beside it, up to the check of the disk. Who records what the screen reads wants nobody else to read anything.
initfs_shares() {
    initfs_setting pace
    case "$initfs_value" in *share*) ;; *) return 1 ;; esac
    initfs_setting readahead
    [ "$initfs_value" != record ] && initfs_holds_check
}

initfs_start_supervise() {
    local key
    set --
    for key in syslog gui recovery; do
        initfs_setting "$key"
        set -- "$@" "--$key=$initfs_value"
    done
    if initfs_shares; then
        initfs_setting screen
        set -- "$@" "--share=$initfs_value"
    fi
    initfs_run initfs-supervise "$@" -- "$NEWROOT"
}

initfs_start_early() {
    local status=0
    initfs_is_on && [ -e "$NEWROOT/run/initfs/layers" ] || return 0
    [ -e "$NEWROOT/run/initfs/supervise.pid" ] && return 0

    initfs_set_hostname
    initfs_clean_tmp
    initfs_start_merge || status=$?
    if [ "$status" -ne 0 ]; then
        initfs_fail "$(initfs_why "$status" initfs-merge)"
        return 0
    fi
    initfs_start_keep
    initfs_carry_syslog
    # A screen that began on the firmware's picture would lose it to its driver.
    initfs_load_drivers pci virtio
    initfs_start_supervise || status=$?
    if [ "$status" -ne 0 ]; then
        initfs_fail "$(initfs_why "$status" initfs-supervise)"
        return 0
    fi
    # A running X server takes a keyboard that comes.
    initfs_load_drivers usb serio hid i2c
}

initfs_start_early
