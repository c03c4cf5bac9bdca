#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot, after filter-rc.sh: wait for what has to be over before init starts.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh

# Where it cannot come first beside the boot, or shall not, it goes first: a greeter that competes with udev's
# coldplug and fsck comes after them. The supervisor takes the file away when the greeter shows, or will not
# come soon.
# One that was killed takes nothing away any more.
# Never longer than rd.initfs.screen says, by the clock, as each nap takes longer than it says where much goes
# on: a slow machine boots on beside its greeter.
initfs_wait_for_screen() {
    local now="" end
    initfs_setting pace
    case "$initfs_value" in *gui* | *share*) ;; *) return 0 ;; esac
    initfs_setting screen
    read -r now _ < "${PREFIX-}/proc/uptime"
    end=$((${now%%.*} + initfs_value))
    while [ -e "$NEWROOT/run/initfs/screen-comes" ] && [ "${now%%.*}" -lt "$end" ] && initfs_runs supervise; do
        sleep 0.3 # each look starts a program, beside the screen
        read -r now _ < "${PREFIX-}/proc/uptime"
    done
}

# What the screen has needed is in memory now, and nothing else has run.
initfs_record_reads() {
    local status=0
    initfs_setting readahead
    [ "$initfs_value" = record ] || return 0
    initfs_run_for 300 initfs-readahead --record -- "$NEWROOT" || status=$?
    [ "$status" -eq 0 ] || initfs_say "nothing is recorded: $(initfs_why "$status" initfs-readahead)"
}

initfs_finish_early() {
    initfs_is_on && [ -e "$NEWROOT/run/initfs/layers" ] || return 0
    [ -z "${initfs_finished-}" ] || return 0
    initfs_finished=yes

    initfs_end_cleaning
    initfs_wait_for_screen
    initfs_record_reads
    initfs_mark boot.early-done
}

initfs_finish_early
