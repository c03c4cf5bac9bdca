# SPDX-License-Identifier: GPL-2.0-or-later
"""A user with very many sockets, and a few of others, while the merge takes the view away. argv: root, the
merge's pid."""

import ctypes
import os
import socket
import sys

from hold_client import check, equal, is_alive, mounts, wait_until

root, merge_pid = sys.argv[1], int(sys.argv[2])
MANY, HIS = 300, 32  # HIS: KEEP_OF_USER of helpers/merge/keep.h
libc = ctypes.CDLL(None)
os.chroot(root)
os.chdir("/")


def bound(path, owner):
    """A socket that listens; with the rights of its owner, who may do so in /tmp only."""
    os.seteuid(owner)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    os.seteuid(0)
    return server


def answers(path):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(path)
        return True
    except ConnectionRefusedError:
        return False


def events(name):
    with open("/run/initfs/timeline") as file:
        return [line.split()[2:] for line in file.read().splitlines() if line.split()[1] == name]


# /tmp is looked at first, and the names in it one by one.
his = [bound(f"/tmp/{n:03}", 1000) for n in range(MANY)]
mine = [f"/tmp/of-root{n}" for n in range(3)] + [f"/var/spool/of-root{n}/socket" for n in range(40)]
for path in mine[3:]:
    os.makedirs(os.path.dirname(path))
servers = [bound(path, 0) for path in mine] + [bound("/tmp/of-another", 2000)]
equal(libc.mount(None, b"/", None, 32, None), 0, "remounting the root")
wait_until(lambda: not os.path.exists("/run/initfs/layers"), "the layers are gone", 120)
wait_until(lambda: not is_alive(merge_pid), "the merge ends")

for path in mine + ["/tmp/of-another"]:
    check(answers(path), f"{path} answers")
left = [n for n in range(MANY) if answers(f"/tmp/{n:03}")]
equal(len(left), HIS, "sockets of the one who has very many")
equal(len(events("merge.socket")), MANY - HIS, "sockets that are said to be lost")
for server in his + servers:
    server.close()
wait_until(lambda: "fuse.initfs-hold" not in mounts(), "nothing of ours is mounted", 60)
