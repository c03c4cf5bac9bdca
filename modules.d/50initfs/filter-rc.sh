#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot, after start-early.sh, beside the programs that it has started: views over the directories of
# start scripts, in which those that cannot work yet step aside.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh
# shellcheck source=modules.d/50initfs/initfs-undo.sh
type initfs_undo > /dev/null 2>&1 || . /lib/initfs-undo.sh

# Any part of them counts, a link that leads nowhere from here too: what is wrong with it the helper says.
initfs_has_start_scripts() {
    local dir
    for dir in "$NEWROOT/etc/init.d" "$NEWROOT/etc/rc.d" "$NEWROOT"/etc/rc[S0-6].d; do
        if [ -e "$dir" ] || [ -L "$dir" ]; then
            return 0
        fi
    done
    return 1
}

# Nothing else needs the views: where there are none, scripts start as they always did.
initfs_filter_rc() {
    local status=0 pace net
    initfs_is_on && [ -e "$NEWROOT/run/initfs/layers" ] || return 0
    initfs_setting rc
    [ "$initfs_value" = on ] && initfs_has_start_scripts || return 0
    [ -e "$NEWROOT/run/initfs/rcfilter.pid" ] && return 0

    initfs_setting pace
    pace="$initfs_value"
    # How the screen comes first the filter sees for itself.
    case "$pace" in *share*) pace="${pace%share*}gui${pace#*share}" ;; esac
    initfs_setting net
    net="$initfs_value"
    initfs_setting screen
    initfs_run initfs-rcfilter --net="$net" --pace="$pace" --screen="$initfs_value" -- "$NEWROOT" || status=$?
    [ "$status" -eq 0 ] && return 0
    initfs_say "start scripts are not filtered: $(initfs_why "$status" initfs-rcfilter)"
    initfs_unfilter_rc
}

initfs_filter_rc
