#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints what the filter costs: rc over 200 scripts with it and without it, in pairs, medians.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

pairs=${1:-5}
scene_make
export for_levels=2
for i in $(seq 100 299); do
	script "s$i" 01 '# Required-Start:\n'
done
chroot "${root:?}" insserv 2>&1 | grep -v warning >&2 || true

body() { # COMMAND: what each script does
	local i
	for i in $(seq 100 299); do
		printf '#!/bin/sh\n%s\nexit 0\n' "$1" >"$root/etc/init.d/s$i"
	done
}

msec() { # COMMAND...: prints how long it takes
	local began=$EPOCHREALTIME
	"$@"
	echo $(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
}

median() { sort -n | sed -n "$(((pairs + 1) / 2))p"; }

compare() { # WHAT: one line
	local i without with
	: >"$TEST_TMP/without"
	: >"$TEST_TMP/with"
	for ((i = 0; i < pairs; i++)); do
		msec in_root /etc/init.d/rc 2 >>"$TEST_TMP/without"
		start_filter --pace=off
		msec in_root /etc/init.d/rc 2 >>"$TEST_TMP/with"
		expect_gone
	done
	without=$(median <"$TEST_TMP/without")
	with=$(median <"$TEST_TMP/with")
	printf '%-32s %6d ms without, %6d ms with: x%d.%03d, %+d us a script\n' "$1" "$without" "$with" \
		$((with / without)) $((with * 1000 / without % 1000)) $(((with - without) * 1000 / 200))
}

net_up
touch "$root/etc/init.d/.legacy-bootordering"
body ':'
compare "sequential, scripts of nothing"
body 'sleep 0.01'
compare "sequential, scripts of 10 ms"
rm "$root/etc/init.d/.legacy-bootordering"
compare "startpar, scripts of 10 ms"
