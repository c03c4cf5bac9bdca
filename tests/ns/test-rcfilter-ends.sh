#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# However a script ends, and whatever is seen of its service: who requires a failed one steps aside.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make
mkdir -p "$root/run/lock/subsys"
sleep 600 &
living=$!

# pair NAME HEADER BODY: a service, and one that requires it
pair() {
	script "$1" 01 "# Required-Start:\n$2" "$3"
	script "$1-user" 02 "# Required-Start: $1\n"
}

# Not shells: their text is another program's.
interpreted() { # NAME INTERPRETER TEXT
	pair "$1" '' ''
	{
		printf '#!%s\n' "$2"
		grep '^#[# ]' "$root/etc/init.d/$1"
		printf '%s\n' "$3"
	} >"$root/etc/init.d/$1.new"
	cat "$root/etc/init.d/$1.new" >"$root/etc/init.d/$1"
	rm "$root/etc/init.d/$1.new"
}

pair exit '' 'exit 3'
pair falls '' 'set -e; false'
pair trapped '' 'trap "exit 4" EXIT; exit 0'
pair signal '' 'kill -9 $$'
pair executes '' 'exec /bin/sh -c "exit 9"'
pair vanishes '' 'exec /bin/false'
pair dies '' 'exec /bin/sh -c "kill -9 \$\$"'
interpreted perl /usr/bin/perl 'exit 2;'
interpreted python /usr/bin/python3 'raise SystemExit(2)'
pair liar '' 'PIDFILE=/run/liar.pid
sh -c "echo \$\$" >/run/liar.pid'
pair lockless '' '[ ! -e /nowhere ] || touch /var/lock/subsys/lockless'
# The others did their work, or have none.
pair good '' ":
PIDFILE=/run/good.pid
echo $living >/run/good.pid"
pair locked '' 'touch /var/lock/subsys/locked'
pair well '' 'exec /bin/true'
pair absent '' 'exit 5'
pair idle '' 'exit 6'
interpreted fineperl /usr/bin/perl 'exit 0;'

# No script at all: a program has no header, so an override speaks for it.
mkdir -p "$root/etc/insserv/overrides"
compiled() { # NAME PROGRAM
	pair "$1" '' ''
	grep '^#[# ]' "$root/etc/init.d/$1" >"$root/etc/insserv/overrides/$1"
	cat "$2" >"$root/etc/init.d/$1"
}
compiled elf /bin/false
compiled fineelf /bin/true

# Who requires one that stepped aside does so itself; who would only like to follow one does not care.
script third 03 '# Required-Start: exit-user\n'
script fourth 04 '# Required-Start: third\n'
script follower 04 '# Required-Start:\n# Should-Start: exit exit-user fourth\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true

failed="exit falls trapped signal executes vanishes dies perl python elf liar lockless"
fine="good locked well absent idle fineperl fineelf"

# What a pidfd tells of a process that was waited for: Linux 6.15. Without that and without the proc
# connector, which does not reach into this pid namespace, ends of other programs are not seen.
if ! /usr/bin/python3 - <<-'END'; then
	import fcntl, os, struct, sys
	pid = os.posix_spawn("/bin/false", ["false"], {})
	fd = os.pidfd_open(pid)
	os.waitpid(pid, 0)
	asked = bytearray(struct.pack("<QQ12i", 8, *[0] * 13))
	try:
	    fcntl.ioctl(fd, 0xC040FF0B, asked)
	except OSError:
	    sys.exit(1)
	sys.exit(struct.unpack_from("<i", asked, 60)[0] != 256)
END
	echo "Linux is older than 6.15: the ends of perl, python, ELF and of exec are left out" >&2
	failed="exit falls trapped signal liar lockless"
fi

for mode in sequential startpar; do
	rm -f "$root/etc/init.d/.legacy-bootordering" "$root"/run/*.pid "$root"/run/lock/subsys/* "$state/timeline"
	[ $mode = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"
	: >"$log"
	start_filter --pace=off
	in_root /etc/init.d/rc 2 || true
	until_true no_views
	for name in $failed; do
		! grep -qx "$name-user" "$log" || fail "$mode: $name-user started"
		expect_output "$name-user stepped aside: it requires $name, which has failed"
	done
	for name in $fine; do
		grep -qx "$name-user" "$log" || fail "$mode: $name-user did not start"
	done
	! grep -qx -e third -e fourth "$log" || fail "$mode: who requires one that is aside started"
	expect_output "third stepped aside: it requires exit-user, which stepped aside itself"
	expect_output "fourth stepped aside: it requires third, which stepped aside itself"
	grep -qx follower "$log" || fail "$mode: Should-Start has kept follower from starting"
	expect_gone
	# What it said last is there afterwards, too.
	cli services >"$TEST_TMP/services"
	grep -q '^good  *running ' "$TEST_TMP/services" || fail "$mode: good is not seen to run"
	grep -q '^locked  *running ' "$TEST_TMP/services" || fail "$mode: locked is not seen to run"
	grep -q '^well  *ran ' "$TEST_TMP/services" || fail "$mode: well has not run"
	grep -q '^signal  *failed .* died of signal 9$' "$TEST_TMP/services" || fail "$mode: signal"
	explains() { # NAME SENTENCE
		[ "$(cli explain "$1")" = "$1 $2" ] || fail "$mode: $(cli explain "$1")"
	}
	explains exit "has failed: its script ended with 3"
	explains signal "has failed: its script died of signal 9"
	explains absent "left it at that: its program is not installed"
	explains idle "left it at that: it is not configured"
	explains well "was started"
	explains exit-user "stepped aside: it requires exit, which has failed"
	explains fourth "stepped aside: it requires third, which stepped aside itself"
	! cli explain nobody 2>/dev/null || fail "$mode: explain nobody"
	echo "$mode: ok"
done
kill "$living"
