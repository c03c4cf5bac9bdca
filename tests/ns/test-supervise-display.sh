#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen is ready when its X server answers; a server that a dead screen leaves behind is ended first.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# An X server that listens at once and answers when /var/answers exists; it lives on without its
# screen. /usr/bin/python3 is the root's: /usr is the host's.
cat >"$root/srv/server" <<'SERVER'
#!/usr/bin/python3
import os, select, socket, sys
path = "/tmp/.X11-unix/X0"
if os.path.exists(path):
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(5)
with open("/var/servers", "a") as f:
    f.write("%d\n" % os.getpid())
asked = []
while True:
    if os.path.exists("/var/answers"):
        for peer in asked:
            if peer.recv(12) == b"l\0\v\0" + bytes(8):
                peer.send(b"\0no cookie")
            peer.close()
        asked = []
    if select.select([listener], [], [], 0.05)[0]:
        asked.append(listener.accept()[0])
SERVER
cat >"$root/srv/screen" <<'SCREEN'
#!/bin/sh
setsid /srv/server &
exec sleep 1000
SCREEN
chmod 755 "$root/srv/server" "$root/srv/screen"
entry screen Kind=screen Exec=/srv/screen 'MakeDir=/tmp/.X11-unix 1777' Ready=x11:/tmp/.X11-unix/X0
"$supervise" -- "$root" || fail "it did not start"

within 10 test -s "$root/var/servers"
sleep 0.3
marked 'early.ready' && fail "a server that only listens passed for ready"
: >"$root/var/answers"
within 10 marked 'early.ready name=screen'

server=$(cat "$root/var/servers")
kill -9 "$(last_pid screen)"
within 10 count 2 'early.start name=screen'
is_gone "$server" || fail "the old server was there when the screen was started again"
within 10 count 2 'early.ready name=screen'

# one that does not listen to SIGTERM is killed
server=$(tail -n 1 "$root/var/servers")
rm "$root/var/answers"
kill -STOP "$server"
kill -9 "$(last_pid screen)"
within 20 count 3 'early.start name=screen'
is_gone "$server" || fail "a deaf server was left"
"$supervise" --undo -- "$root" || fail "undo"
exit 0
