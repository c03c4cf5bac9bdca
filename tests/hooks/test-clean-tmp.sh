#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# /tmp is cleaned by the root's own script beside what starts; however that ends, it has ended before init starts.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

# Text for a pretended helper: go on when that file is there. With a limit: a test that waits for ever says nothing.
wait_for() { # FILE
    printf '%s' "tries=0
until [ -e '$scene/$1' ] || [ \"\$((tries += 1))\" -gt 500 ]; do sleep 0.02; done; "
}

# Nothing says that /tmp is being cleaned, and nobody cleans it.
expect_ended() {
    [ ! -e "$NEWROOT/run/initfs/cleaning" ] || fail "the file 'cleaning' is left behind"
    [ -z "${cleaner-}" ] || ! kill -0 "$cleaner" 2> /dev/null || fail "the cleaning still runs"
}

# early, where the cleaning has been started
early_cleaning() {
    run_hook start-early
    cleaner="${initfs_cleaner-}"
    [ -n "$cleaner" ] || fail "nothing is done beside the boot"
    run_hook filter-rc
    run_hook finish-early
    expect_ended
    expect_event boot.early-done
}

cleaned() (
    pretended "rd.initfs"
    with_bootclean "$spares_marked"
    # When the real script runs, /run has to be marked, or it would be emptied.
    pretend chroot "[ -f '$NEWROOT/run/.tmpfs' ] && [ -f '$NEWROOT/run/lock/.tmpfs' ] || exit 99
$(wait_for supervised)exit $1"
    pretend initfs-supervise "[ -e '$NEWROOT/run/initfs/cleaning' ] || echo 'supervise: no file' >> '$console'
: > '$scene/supervised'"
    # It goes when the cleaning ends, not when the hook comes to that.
    pretend initfs-rcfilter "tries=0
while [ -e '$NEWROOT/run/initfs/cleaning' ]; do
    [ \"\$((tries += 1))\" -lt 500 ] || exec echo 'rcfilter: the file stays' >> '$console'
    sleep 0.02
done"
    pretend rm "case \"\$*\" in
*/cleaning) [ -f '$NEWROOT/tmp/.tmpfs' ] || echo 'the file goes before the mark is there' >> '$console' ;;
esac
exec $(command -v rm) \"\$@\""
    up
    early_cleaning
    expect_call "chroot $NEWROOT /etc/init.d/checkroot-bootclean.sh start"
    [ -f "$NEWROOT/tmp/.tmpfs" ] || fail "rcS would clean /tmp again"
    expect_call "initfs-supervise --syslog=auto --gui=auto --recovery=auto -- $NEWROOT"
    expect_console 0
    finish
)

# A script that would walk through /run is not run.
not_cleaned() (
    pretended "rd.initfs $1"
    with_bootclean "$2"
    [ "$1" = "" ] || pretend initfs-overlay "mkdir -p '$NEWROOT/run/initfs'
printf '0\t/var\n' > '$NEWROOT/run/initfs/layers'"
    up
    early
    expect_ended
    expect_no_call chroot
    [ ! -e "$NEWROOT/tmp/.tmpfs" ] || fail "rcS would not clean /tmp"
    expect_event boot.early-done
    finish
)

# not_done BODY WHY: one line, with the script's own word and not that of another who fails meanwhile
not_done() (
    pretended "rd.initfs"
    with_bootclean "$spares_marked"
    body="$1"
    [ "$body" != hang ] || body="$hang"
    pretend chroot "echo 'the word of the script' >&2
$(wait_for filtered)$body"
    pretend initfs-supervise "echo 'the word of initfs-supervise' >&2"
    pretend initfs-rcfilter "echo 'the word of initfs-rcfilter' >&2
: > '$scene/filtered'
exit 1"
    up
    early_cleaning 2> /dev/null
    [ ! -e "$NEWROOT/tmp/.tmpfs" ] || fail "rcS would not clean /tmp"
    expect_console 2 "/tmp is not cleaned early: $2" "start scripts are not filtered: the word of initfs-rcfilter"
    expect_on
    finish
)

# undone HELPER BODY: who cleans has ended before the view goes that it works in, and says nothing.
undone() (
    pretended "rd.initfs"
    with_bootclean "$spares_marked"
    pretend chroot "echo \$\$ > '$scene/guest.new'; mv '$scene/guest.new' '$scene/guest'
${2:-$(wait_for failed)sleep 0.3}"
    pretend "$1" "case \"\$*\" in *--undo*) exit 0 ;; esac
$(wait_for guest): > '$scene/failed'
echo '$1: no' >&2
exit 1"
    pretend initfs-hold "case \"\$*\" in *--undo*) ;; *) exit 0 ;; esac
kill -0 \"\$(cat '$scene/guest')\" 2> /dev/null && echo 'it still cleans' >> '$console'"
    up
    # The pretended root is the test's own, so nobody would be seen in it.
    [ "$2" = "" ] || initfs_guests() {
        kill -0 "$(cat "$scene/guest")" 2> /dev/null && cat "$scene/guest"
    }
    run_hook start-early
    expect_call "initfs-hold --undo -- $NEWROOT"
    expect_stock "initfs: $1: no;"
    expect_ended
    finish
)

check cleaned 0
check cleaned 1
check not_cleaned "" "find / -delete"
check not_cleaned "" "# .tmpfs"
check not_cleaned "rd.initfs.overlay=/var" "$spares_marked"
check not_done hang "checkroot-bootclean.sh did not answer in time"
check not_done "exit 5" "the word of the script"
check not_done 'kill -SEGV $$' "checkroot-bootclean.sh died of signal 11"
for helper in initfs-merge initfs-supervise; do
    check undone "$helper" "exec sleep 1000"
    check undone "$helper" "trap '' TERM; while :; do sleep 0.1; done"
    check undone "$helper" "" # no program of the root yet: it ends by itself
done
exit "$status"
