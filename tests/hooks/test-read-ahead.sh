#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a boot reads is read ahead where there is a list of it, and recorded when it is asked for.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

with_list() {
    mkdir -p "$NEWROOT/var/lib/initfs"
    : > "$NEWROOT/var/lib/initfs/readahead"
}

off() (
    pretended "$1"
    [ -z "$1" ] || turned_on
    [ -z "$2" ] || with_list
    pretend initfs-readahead
    run_hook read-ahead
    expect_no_call initfs-readahead
    expect_console 0
    finish
)

on() (
    pretended "rd.initfs $1"
    turned_on
    with_list
    pretend initfs-readahead
    run_hook read-ahead
    expect_call "initfs-readahead -- $NEWROOT"
    expect_console 0
    finish
)

# The boot goes on early.
fails() (
    pretended rd.initfs
    turned_on
    with_list
    pretend initfs-readahead "printf 'initfs-readahead: cannot do it\n' >&2; exit 3"
    run_hook read-ahead
    expect_console 1 "nothing is read ahead: initfs-readahead: cannot do it"
    expect_on
    finish
)

records() ( # WORDS BODY LINES
    pretended "rd.initfs $1"
    pretend initfs-readahead "$2"
    up
    early
    expect_call "initfs-readahead --record -- $NEWROOT"
    expect_console "$3"
    expect_event boot.early-done
    finish
)

check off "" list
check off rd.initfs ""
check off "rd.initfs rd.initfs.readahead=off" list
check off "rd.initfs rd.initfs.readahead=record" list
check on ""
check on "rd.initfs.readahead=nonsense"
check fails
check records rd.initfs.readahead=record "exit 0" 0
check records rd.initfs.readahead=record 'echo "initfs-readahead: cannot" >&2; exit 1' 1
exit "$status"
