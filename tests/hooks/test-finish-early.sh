#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The last hook lets init start when the screen shows, or cannot be waited for any longer.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

off() (
    pretended "rd.initfs"
    turned_on # but no layers
    run_hook finish-early
    expect_console 0
    [ ! -e "$PREFIX/run/initfs/timeline" ] || fail "something is said to be done"
    finish
)

once() (
    pretended "rd.initfs rd.initfs.readahead=record"
    pretend initfs-readahead
    up
    early
    expect_call "initfs-readahead --record -- $NEWROOT"
    expect_once finish-early
    [ "$(grep -c boot.early-done "$PREFIX/run/initfs/timeline")" -eq 1 ] || fail "it is done twice"
    finish
)

# waited WORDS SHOWN NAP SECONDS [DIES]: the boot goes on when the screen shows, at SHOWN seconds, or when as
# many have passed as it may take, however long a NAP really takes, or when there is nobody any more who would say
# so, from DIES seconds on; it has waited for SECONDS.
waited() (
    pretended "rd.initfs $1"
    comes="$NEWROOT/run/initfs/screen-comes"
    cp "$(command -v sleep)" "$scene/bin/initfs-supervise-run"
    "$scene/bin/initfs-supervise-run" 1000 &
    supervisor=$!
    pretend initfs-supervise "echo $supervisor > '$NEWROOT/run/initfs/supervise.pid'
printf '' > '$comes'"
    dies=${5-10000}
    up
    shown=$2 nap=$3 passed=0
    sleep() { # the hook's own; those of other processes are real
        passed=$((passed + nap))
        echo "$((100 + passed)).99 1.00" > "$PREFIX/proc/uptime"
        [ "$passed" -lt "$shown" ] || rm -f "$comes"
        [ "$passed" -lt "$dies" ] || [ "$supervisor" = "" ] || die
    }
    die() {
        kill -KILL "$supervisor"
        wait "$supervisor"
        supervisor=""
    } 2> /dev/null
    early
    [ "$supervisor" = "" ] || die
    [ "$passed" -eq "$4" ] || fail "the boot went on after $passed seconds"
    expect_event boot.early-done
    expect_console 0
    finish
)

check off
check once
check waited "" 8 2 8
check waited "" 5000 1 30
check waited "" 5000 7 35
check waited rd.initfs.pace=off 5000 1 0
check waited rd.initfs.pace=io 5000 1 0
check waited rd.initfs.pace=gui,io 8 2 8
check waited rd.initfs.pace=share 8 2 8
check waited rd.initfs.screen=1 5000 1 1
check waited "rd.initfs.screen=100 rd.initfs.pace=gui" 5000 1 100
check waited rd.initfs.screen=3600 40 1 40
check waited rd.initfs.screen=09 5000 1 30
check waited rd.initfs.screen=3600 5000 1 7 7
check waited rd.initfs.pace=gui 5000 1 7 7
exit "$status"
