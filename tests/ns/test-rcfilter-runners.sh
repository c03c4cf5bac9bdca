#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runners in the shape of RHEL 5 and 6, PLD, LFS, Slackware, OpenEmbedded and Buildroot: aside and back.
# shellcheck disable=SC2016 # words of a header are not the shell's
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

runner() { # PATH: a script from standard input
	mkdir -p "$(dirname "$root$1")"
	cat >"$root$1"
	chmod 755 "$root$1"
}

rhel() { # 5|6
	red_hat_directories
	runner /etc/rc.d/rc <<-'END'
		#!/bin/bash
		runlevel="$1"
		for i in /etc/rc$runlevel.d/K* ; do
			[ -f "$i" ] || continue
			subsys=${i#/etc/rc$runlevel.d/K??}
			[ -f /run/lock/subsys/$subsys -o -f /run/lock/subsys/$subsys.init ] || continue
			$i stop
		done
		for i in /etc/rc$runlevel.d/S* ; do
			subsys=${i#/etc/rc$runlevel.d/S??}
			[ -f /run/lock/subsys/$subsys -o -f /run/lock/subsys/$subsys.init ] && continue
			[ -x "$i" ] || continue
			is_rh="$(LC_ALL=C egrep -l "init.d/functions" $i)"
			if [ GENERATION = 5 ] && [ -z "$is_rh" ]; then
				echo "Starting $subsys: "
				$i start && echo "[  OK  ]" || echo "[FAILED]"
			else
				$i start
			fi
		done
		exit 0
	END
	sed -i "s/GENERATION/$1/" "$root/etc/rc.d/rc"
	touch "$root/etc/rc.d/init.d/functions"
	style='[PASSED]'
	run=(/etc/rc.d/rc 2)
}
shape_rhel5() { rhel 5; }
shape_rhel6() { rhel 6; }

shape_pld() {
	red_hat_directories
	runner /etc/rc.d/rc <<-'END'
		#!/bin/bash
		count=0
		for i in /etc/rc.d/rc$1.d/S*; do
			[ -f "$i" ] || continue
			[ -f /var/lock/subsys/${i##*/S??} ] || count=$((count + 1))
		done
		for i in /etc/rc.d/rc$1.d/S*; do
			[ -f "$i" ] || continue
			subsys=${i##*/S??}
			[ -f "/var/lock/subsys/$subsys" -o -f "/var/lock/subsys/${subsys}.init" ] && continue
			$i start
		done
	END
	run=(/etc/rc.d/rc 2)
}

shape_lfs() {
	runner /etc/rc.d/init.d/rc <<-'END'
		#!/bin/bash
		for i in $(ls -v /etc/rc.d/rc$1.d/S* 2>/dev/null); do
			if [ ! -f ${i} ]; then echo "${i} is not a valid symlink."; continue; fi
			if [ ! -x ${i} ]; then echo "${i} is not executable, skipping."; continue; fi
			${i} start
			error_value=${?}
			[ ${error_value} -eq 0 ] || { echo "Press Enter to continue"; read -r line; }
		done
	END
	rm -r "$root/etc/init.d"
	ln -s rc.d/init.d "$root/etc/init.d"
	for level in 2 3; do
		mkdir -p "$root/etc/rc.d/rc$level.d"
		ln -s "rc.d/rc$level.d" "$root/etc/rc$level.d"
	done
	mkdir -p "$root/etc/sysconfig"
	touch "$root/etc/sysconfig/rc.site"
	style='[ SKIP ]'
	run=(/etc/rc.d/init.d/rc 2)
}

shape_slackware_sysv() {
	red_hat_directories
	runner /etc/rc.d/rc.sysvinit <<-'END'
		#!/bin/sh
		for script in /etc/rc.d/rc$runlevel.d/S* ; do
			if [ -x "$script" ]; then
				"$script" start
			fi
		done
	END
	run=(/etc/rc.d/rc.sysvinit)
}

# Slackware's own: no directory of links, some executed, some given to sh, some sourced where it stands.
shape_slackware() {
	rm -r "$root/etc/init.d"
	mkdir -p "$root/etc/rc.d/init.d"
	runner /etc/rc.d/rc.M <<-'END'
		#!/bin/sh
		if [ -x /etc/rc.d/rc.alpha ]; then
			. /etc/rc.d/rc.alpha start
		fi
		if [ -x /etc/rc.d/rc.netsvc ]; then
			sh /etc/rc.d/rc.netsvc start
		fi
		if [ -x /etc/rc.d/rc.beta ]; then
			/etc/rc.d/rc.beta start
		fi
		if [ -x /etc/rc.d/rc.delta ]; then
			. /etc/rc.d/rc.delta start
		fi
		if [ -x /etc/rc.d/rc.soft ]; then
			sh /etc/rc.d/rc.soft
		fi
		if [ -x /etc/rc.d/rc.broken ]; then
			sh /etc/rc.d/rc.broken start
		fi
		if [ -x /etc/rc.d/rc.victim ]; then
			. /etc/rc.d/rc.victim start
		fi
		if [ -x /etc/rc.d/rc.local ]; then
			. /etc/rc.d/rc.local
		fi
		exit 0
	END
	run=(/etc/rc.d/rc.M)
}

shape_openembedded() {
	runner /etc/init.d/rc <<-'END'
		#!/bin/sh
		startup() {
			case "$1" in
			*.sh) ( scriptname=$1; shift; . $scriptname ) ;;
			*) "$@" ;;
			esac
		}
		runlevel=$1
		num=0
		for s in /etc/rc$runlevel.d/S*; do num=$((num + 1)); done
		for i in /etc/rc$runlevel.d/S*; do
			[ ! -f $i ] && continue
			startup $i start
		done
	END
	run=(/etc/init.d/rc 2)
}

shape_buildroot() {
	runner /etc/init.d/rcS <<-'END'
		#!/bin/sh
		for i in /etc/init.d/S??* ;do
			[ ! -f "$i" ] && continue
			case "$i" in
			*.sh) ( trap - INT QUIT TSTP; set start; . $i ) ;;
			*) $i start ;;
			esac
		done
	END
	run=(/etc/init.d/rcS)
}

# Where each script says start in $1, the sourced one is sourced: it must not exit.
scripts_of() { # SHAPE
	local flat='' suffix=''
	mkdir -p "$root/etc/init.d"
	[ "$1" != buildroot ] || flat=yes
	case $1 in openembedded | buildroot) suffix=.sh ;; esac
	script alpha 01 '# Required-Start:\n'
	script netsvc 10 '# Required-Start: $network alpha\n'
	script beta 11 '# Required-Start: alpha\n'
	script "delta$suffix" 12 '# Required-Start: netsvc\n'
	script soft 13 '# Required-Start:\n# Should-Start: netsvc\n'
	script broken 14 '# Required-Start:\n' "${2-exit 3}"
	script victim 15 '# Required-Start: broken\n'
	script local 99 '# Required-Start: $all\n'
	sed -i 's/^exit 0$//; s/^\[ "$1" = start \].*//' "$root/etc/init.d/delta$suffix"
	[ -z "$flat" ] || (
		cd "$root/etc/init.d" || exit
		rm -r ../rc?.d
		for pair in 01alpha 10netsvc 11beta 12delta.sh 13soft 14broken 15victim 99local; do
			mv "${pair#??}" "S$pair"
		done
	)
	[ "$1" != slackware ] || (
		cd "$root/etc/init.d" || exit
		rm -r ../rc?.d
		for name in alpha netsvc beta delta soft broken victim local; do
			mv "$name" "../rc.d/rc.$name"
		done
		sed -i 's/^exit 0$//; s/^\[ "$1" = start \].*//' ../rc.d/rc.{alpha,netsvc,delta,soft,victim,local}
		rmdir "$root/etc/init.d"
	)
}

