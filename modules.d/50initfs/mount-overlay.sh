#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot: lay the RAM layers over directories of $NEWROOT and the live view over those, while
# nothing runs from it yet.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh
type initfs_open_volumes > /dev/null 2>&1 || . /lib/initfs-volumes.sh

# initfs_has_own DIR...: true if the root's fstab gives one of them a file system of its own.
initfs_has_own() {
    local source target dir
    [ -f "$NEWROOT/etc/fstab" ] || return 1
    while read -r source target _ || [ -n "$source" ]; do
        case "$source" in "" | \#*) continue ;; esac
        for dir; do
            [ "${target%/}" = "$dir" ] && return 0
        done
    done < "$NEWROOT/etc/fstab"
    return 1
}

# Sets initfs_value to the directories in those DIRs that early programs need, and that the fstab mounts a file
# system of their own at: each gets a view of its own in the view of the DIR. A blank in a name is \040 there.
initfs_inner() {
    local source target dir
    initfs_value=""
    [ -f "$NEWROOT/etc/fstab" ] || return 0
    while read -r source target _ || [ -n "$source" ]; do
        case "$source" in "" | \#*) continue ;; esac
        for dir; do
            case "${target%/}" in
                "$dir/log" | "$dir/lib" | "$dir/cache") initfs_value="$initfs_value ${target%/}" ;;
            esac
        done
    done < "$NEWROOT/etc/fstab"
}

# Such a file system is shown through a read-only loop device. udev must not take that for the device
# itself: /dev/disk/by-uuid would lead init's mount to it. The merge removes the rule.
initfs_prepare_own() {
    local rules="${PREFIX-}/run/udev/rules.d"
    modprobe -q loop
    mkdir -p -- "$rules" && printf '%s\n' "$initfs_loop_rule" > "$rules/10-initfs.rules" || return 1
    udevadm control --reload
    udevadm settle --timeout=10 # its disk may be slower than the root's
    return 0
}
initfs_loop_rule='SUBSYSTEM=="block", KERNEL=="loop*", ATTR{loop/backing_file}=="*/dev/*", ENV{UDEV_DISABLE_PERSISTENT_STORAGE_RULES_FLAG}="1"'

# What was not unmounted cleanly is checked first, then shown: by the root's own fsck, as init would do a
# moment later. What that does not mend, initfs-overlay refuses.
initfs_check_own() {
    local dir
    getargbool 0 fastboot && return 0
    initfs_run initfs-overlay --unclean -- "$NEWROOT" "$@" > "${PREFIX-}/tmp/initfs.unclean" || return 0
    while read -r dir; do
        initfs_mark boot.check dir "$dir"
        initfs_run_for 120 chroot "$NEWROOT" fsck -a -T "$dir" > /dev/null
    done < "${PREFIX-}/tmp/initfs.unclean"
    return 0
}

initfs_call_overlay() (
    initfs_setting size
    size="$initfs_value"
    initfs_setting merge
    merge="$initfs_value"
    initfs_setting overlay
    set -f # a directory is not a pattern; in a subshell, because the shell is init's
    IFS=,
    # shellcheck disable=SC2086 # split at the commas
    set -- $initfs_value
    unset IFS
    own=""
    # Only with somebody who puts it beneath the view when init mounts it.
    if [ "$merge" = auto ]; then
        initfs_inner "$@"
        # shellcheck disable=SC2086 # these names have no blanks
        set -- "$@" $initfs_value
        if initfs_has_own "$@" && initfs_prepare_own; then
            own=--own
            initfs_open_volumes "$@"
            initfs_check_own "$@"
        fi
    fi
    initfs_run initfs-overlay ${own:+"$own"} --size="$size" -- "$NEWROOT" "$@"
)

initfs_mount_overlay() {
    local status=0
    initfs_is_on || return 0
    [ -e "$NEWROOT/run/initfs/layers" ] && return 0
    initfs_name_conf

    if ! initfs_bind; then
        initfs_fail "$(initfs_why 1 mount)"
        return 0
    fi
    initfs_call_overlay || status=$?
    if [ "$status" -ne 0 ]; then
        initfs_fail "$(initfs_why "$status" initfs-overlay)"
        return 0
    fi
    initfs_run initfs-hold -- "$NEWROOT" || status=$?
    if [ "$status" -ne 0 ]; then
        initfs_fail "$(initfs_why "$status" initfs-hold)"
        return 0
    fi
}

initfs_mount_overlay
