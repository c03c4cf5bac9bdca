#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints what the filter costs: rc over 200 scripts with it and without it, in turn, medians of pairs.
#
#	bench-rcfilter.sh [PAIRS]
#
# OTHER=PATH adds another initfs-rcfilter to the contenders: an older one, or one that decides nothing.
# PIN=CPU keeps all on one processor: on many virtual machines waking another one is dearer than all the rest.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
[ -n "${TEST_TMP-}" ] || {
	TEST_TMP=$(mktemp -d)
	export TEST_TMP
	"$0" "$@" && status=0 || status=$?
	rm -rf --one-file-system -- "${TEST_TMP:?}"
	exit "$status"
}
# shellcheck source-path=SCRIPTDIR source=../ns/rcfilter.sh
. "${0%/*}/../ns/rcfilter.sh"

[[ -z ${PIN-} ]] || taskset -cp "$PIN" $$ >/dev/null
pairs=${1:-7}
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

usec() { # COMMAND...: prints how long it takes
	local began=$EPOCHREALTIME
	"$@"
	echo $((${EPOCHREALTIME/./} - ${began/./}))
}

one() { # without|with|other
	local spent filter=$filter
	[ "$1" != other ] || filter=$OTHER
	[ "$1" = without ] || start_filter --pace=off
	spent=$(usec in_root /etc/init.d/rc 2)
	[ "$1" = without ] || expect_gone
	printf '%s ' "$spent" >>"$TEST_TMP/$1"
}

compare() { # WHAT: one line for each filter
	local i who
	in_root /etc/init.d/rc 2 # warm
	rm -f "$TEST_TMP"/{without,with,other}
	for ((i = 0; i < pairs; i++)); do
		for who in without with ${OTHER:+other}; do
			one "$who"
		done
	done
	for who in with ${OTHER:+other}; do
		/usr/bin/python3 - "$1" "$who" "$TEST_TMP/without" "$TEST_TMP/$who" <<-'END'
			import statistics, sys
			without, with_it = ([int(x) for x in open(f).read().split()] for f in sys.argv[3:])
			ratios = sorted(b / a for a, b in zip(without, with_it))
			extra = statistics.median(b - a for a, b in zip(without, with_it)) / 200
			print(f"{sys.argv[1]:32} {statistics.median(without) / 1000:7.0f} ms without, "
			      f"{statistics.median(with_it) / 1000:7.0f} ms {sys.argv[2]}: x{statistics.median(ratios):.3f} "
			      f"({ratios[0]:.3f} to {ratios[-1]:.3f}), {extra:+.0f} us a script")
		END
	done
}

net_up
touch "$root/etc/init.d/.legacy-bootordering"
body ':'
compare "sequential, scripts of nothing"
body 'sleep 0.01'
compare "sequential, scripts of 10 ms"
rm "$root/etc/init.d/.legacy-bootordering"
compare "startpar, scripts of 10 ms"
