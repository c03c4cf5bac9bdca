#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Functions that take away what the hooks of initfs and their helpers have done; sourcing it does nothing else.
# initfs-lib.sh comes first.
# shellcheck disable=SC2154 # its variables

# initfs_stop NAME: ends the process whose pid file is /run/initfs/NAME.pid, if it still is initfs-*.
initfs_stop() {
    local pid="" tries=0
    initfs_runs "$1" && pid="$initfs_value"
    rm -f -- "$NEWROOT/run/initfs/$1.pid"
    while [ -n "$pid" ] && initfs_is_helper "$pid"; do
        # Asked for two seconds, then made to: a poll with a limit, not a guess.
        case "$tries" in
            0) kill -TERM "$pid" ;;
            20) kill -KILL "$pid" ;;
            40) return 0 ;;
        esac
        sleep 0.1
        tries=$((tries + 1))
    done 2> /dev/null
}

# Prints the pids of the root's own programs. Up to here only we can have started any there.
initfs_guests() {
    local dir comm
    [ "$NEWROOT" -ef / ] && return 0 # never at boot; and then they would be everybody
    for dir in /proc/[0-9]*; do
        [ "$dir/root" -ef "$NEWROOT" ] || continue
        read -r comm < "$dir/comm" || continue
        case "$comm" in initfs-*) ;; *) printf '%s\n' "${dir#/proc/}" ;; esac
    done 2> /dev/null
}

# Ends what a supervisor that hangs or was killed has started: it would go on writing into layers
# that are gone, and its pid files would keep init from starting it on the disk.
initfs_stop_guests() {
    local tries=0 pids pid
    while [ "$tries" -lt 40 ] && pids=$(initfs_guests) && [ -n "$pids" ]; do
        for pid in $pids; do
            case "$tries" in
                0) kill -TERM "$pid" ;;
                20) kill -KILL "$pid" ;;
            esac
        done 2> /dev/null
        sleep 0.1
        tries=$((tries + 1))
    done
}

# Unmounts every view and all that is mounted below our state, newest first, whatever a helper could
# not do: a helper that hangs cannot undo either.
initfs_sweep() {
    local target type list=""
    while read -r _ target type _; do
        case "$type:$target" in
            fuse.initfs-hold:"$NEWROOT"/* | fuse.initfs-rcfilter:"$NEWROOT"/* | *:"$NEWROOT"/run/initfs/*) list="$target $list" ;;
        esac
    done < "${PREFIX-}/proc/mounts"
    for target in $list; do
        umount -l "$(printf '%b' "$(initfs_octal "$target")")"
    done
    rm -f -- "$NEWROOT"/run/initfs/layers "$NEWROOT"/run/initfs/screen-comes "$NEWROOT"/run/initfs/*.sock \
        "$NEWROOT"/run/initfs/*.pid "$NEWROOT"/run/sendsigs.omit.d/initfs-*
    rm -rf -- "${NEWROOT:?}/run/initfs/sockets"
    rm -f -- "$NEWROOT"/run/initfs/own/*.device "$NEWROOT/run/udev/rules.d/10-initfs.rules"
    # rmdir, not rm -r: what could not be unmounted must not be emptied.
    rmdir -- "$NEWROOT"/run/initfs/layer/* "$NEWROOT/run/initfs/layer" \
        "$NEWROOT"/run/initfs/own/* "$NEWROOT/run/initfs/own" \
        "$NEWROOT/run/initfs/carried" "$NEWROOT/run/initfs/ram" 2> /dev/null
}

# The kernel writes \040 for a blank in a path, printf's %b wants \0040.
initfs_octal() {
    local rest="$1" done=""
    while [ "$rest" != "${rest#*\\}" ]; do
        done="$done${rest%%\\*}\\0"
        rest="${rest#*\\}"
    done
    printf '%s%s' "$done" "$rest"
}

# Takes the views over start scripts away, be the helper as broken as it may.
initfs_unfilter_rc() {
    local target type
    [ -e "$NEWROOT/run/initfs/rcfilter.pid" ] && initfs_run_for 10 initfs-rcfilter --undo -- "$NEWROOT"
    initfs_stop rcfilter
    initfs_stop rcfilter-serve
    while read -r _ target type _; do
        [ "$type" = fuse.initfs-rcfilter ] && umount -l "$(printf '%b' "$(initfs_octal "$target")")"
    done < "${PREFIX-}/proc/mounts"
    return 0
}

# Takes away all that these hooks and their helpers have done, in reverse. Each step does nothing
# where there is nothing, so it can be called after any of them.
initfs_undo() {
    local line=""
    initfs_unfilter_rc
    [ -e "$NEWROOT/run/initfs/supervise.pid" ] && initfs_run initfs-supervise --undo -- "$NEWROOT"
    initfs_stop supervise
    # Without it, whoever cleans /tmp says nothing when its script, which is a guest, is ended; and it has ended
    # before the layer goes that it works on.
    rm -f -- "$NEWROOT/$initfs_cleaning"
    initfs_stop_guests
    initfs_end_cleaning
    initfs_stop merge
    initfs_stop keep
    initfs_stop readahead
    [ -e "$NEWROOT/run/initfs/layers" ] && initfs_run_for 5 initfs-hold --undo -- "$NEWROOT"
    initfs_stop hold-guard
    initfs_stop hold
    [ -e "$NEWROOT/run/initfs/ram" ] && initfs_run_for 5 initfs-overlay --undo -- "$NEWROOT"
    initfs_sweep
    [ -f "$NEWROOT/run/nologin" ] && read -r line < "$NEWROOT/run/nologin"
    case "$line" in "initfs: "*) rm -f -- "$NEWROOT/run/nologin" ;; esac
    [ -e "${PREFIX-}/$initfs_bound" ] && rm -f -- "$NEWROOT/run/.tmpfs" "$NEWROOT/run/lock/.tmpfs"
    initfs_unmount_ramtmp
    initfs_unbind
}

# initfs_fail WHY: undoes everything, then refuses.
initfs_fail() {
    initfs_undo
    initfs_refuse "$1"
}
