#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What its rc script stops stays stopped, also where the script has to kill it or it answers with an error.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

command -v start-stop-daemon >/dev/null || {
	echo "skipped: there is no start-stop-daemon"
	exit 77
}
# Debian's slim ends with an error when it is told to end; one that hangs has to be killed.
for kind in "slim exit 1" "gdm3 :"; do
	printf '#!/bin/sh\ntrap "%s" TERM\necho here >>/var/%s.started\nwhile :; do sleep 0.1; done\n' \
		"${kind#* }" "${kind%% *}" >"$root/srv/${kind%% *}"
	chmod 755 "$root/srv/${kind%% *}"
	entry "${kind%% *}" Kind=other Program=/bin/sh "Exec=/srv/${kind%% *}" "PidFile=/run/${kind%% *}.pid" WritePidFile=yes
done
entry screen Kind=screen 'Wants=slim gdm3' 'Exec=/srv/daemon screen' SocketDir=/tmp/.X11-unix
mkdir "$root/etc/init.d"
# What such scripts do about "stop", with less patience.
cat >"$root/etc/init.d/gdm3" <<'SCRIPT'
#!/bin/sh
start-stop-daemon --stop --quiet --pidfile "/run/${0##*/}.pid" --retry 1
exit $?
SCRIPT
chmod 755 "$root/etc/init.d/gdm3"
cp "$root/etc/init.d/gdm3" "$root/etc/init.d/slim"

# shellcheck disable=SC2317 # within calls it
lives() { # NAME TIMES
	[ "$(grep -sc . "$root/var/$1.started")" = "$2" ]
}

"$supervise" -- "$root" || fail "it did not start"
within 20 marked 'early.ready name=screen'
within 20 lives gdm3 1
within 20 lives slim 1

# A death without a script is none that anybody wanted.
kill -9 "$(last_pid gdm3)"
within 20 lives gdm3 2
within 20 marked 'early.start name=gdm3 pid='

chroot "$root" /etc/init.d/slim stop || fail "slim's script has failed"
within 20 marked 'early.exit name=slim status=1'
chroot "$root" /etc/init.d/gdm3 stop || fail "gdm3's script has failed"
within 20 count 2 'early.exit name=gdm3 status=signal-9'
# The screen's next life comes after a longer rest than theirs would.
for life in 2 3; do
	kill -9 "$(last_pid screen)"
	within 20 count "$life" 'early.start name=screen'
done
lives slim 1 || fail "slim was started again"
lives gdm3 2 || fail "gdm3 was started again"
exit 0
