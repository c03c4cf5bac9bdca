#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot: lay the RAM layers over directories of $NEWROOT and the live view over those, while
# nothing runs from it yet.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh
# shellcheck source=modules.d/50initfs/initfs-undo.sh
type initfs_undo > /dev/null 2>&1 || . /lib/initfs-undo.sh
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

# True if the root's init may mount a tmpfs on /tmp without a line in fstab: Debian's initscripts, by RAMTMP=yes.
initfs_has_ramtmp() {
    local file line
    [ -e "$NEWROOT/lib/init/tmpfs.sh" ] && ! initfs_has_own /tmp && [ ! -L "$NEWROOT/tmp" ] || return 1
    for file in "$NEWROOT/etc/default/tmpfs" "$NEWROOT/etc/default/rcS"; do
        [ -f "$file" ] || continue
        while read -r line || [ -n "$line" ]; do
            case "$line" in \#*) ;; *RAMTMP=*) return 0 ;; esac
        done < "$file"
    done
    return 1
}

# It would find a view there, take that for its tmpfs, and /tmp would go to the disk. So its tmpfs comes now, by its
# own functions. What is in RAM for good needs no layer: early programs are where they will stay.
# True if it is there.
initfs_mount_ramtmp() {
    local status=0 target type
    initfs_has_ramtmp || return 1
    initfs_run chroot "$NEWROOT" /usr/lib/initfs/ramtmp > /dev/null || status=$?
    [ "$status" -eq 0 ] || initfs_say "/tmp gets no tmpfs early: $(initfs_why "$status" ramtmp)"
    while read -r _ target type _; do
        [ "$type:$target" = "tmpfs:$NEWROOT/tmp" ] || continue
        printf '' > "${PREFIX-}/$initfs_ramtmp"
        initfs_mark boot.ramtmp
        return 0
    done < "${PREFIX-}/proc/mounts"
    return 1
}

# Sets initfs_value to the directories to protect, with commas between them.
initfs_protected() {
    initfs_setting overlay
    case ",$initfs_value," in *,/tmp,*) ;; *) return 0 ;; esac
    initfs_mount_ramtmp || return 0
    initfs_setting overlay # others have set it
    initfs_value=",$initfs_value,"
    while :; do
        case "$initfs_value" in *,/tmp,*) ;; *) break ;; esac
        initfs_value="${initfs_value%%,/tmp,*},${initfs_value#*,/tmp,}"
    done
    initfs_value="${initfs_value#,}"
    initfs_value="${initfs_value%,}"
}

initfs_call_overlay() (
    initfs_setting size
    size="$initfs_value"
    initfs_setting merge
    merge="$initfs_value"
    initfs_protected
    if [ -z "$initfs_value" ]; then
        printf '/tmp is a tmpfs of the root, and nothing else is protected\n' > "${PREFIX-}/$initfs_errors"
        return 3
    fi
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
