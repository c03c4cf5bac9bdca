#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot: lay the RAM layers over directories of $NEWROOT and the live view over those, while
# nothing runs from it yet.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh

initfs_call_overlay() (
    size=$(initfs_setting size)
    dirs=$(initfs_setting overlay)
    set -f # a directory is not a pattern; in a subshell, because the shell is init's
    IFS=,
    # shellcheck disable=SC2086 # split at the commas
    set -- $dirs
    unset IFS
    initfs_run initfs-overlay --size="$size" -- "$NEWROOT" "$@"
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
