#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The filter of start scripts comes unless it is turned off; when it cannot come the boot goes on early.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

off() (
    pretended "rd.initfs $1"
    turned_on
    [ -z "$2" ] || run_hook mount-overlay
    run_hook filter-rc
    expect_no_call initfs-rcfilter
    expect_console 0
    finish
)

# Nothing to filter, and nothing to say about it.
nothing_there() (
    pretended "rd.initfs"
    pretend initfs-rcfilter "printf 'initfs-rcfilter: cannot find it\n' >&2; exit 3"
    mkdir "$NEWROOT/etc/rc.conf.d" "$NEWROOT/etc/sv"
    up
    run_hook filter-rc
    expect_no_call initfs-rcfilter
    expect_console 0
    finish
)

on() (
    pretended "rd.initfs $1"
    mkdir "$NEWROOT/etc/init.d"
    pretend initfs-rcfilter "exit 0"
    up
    run_hook filter-rc
    expect_call "initfs-rcfilter --net=$2 --pace=$3 --screen=${4-30} -- $NEWROOT"
    expect_console 0
    : > "$NEWROOT/run/initfs/rcfilter.pid"
    expect_once filter-rc
    finish
)

# Everything else that comes early stays. Some of it is enough for a line: it should work then.
fails() ( # WHAT OF START SCRIPTS IS THERE
    pretended "rd.initfs"
    case "$1" in
        link) ln -s /etc/rc.d/init.d "$NEWROOT/etc/init.d" ;; # not to be followed from outside
        *) mkdir "$NEWROOT/etc/$1" ;;
    esac
    pretend initfs-rcfilter "printf 'initfs-rcfilter: cannot do it\n' >&2; exit 3"
    up
    run_hook filter-rc
    expect_console 1 "start scripts are not filtered: initfs-rcfilter: cannot do it"
    expect_on
    expect_no_call "initfs-hold --undo"
    finish
)

check off "rd.initfs.rc=off" layers
check off "" ""
check on "" 30 gui
check on "rd.initfs.rc=on" 30 gui
check on "rd.initfs.net=5 rd.initfs.pace=off" 5 off
check on "rd.initfs.net=5 rd.initfs.pace=share" 5 gui
check on "rd.initfs.pace=io,share" 30 io,gui
check on "rd.initfs.pace=share,io" 30 gui,io
check on "rd.initfs.net=5,route rd.initfs.pace=gui,io" 5,route gui,io
check on "rd.initfs.net=5 rd.initfs.screen=600" 5 gui 600
check on "rd.initfs.screen=soon" 30 gui
check nothing_there
check fails init.d
check fails link
check fails rc.d
check fails rc2.d
exit "$status"