check_shape() { # SHAPE
	local delta=delta stock home=init.d
	[ "$1" != slackware ] || home=rc.d
	case $1 in openembedded | buildroot) delta=delta.sh ;; esac

	in_root "${run[@]}" || fail "$1: stock ends with $?"
	stock=$(logged)
	cp "$TEST_TMP/output" "$TEST_TMP/stock-output"
	[ "$stock" = "alpha netsvc beta $delta soft broken victim local" ] || fail "$1: stock: $stock"

	# Nothing to do: byte for byte what stock does.
	sed -i 's/^exit 3$/:/' "$root"/etc/$home/*broken
	: >"$log"
	: >"$TEST_TMP/output"
	in_root "${run[@]}"
	cp "$log" "$TEST_TMP/stock-log"
	cp "$TEST_TMP/output" "$TEST_TMP/stock-output"
	: >"$log"
	: >"$TEST_TMP/output"
	net_up
	start_filter --pace=off
	in_root "${run[@]}" || fail "$1: rc ends with $?"
	expect_gone
	cmp "$log" "$TEST_TMP/stock-log" || fail "$1: another sequence than stock"
	cmp "$TEST_TMP/output" "$TEST_TMP/stock-output" || fail "$1: another output than stock"
	sed -i 's/^:$/exit 3/' "$root"/etc/$home/*broken
	ip link del cable
	rm "$state/timeline"

	# No network, and a failure. What stock prints about those who are aside then is not missed.
	: >"$log"
	: >"$TEST_TMP/output"
	in_root "${run[@]}" </dev/null || true
	cp "$TEST_TMP/output" "$TEST_TMP/failed-output"
	: >"$log"
	: >"$TEST_TMP/output"
	start_filter --pace=off
	in_root "${run[@]}" </dev/null || true
	expect_log alpha beta soft broken local
	# One line each, in the manner of the distribution, and not one more than without us.
	grep 'stepped aside' "$TEST_TMP/output" >"$TEST_TMP/lines"
	[ "$(wc -l <"$TEST_TMP/lines")" = 3 ] || fail "$1: not one line for each of the three"
	[ "$(grep -cF -- "$style" "$TEST_TMP/lines")" = 3 ] || fail "$1: not as the distribution says it"
	grep -q 'victim stepped aside: it requires .*broken, which has failed' "$TEST_TMP/lines" ||
		fail "$1: no reason for victim"
	grep -v 'stepped aside' "$TEST_TMP/output" | diff - "$TEST_TMP/failed-output" ||
		fail "$1: prints something else than without us"
	# LFS stops at whoever fails: at broken, as ever, and at nobody else.
	[ "$1" != lfs ] || [ "$(grep -c 'Press Enter to continue' "$TEST_TMP/output")" = 1 ] ||
		fail "lfs: not one stop"
	until_true no_views
	: >"$log"
	net_up
	expect_gone
	expect_log netsvc $delta
	ip link del cable
	rm "$state/timeline"

	# It comes while rc runs.
	: >"$log"
	sed -i 's/^echo local/touch \/run\/log\/cable; while [ ! -e \/run\/log\/plugged ]; do sleep 0.02; done; &/' \
		"$root"/etc/$home/*local
	rm -f "$TEST_TMP/cable" "$TEST_TMP/plugged"
	mv "$root"/etc/rc2.d/S99local "$root/etc/rc2.d/S98local" 2>/dev/null ||
		mv "$root/etc/init.d/S99local" "$root/etc/init.d/S98local" 2>/dev/null || [ "$1" = slackware ]
	start_filter --pace=off
	(
		until_true test -e "$TEST_TMP/cable"
		net_up
		until_true has_event rc.net-up
		touch "$TEST_TMP/plugged"
	) &
	in_root "${run[@]}" || true
	expect_gone
	[ "$(tail -n 2 "$log" | tr '\n' ' ')" = "netsvc $delta " ] || fail "$1: late: $(logged)"
	# rc.M has no directory in which a late slot could stand: there it is when rc.M has ended.
	has_event rc.late || [ "$1" = slackware ] || fail "$1: not by the late slot"
	ip link del cable
	echo "$1: ok"
}

for shape in rhel5 rhel6 pld lfs slackware_sysv slackware openembedded buildroot; do
	scene_make
	rm -f "$root/etc/debian_version"
	style='stepped aside: '
	shape_$shape
	scripts_of $shape
	check_shape $shape
	umount -R -l "$root"
	umount -l "$TEST_TMP/over"
	rm -f "$TEST_TMP/output" "$log"
done

# --- Red Hat's: order by chkconfig, locks in /var/lock/subsys, and a runner that looks at those
for generation in 5 6; do
	scene_make
	rhel $generation
	mkdir -p "$root/run/lock/subsys"
	# red_hat NAME NUMBER REQUIRED [BODY]: its lock is there when its daemon is
	red_hat() {
		script "$1" "$2" "# Required-Start: $3\\n" "${4-touch /var/lock/subsys/$1}"
		sed -i "s/^### BEGIN INIT INFO/# chkconfig: 2345 $2 10\\n# description: $1\\n&/; /^\[ /d; s/^echo $1/& \$1/" \
			"$root/etc/init.d/$1"
	}
	red_hat network 10 '$local_fs'
	red_hat sshd 55 '$network'
	red_hat early 20 ''
	red_hat liar 60 '' '! test -e /run/log/honest || touch /var/lock/subsys/liar'
	red_hat user 70 liar
	red_hat there 75 ''
	red_hat last 90 ''
	touch "$root/run/lock/subsys/there" # it runs already: rc does not ask for it
	boot_red_hat() {
		: >"$log"
		rm -f "$state/timeline"
		start_filter --pace=off
		in_root "${run[@]}" || fail "RHEL $generation: rc ends with $?"
		until_true no_views
	}
	run=(/etc/rc.d/rc 2)
	boot_red_hat
	expect_log network start early start liar start last start
	cli explain user | grep -q 'requires liar, which has failed' || fail "RHEL $generation: user"
	cli services | grep -q '^early  *running ' || fail "RHEL $generation: early has its lock and is not seen to run"
	: >"$log"
	net_up
	expect_gone
	expect_log sshd start
	# Again, with all locks gone as after a boot, a network, and a liar who does its work.
	rm -f "$root"/run/lock/subsys/*
	touch "$TEST_TMP/honest"
	boot_red_hat
	expect_gone
	expect_log network start early start sshd start liar start user start there start last start
	rm "$TEST_TMP/honest"
	# What runs is stopped by the way into another runlevel; what steps aside at its start, too.
	mkdir -p "$root/etc/rc.d/rc3.d"
	ln -s ../init.d/sshd "$root/etc/rc.d/rc3.d/K10sshd"
	ln -s ../init.d/network "$root/etc/rc.d/rc3.d/K90network"
	rm -f "$root"/etc/rc.d/rc3.d/S* "$root/run/lock/subsys/liar"
	ip link del cable
	: >"$log"
	start_filter --pace=off
	in_root /etc/rc.d/rc 3 || fail "RHEL $generation: rc 3 ends with $?"
	until_true no_views
	expect_gone
	expect_log sshd stop network stop
	umount -R -l "$root"
	umount -l "$TEST_TMP/over"
	rm -f "$TEST_TMP/output" "$log"
	echo "RHEL $generation, locks: ok"
done

# --- links that lead out of the directories, and a script that lies in rcN.d itself
scene_make
shape_rhel6
mkdir -p "$root/opt/vendor"
for name in out bad needs linked; do
	script $name 20 '# Required-Start:\n'
	mv "$root/etc/init.d/$name" "$root/opt/vendor/$name.init"
	rm "$root"/etc/rc?.d/S20$name
done
script plain 30 '# Required-Start:\n'
sed -i 's/^# Required-Start:/& $network/; s/^exit 0/echo $(readlink -f "$0") >>\/run\/log\/log\nexit 0/' "$root/opt/vendor/out.init"
sed -i 's/^exit 0/exit 1/' "$root/opt/vendor/bad.init"
sed -i 's/^# Required-Start:/& bad/' "$root/opt/vendor/needs.init"
sed -i 's/^# Required-Start:/& $network/' "$root/opt/vendor/linked.init"
ln -s ../../../opt/vendor/out.init "$root/etc/rc.d/rc2.d/S20out"
ln -s /opt/vendor/bad.init "$root/etc/rc.d/rc2.d/S21bad"
cp "$root/opt/vendor/needs.init" "$root/etc/rc.d/rc2.d/S22needs"
ln -s /opt/vendor/linked.init "$root/etc/rc.d/init.d/linked"
ln -s ../init.d/linked "$root/etc/rc.d/rc2.d/S23linked"
start_filter --pace=off
[ "$(readlink "$root/etc/rc2.d/S21bad")" = /opt/vendor/bad.init ] || fail "who looks sees another link"
in_root "${run[@]}" || true
expect_log bad plain
cli explain out | grep -q 'requires $network' || fail "out is not explained"
cli explain needs | grep -q 'requires bad, which has failed' || fail "needs is not explained"
until_true no_views
net_up
expect_gone
[ "$(sort "$log" | tr '\n' ' ')" = "/opt/vendor/out.init bad linked out plain " ] ||
	fail "links out, with a network: $(logged)"
ip link del cable
# With one from the beginning: as without us, and $0 still leads a script to where it lies.
: >"$log"
in_root "${run[@]}" || true
stock=$(logged)
: >"$log"
net_up
sed -i 's/^exit 1/exit 0/' "$root/opt/vendor/bad.init"
start_filter --pace=off
in_root "${run[@]}" || true
expect_gone
[ "$(logged)" = "$stock" ] || fail "links out: $(logged), stock: $stock"
[ "$stock" = "out /opt/vendor/out.init bad needs linked plain" ] || fail "stock: $stock"
echo "links: ok"
