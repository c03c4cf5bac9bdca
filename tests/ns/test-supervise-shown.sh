#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen shows when one of its windows can be seen, or its compositor has drawn; not by what a window manager
# keeps beside the screen, and not never because the server was somebody's own for a while.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# An X server of 640x480 with the window that GNOME's window manager has first. /var/compositor: somebody
# owns the selection of one. /var/drawn: each row has two colours. /var/window: a place for the window.
# /var/grabbed: somebody has it for himself.
cat >"$root/srv/server" <<'SERVER'
#!/usr/bin/python3
import os, socket, struct, time
ROOT, WINDOW, ATOM, OWNER = 0x123, 0x456, 0x77, 0x88
SCREEN = struct.pack("<IIIIIHHHHHHIBBBB", ROOT, 0, 0, 0, 0, 640, 480, 170, 130, 1, 1, 0, 0, 0, 24, 0)
HELLO = bytes(20) + b"\1".ljust(12, b"\0") + SCREEN  # one screen; no formats, no vendor's name


def there(name):
    return os.path.exists("/var/" + name)


def reply(head=b"", rest=b""):
    return (b"\1\0\0\0" + struct.pack("<I", len(rest) // 4) + head).ljust(32, b"\0") + rest


def place():
    if there("window"):
        with open("/var/window") as f:
            return [int(word) for word in f.read().split()]
    return [-100, -100, 1, 1]


def answer(request):
    if request[0] == 3:  # attributes: a visual, the class InputOutput; viewable
        return reply(struct.pack("<IH", 0, 1) + bytes(12) + b"\2")
    if request[0] == 14:
        return reply(struct.pack("<IhhHH", ROOT, *place()))
    if request[0] == 15:
        # before it, what everybody is told who has asked for nothing: the keyboard has changed
        return b"\x22".ljust(32, b"\0") + reply(struct.pack("<IIH", ROOT, 0, 1), struct.pack("<I", WINDOW))
    if request[0] == 16:
        return reply(struct.pack("<I", ATOM))
    if request[0] == 23:
        return reply(struct.pack("<I", OWNER if there("compositor") else 0))
    if request[0] == 73:
        return reply(b"", b"grey" * 639 + (b"blue" if there("drawn") else b"grey"))
    return b"\0".ljust(32, b"\0")


def serve(peer):
    data = peer.recv(4096)
    if len(data) == 12:
        peer.sendall(b"\1\0" + struct.pack("<HHH", 11, 0, len(HELLO) // 4) + HELLO)
        data = peer.recv(4096)
    while data:
        with open("/var/asked", "a") as f:
            f.write("%d\n" % data[0])
        while there("grabbed"):
            time.sleep(0.05)
        peer.sendall(answer(data))
        data = peer.recv(4096)


listener = socket.socket(socket.AF_UNIX)
listener.bind("/tmp/.X11-unix/X0")
listener.listen(5)
while True:
    peer = listener.accept()[0]
    if os.fork() == 0:
        serve(peer)
        os._exit(0)
SERVER
printf '#!/bin/sh\nexec /srv/server\n' >"$root/srv/screen"
chmod 755 "$root/srv/server" "$root/srv/screen"

# has_asked OPCODE NUMBER: the supervisor has asked that so many times
has_asked() {
	[ -e "$root/var/asked" ] && [ "$(grep -c "^$1\$" "$root/var/asked")" -ge "$2" ]
}

start() {
	rm -f "$root/var/asked" "$root/var/window"
	"$supervise" -- "$root" || fail "it did not start"
	within 20 has_asked 14 5
}

# The supervisor sleeps while another process looks. Nothing may wake it, however long that takes here.
stands_still() {
	local wakes
	wakes=$(grep ^voluntary "/proc/$(supervisor_pid)/status")
	sleep 1
	[ "$wakes" = "$(grep ^voluntary "/proc/$(supervisor_pid)/status")" ]
}

lives() { # NAME NUMBER
	count "$2" "early.start name=$1 "
}

entry other Kind=bus 'Exec=/srv/daemon other'
entry screen Needs=other Kind=screen Exec=/srv/screen 'MakeDir=/tmp/.X11-unix 1777' Ready=x11:/tmp/.X11-unix/X0 ReadyBound=300
start
marked 'early.shown' && fail "a window beside the screen passes for a picture"
echo 0 0 640 480 >"$root/var/window"
within 20 marked 'early.shown name=screen'
"$supervise" --undo -- "$root" || fail "undo"

# gnome-shell has the server for itself for seconds; meanwhile others are looked after
rm "$root/tmp/.X11-unix/X0"
: >"$root/var/compositor"
start
within 20 has_asked 73 20
count 1 'early.shown' || fail "a compositor that has not drawn passes for a picture"
: >"$root/var/grabbed"
: >"$root/var/drawn"
kill -9 "$(last_pid other)"
within 20 lives other 3
rm "$root/run/nologin" # which it looks at each second
within 1 stands_still
sleep 6 # longer than an answer was once waited for
rm "$root/var/grabbed"
within 20 count 2 'early.shown name=screen'
"$supervise" --undo -- "$root" || fail "undo, the second time"

# nobody stays behind who waits for the server
rm "$root/tmp/.X11-unix/X0"
start
: >"$root/var/grabbed"
"$supervise" --undo -- "$root" || fail "undo, the third time"
within 20 sh -c '! pgrep -x initfs-supervis'
exit 0
