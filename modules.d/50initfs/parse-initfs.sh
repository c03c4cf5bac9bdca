#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cmdline: reads rd.initfs and rd.initfs.*, says what cannot be, and turns us on where the kernel and
# the initramfs have all that it takes. Here a refusal costs nothing: dracut has done nothing yet.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh

# Prints what stands in the way, or nothing.
initfs_obstacle() {
    local name
    if [ -n "${DRACUT_SYSTEMD-}" ]; then
        printf 'this initramfs runs systemd, which has mounted the root by itself'
        return 0
    fi
    for name in initfs-overlay initfs-hold initfs-merge initfs-supervise timeout chroot; do
        command -v "$name" > /dev/null && continue
        printf '%s is missing from the initramfs' "$name"
        return 0
    done
    for name in overlay fuse; do
        initfs_has_fs "$name" && continue
        printf 'the kernel has no %s' "$name"
        return 0
    done
}

# True if the kernel knows that file system, built in or as a module that can be loaded now.
initfs_has_fs() {
    local line
    modprobe -q "$1" 2> /dev/null # built in, loaded, blacklisted, missing: the list below decides
    while read -r line; do
        [ "${line##*[[:space:]]}" = "$1" ] && return 0
    done < "${PREFIX-}/proc/filesystems"
    return 1
}

# Whatever the command line and the root's fstab say, dracut leaves the root ro: what is laid over it
# must not change below, and the fsck wants it so. The last of these flags counts.
initfs_keep_ro() {
    rflags="${rflags:+$rflags,}ro"
}

initfs_parse() {
    local why
    getargbool 0 rd.initfs || return 0
    initfs_is_on && return 0
    initfs_mark boot.begin
    initfs_name_cmdline
    why=$(initfs_obstacle)
    if [ -n "$why" ]; then
        initfs_refuse "$why"
        return 0
    fi
    initfs_turn_on || {
        initfs_refuse "/$initfs_marker cannot be written"
        return 0
    }
    initfs_keep_ro
}

initfs_parse
