#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user who calls his script as the runner is called, and starts a service with it, changes nothing of
# what is known about the real one, nor when the filter goes.
# shellcheck disable=SC2016,SC2119 # the guest's shell expands it; options are optional
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make
mkdir -p "$root/etc/rc.d" "$root/run/theirs"
cat >"$root/etc/rc.d/rc" <<-'END'
	#!/bin/sh
	for i in /etc/rc$1.d/S*; do
		$i start
	done
END
chmod 755 "$root/etc/rc.d/rc"
cp "$root/etc/rc.d/rc" "$root/run/theirs/rc"
sed -i 's/S\*/S01needed/' "$root/run/theirs/rc"

script needed 01 '# Required-Start:\n' '[ "$(id -u)" = 0 ] || exit 1'
script middle 02 '# Required-Start:\n' 'setpriv --reuid=1000 --clear-groups sh /run/theirs/rc 2'
script needs 03 '# Required-Start: needed\n'
script last 04 '# Required-Start:\n'
chmod 666 "$log"
start_filter --pace=off --net=0
in_root /etc/rc.d/rc 2 || fail "rc ends with $?"
expect_gone
expect_log needed middle needed needs last
! has_event 'rc.aside' || fail "a script stepped aside"
[ "$(grep -c 'rc.start name=needed' "$state/timeline")" = 1 ] || fail "the user's start counts"
has_event 'rc.start name=last' || fail "the filter has gone with the user's script"
