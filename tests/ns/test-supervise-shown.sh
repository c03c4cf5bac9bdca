#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen shows when one of its windows can be seen, or its compositor has drawn; not by what a window manager
# keeps beside the screen, and not never because the server was somebody's own for a while. A server on which
# nothing happens is left alone.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# An X server of 640x480 with the window that GNOME's window manager has first. /var/compositor: somebody
# owns the selection of one. /var/drawn: each row has two colours. /var/window: a place for the window.
# /var/grabbed: somebody has it for himself. /var/tells: it has XFIXES; /var/refuses: and nobody gets events.
cat >"$root/srv/server" <<'SERVER'
#!/usr/bin/python3
import os, select, socket, struct, time
ROOT, WINDOW, ATOM, OWNER, FIXES = 0x123, 0x456, 0x77, 0x88, 0x99
SCREEN = struct.pack("<IIIIIHHHHHHIBBBB", ROOT, 0, 0, 0, 0, 640, 480, 170, 130, 1, 1, 0, 0, 0, 24, 0)
HELLO = bytes(20) + b"\1".ljust(12, b"\0") + SCREEN  # one screen; no formats, no vendor's name
KEYBOARD_CHANGED, WINDOW_MOVED, OWNER_CHANGED = (event.ljust(32, b"\0") for event in (b"\x22", b"\x16", b"\x57"))


def there(name):
    return os.path.exists("/var/" + name)


def place():
    if there("window"):
        with open("/var/window") as f:
            return [int(word) for word in f.read().split()]
    return [-100, -100, 1, 1]


class Client:
    def __init__(self, peer):
        self.peer, self.count, self.wants, self.data = peer, 0, set(), b""
        self.told = self.state()

    @staticmethod
    def state():
        return {WINDOW_MOVED: place(), OWNER_CHANGED: there("compositor")}

    def reply(self, head=b"", rest=b""):
        return (struct.pack("<BBHI", 1, 0, self.count, len(rest) // 4) + head).ljust(32, b"\0") + rest

    def refusal(self):
        return struct.pack("<BBH", 0, 10, self.count).ljust(32, b"\0")

    def answer(self, request):
        code = request[0]
        if code == 2 or code == FIXES and request[1] == 2:
            if there("refuses"):
                return self.refusal()
            mask = struct.unpack("<I", request[12:16])[0]
            self.wants.add({(2, 1 << 19): WINDOW_MOVED, (FIXES, 1): OWNER_CHANGED}[code, mask])
            return b""
        answers = {
            3: lambda: self.reply(struct.pack("<IH", 0, 1) + bytes(12) + b"\2"),  # InputOutput; viewable
            14: lambda: self.reply(struct.pack("<IhhHH", ROOT, *place())),
            # before it, what everybody is told who has asked for nothing
            15: lambda: KEYBOARD_CHANGED + self.reply(struct.pack("<IIH", ROOT, 0, 1), struct.pack("<I", WINDOW)),
            16: lambda: self.reply(struct.pack("<I", ATOM)),
            23: lambda: self.reply(struct.pack("<I", OWNER if there("compositor") else 0)),
            73: lambda: self.reply(b"", b"grey" * 639 + (b"blue" if there("drawn") else b"grey")),
            98: lambda: self.reply(bytes((there("tells"), FIXES, 87, 0))),
            FIXES: lambda: self.reply(struct.pack("<II", 1, 0)),
        }
        return answers.get(code, self.refusal)()

    def take(self, size):
        while len(self.data) < size:
            more = self.peer.recv(4096)
            if not more:
                os._exit(0)
            self.data += more
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def watch(self):
        """Until there is a request: tells of what happens."""
        while not self.data and not select.select([self.peer], [], [], 0.05)[0]:
            now = self.state()
            for event in self.wants:
                if now[event] != self.told[event]:
                    self.peer.sendall(event)
            self.told = now

    def serve(self):
        self.take(12)
        self.peer.sendall(b"\1\0" + struct.pack("<HHH", 11, 0, len(HELLO) // 4) + HELLO)
        while True:
            self.watch()
            head = self.take(4)
            request = head + self.take(4 * struct.unpack("<H", head[2:])[0] - 4)
            self.count += 1
            with open("/var/asked", "a") as f:
                f.write("%d\n" % request[0])
            while there("grabbed"):
                time.sleep(0.05)
            self.peer.sendall(self.answer(request))


listener = socket.socket(socket.AF_UNIX)
listener.bind("/tmp/.X11-unix/X0")
listener.listen(5)
while True:
    peer = listener.accept()[0]
    if os.fork() == 0:
        Client(peer).serve()
SERVER
printf '#!/bin/sh\nexec /srv/server\n' >"$root/srv/screen"
chmod 755 "$root/srv/server" "$root/srv/screen"

# has_asked OPCODE NUMBER: the supervisor has asked that so many times
has_asked() {
	[ -e "$root/var/asked" ] && [ "$(grep -c "^$1\$" "$root/var/asked")" -ge "$2" ]
}

# start [NAME...]: where those are in /var, and the first look has been taken
start() {
	for name in asked window compositor drawn grabbed tells refuses; do
		rm -f "$root/var/$name"
	done
	rm -f "$root/tmp/.X11-unix/X0"
	for name; do
		: >"$root/var/$name"
	done
	"$supervise" -- "$root" || fail "it did not start"
	within 20 has_asked 73 3
}

end() {
	"$supervise" --undo -- "$root" || fail "undo"
}

window() { # X Y WIDTH HEIGHT: whole, or not there
	echo "$@" >"$root/var/moving" && mv "$root/var/moving" "$root/var/window"
}

# Longer than the time between two slow looks.
asks_nothing() {
	local before
	before=$(wc -l <"$root/var/asked")
	sleep 3
	[ "$before" = "$(wc -l <"$root/var/asked")" ]
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
within 20 has_asked 14 3
marked 'early.shown' && fail "a window beside the screen passes for a picture"
window 0 0 640 480
within 20 count 1 'early.shown name=screen'
end

# gnome-shell has the server for itself for seconds; meanwhile others are looked after
start compositor
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
end

# a server that tells of compositors, too, is asked when it has told of something
start tells
asks_nothing || fail "a server on which nothing happens is asked"
window -100 -100 2 2
within 20 has_asked 14 2
asks_nothing || fail "a server on which nothing happens any more is asked"
: >"$root/var/compositor"
within 20 has_asked 73 12
: >"$root/var/drawn"
within 20 count 3 'early.shown name=screen'
end

# one that refuses to tell is asked again and again
start tells refuses
within 20 has_asked 14 3
window 0 0 640 480
within 20 count 4 'early.shown name=screen'
end

# nobody stays behind who waits for the server
start
: >"$root/var/grabbed"
end
within 20 sh -c '! pgrep -x initfs-supervis'
exit 0
