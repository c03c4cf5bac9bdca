#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pre-pivot, before all others: has the disk read what the screen of an earlier boot needed, while the
# processors have something else to do.
# Sourced by init: return, never exit; no set -e; nothing left behind but initfs_*.

# shellcheck source=modules.d/50initfs/initfs-lib.sh
type initfs_say > /dev/null 2>&1 || . /lib/initfs-lib.sh

# The list is there when somebody has had it recorded. A second run finds everything in memory.
initfs_read_ahead() {
    local status=0
    initfs_is_on && [ -e "$NEWROOT/var/lib/initfs/readahead" ] || return 0
    initfs_setting readahead
    [ "$initfs_value" = on ] || return 0
    initfs_run initfs-readahead -- "$NEWROOT" || status=$?
    [ "$status" -eq 0 ] || initfs_say "nothing is read ahead: $(initfs_why "$status" initfs-readahead)"
}

initfs_read_ahead
