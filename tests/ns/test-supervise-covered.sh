#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A syslog whose directory a start script has mounted something over is told to open its files again, once, when init
# is in its runlevel, so that its log is seen; not where fstab has that mount, or nothing is mounted.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# Writes a line whenever it is asked to, into what it has open.
cat >"$root/srv/syslogd" <<'END'
#!/bin/sh
exec >>/var/log/syslog
trap 'exec >>/var/log/syslog; echo hup' HUP
trap 'exit 0' TERM
trap 'echo line' USR1
: >/run/syslogd.ready
while :; do
	sleep 1000 &
	wait $!
done
END
chmod 755 "$root/srv/syslogd"
entry log Kind=syslog Program=/srv/syslogd Exec=/srv/syslogd Ready=path:/run/syslogd.ready NeedsWritable=/var/log
mkdir "$root/var/log"
log=$root/var/log/syslog

says() { # TEXT: the log that one sees has it
	grep -qx "$1" "$log" 2>/dev/null
}

begin() {
	"$supervise" --gui=off -- "$root" || fail "it did not start"
	within 20 marked 'early.ready name=log'
	pid=$(last_pid log)
}

end() {
	"$supervise" --undo -- "$root" || fail "undo"
	rm -f "$root/run/syslogd.ready" "$root/run/utmp" "$timeline" "$log"
}

for way in nothing fstab script; do
	begin
	kill -USR1 "$pid"
	within 20 says line
	[ "$way" = nothing ] || mount -t tmpfs "$way" "$root/var/log"
	rm -f "$root/etc/fstab"
	[ "$way" != fstab ] || echo 'tmpfs /var/log tmpfs defaults 0 0' >"$root/etc/fstab"
	marked early.covered && fail "$way: not before init is there"
	runlevel 2
	if [ "$way" = script ]; then
		within 20 marked 'early.covered name=log by=/var/log$'
		within 20 says hup
		kill -USR1 "$pid"
		within 20 says line
	fi
	# It looks once: a minute of its looks would change nothing.
	rm "$root/run/initfs/layers"
	within 20 test ! -e "$root/run/nologin"
	[ "$way" = script ] || { marked early.covered && fail "$way: it is told"; }
	[ "$way" != script ] || count 1 early.covered || fail "it is told twice"
	printf '0\t/var\n1\t/tmp\n' >"$root/run/initfs/layers"
	end
	[ "$way" = nothing ] || umount -l "$root/var/log"
done
