#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The filter of start scripts comes only when it is asked for; when it cannot come the boot goes on early.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
INITFS_SRC="${INITFS_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}"
here="$INITFS_SRC/tests/hooks"
status=0

check() {
    "$@" || { printf 'in: %s\n' "$*" >&2; status=1; }
}

off() (
    words="rd.initfs $1" && . "$here/pretend.sh"
    turned_on
    [ -z "$2" ] || run_hook mount-overlay
    run_hook filter-rc
    expect_no_call initfs-rcfilter
    expect_console 0
    finish
)

on() (
    words="rd.initfs rd.initfs.rc=on $1" && . "$here/pretend.sh"
    pretend initfs-rcfilter "exit 0"
    turned_on
    run_hook mount-overlay
    run_hook filter-rc
    expect_call "initfs-rcfilter --net=$2 --pace=$3 -- $NEWROOT"
    expect_console 0
    : > "$NEWROOT/run/initfs/rcfilter.pid"
    before=$(wc -l < "$calls")
    run_hook filter-rc
    [ "$(wc -l < "$calls")" -eq "$before" ] || fail "a second run does something"
    finish
)

# Everything else that comes early stays.
fails() (
    words="rd.initfs rd.initfs.rc=on" && . "$here/pretend.sh"
    pretend initfs-rcfilter "printf 'initfs-rcfilter: cannot do it\n' >&2; exit 3"
    turned_on
    run_hook mount-overlay
    run_hook filter-rc
    expect_console 1 "start scripts are not filtered: initfs-rcfilter: cannot do it"
    expect_on
    expect_no_call "initfs-hold --undo"
    finish
)

check off "" layers
check off "rd.initfs.rc=off" layers
check off "rd.initfs.rc=on" ""
check on "" 30 gui
check on "rd.initfs.net=5 rd.initfs.pace=off" 5 off
check fails
exit "$status"
