#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# While cryptdisks asks for a passphrase, it is asked on the screen, once for each question; who answers on the
# console makes the dialog go; where there is no screen, or nothing to ask with, the console asks alone.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# Programs of the test's own beside the host's.
mkdir "$tmp/upper" "$tmp/work" && mount -t tmpfs upper "$tmp/upper" && mkdir "$tmp/upper/u" "$tmp/upper/w"
mount -t overlay -o "lowerdir=/usr,upperdir=$tmp/upper/u,workdir=$tmp/upper/w" usr "$root/usr"
mkdir -p "$root/usr/lib/cryptsetup" "$root/usr/lib/initfs" "$root/tmp/.X11-unix"
rm -f "$root/usr/lib/cryptsetup/passfifo"
install -m 755 "$INITFS_SRC/helpers/supervise/unlock" "$root/usr/lib/initfs/unlock"
sed '/^Program=/d' "$INITFS_SRC/helpers/supervise/early.d/unlock.conf" >"$tmp/unlock.conf"
entry unlock "$(cat "$tmp/unlock.conf")"
sed -i '/^Service=/d' "$root/etc/initfs/early.d/unlock.conf"
entry screen Kind=screen 'Exec=/srv/daemon screen'

# What is typed into the dialog stands in /var/typed; "away" puts it away.
cat >"$root/usr/bin/ssh-askpass" <<'DIALOG'
#!/bin/bash
echo "$$ $DISPLAY $XAUTHORITY $1" >>/var/dialogs
until [ -e /var/typed ]; do
	sleep 0.1
done
typed=$(cat /var/typed)
rm /var/typed
[ "$typed" != away ] || exit 1
printf '%s\n' "$typed"
DIALOG
chmod 755 "$root/usr/bin/ssh-askpass"

# As Debian's: its first word is the question, and it is called askpass. It is bash, and the question is its
# script, which waits for the FIFO, or for the console. While it waits it starts nothing, as Debian's: a child is
# called askpass, too, until it has become another program, and may be taken for who asks.
mkfifo "$tmp/never"
cp /bin/bash "$tmp/askpass"
cat >"$tmp/Please unlock disk home: " <<'ASK'
fifo=$root/usr/lib/cryptsetup/passfifo
exec 3<>"$fifo" 4<>"$tmp/never"
until read -t 0 <&3 || [ -e "$tmp/console" ]; do
	read -rt 0.1 <&4
done
# At once, as it was written: bash reads a FIFO byte by byte, and its time may be up in the middle.
[ -e "$tmp/console" ] || answer=$(dd bs=4096 count=1 status=none <&3)
rm "$fifo"
printf '%s' "$answer" >"$tmp/answer"
ASK
ask() { # [TRIED]
	rm -f "$tmp/answer" "$tmp/console"
	mkfifo -m 600 "$root/usr/lib/cryptsetup/passfifo"
	(cd "$tmp" && root=$root tmp=$tmp CRYPTTAB_TRIED=${1-0} exec ./askpass 'Please unlock disk home: ') &
	asker=$!
}

start() { # OPTION...
	"$supervise" --syslog=off "$@" -- "$root" || fail "it did not start"
	within 10 supervisor_pid >/dev/null
}

end() {
	"$supervise" --undo -- "$root" || fail "undo"
	rm -f "$timeline" "$root/var/dialogs" "$root/var/typed"
}

dialogs() { # NUMBER: so many were there
	[ "$(grep -c . "$root/var/dialogs" 2>/dev/null)" = "$1" ]
}

type_in() { # TEXT: whole, or not there
	printf '%s\n' "$1" >"$root/var/typing" && mv "$root/var/typing" "$root/var/typed"
}

answered() {
	[ "$(cat "$tmp/answer" 2>/dev/null)" = "$1" ]
}

# --- an X server, as far as it matters here
(exec -a /usr/lib/xorg/Xorg bash -c 'sleep 10000; true' :7 -auth /var/run/auth) &
/usr/bin/python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$root/tmp/.X11-unix/X7"

start --gui=screen
within 10 marked 'early.ready name=screen'
ask
within 20 dialogs 1
expect='[0-9]+ :7 /var/run/auth Please unlock disk home: '
grep -qxE "$expect" "$root/var/dialogs" || fail "not asked so: $(cat "$root/var/dialogs")"
type_in 'wrong one'
within 20 answered 'wrong one'
wait "$asker"

# the next question says what became of it; put away, it comes again; and blanks belong to an answer
ask 1
within 20 dialogs 2
grep -qE "That was not right. Please unlock disk home: " "$root/var/dialogs" || fail "it does not say that it was wrong"
sleep 2 # a dialog that ends at once is taken for one that cannot be shown
type_in away
within 20 dialogs 3
type_in ' right %s\ '
within 20 answered ' right %s\ '
wait "$asker"

# somebody answers at the console
ask
within 20 dialogs 4
dialog=$(tail -n 1 "$root/var/dialogs" | cut -d' ' -f1)
: >"$tmp/console"
wait "$asker"
within 20 is_gone "$dialog"
[ ! -e "$root/usr/lib/cryptsetup/passfifo" ] || fail "a passphrase became a file"

# init comes to its runlevel: over, and nobody waits for another question
within 20 count 3 'early.exit name=unlock status=0'
runlevel 2
"$supervise" --undo -- "$root"
count 3 'early.start name=unlock' || fail "not three questions"
rm "$root/run/utmp"
end

# --- nothing shows dialogs: it is asked on a terminal
rm -f "$root/usr/bin/ssh-askpass"
cat >"$root/usr/bin/openvt" <<'TERMINAL'
#!/bin/sh
echo "$1 $2 $3" >>/var/dialogs
shift 3
until [ -e /var/typed ]; do
	sleep 0.1
done
exec "$@" </var/typed 2>/var/said >/var/shown
TERMINAL
chmod 755 "$root/usr/bin/openvt"
start --gui=screen
ask
within 20 dialogs 1
grep -qx -- '-s -w --' "$root/var/dialogs" || fail "not a terminal that is switched to: $(cat "$root/var/dialogs")"
type_in ' not %s\ '
within 20 answered ' not %s\ '
grep -q 'Please unlock disk home: ' "$root/var/shown" || fail "no question: $(cat "$root/var/shown")"
wait "$asker"
end

# --- no dialog can be shown: it is given up, with a word, and the console asks on
printf '#!/bin/sh\nexit 1\n' >"$root/usr/bin/ssh-askpass"
chmod 755 "$root/usr/bin/ssh-askpass"
start --gui=screen
ask
within 60 marked 'early.gave-up name=unlock'
kill "$asker"
rm "$root/usr/lib/cryptsetup/passfifo"
end

# --- no screen hides the console
start --gui=off
ask
within 20 test -p "$root/usr/lib/cryptsetup/passfifo"
kill "$asker"
runlevel 2
rm "$root/run/initfs/layers"
within 20 is_gone "$(supervisor_pid)"
marked 'name=unlock' && fail "it was asked on a screen that is not there"
exit 0
