# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets and FIFOs that are in use while the merge takes the view away. argv: root, the merge's pid."""

import ctypes
import errno
import os
import signal
import socket
import stat
import sys

from hold_client import check, equal, is_alive, mounts, wait_until

root, merge_pid = sys.argv[1], int(sys.argv[2])
state = f"{root}/run/initfs"
libc = ctypes.CDLL(None)
os.chroot(root)
os.chdir("/")
os.umask(0o022)
kinds = {"stream": socket.SOCK_STREAM, "packet": socket.SOCK_SEQPACKET, "datagram": socket.SOCK_DGRAM}


def timeline():
    with open("/run/initfs/timeline") as file:
        return [line.split()[1:] for line in file.read().splitlines()]


def events(name):
    return [event[1:] for event in timeline() if event[0] == name]


def kept():
    """Mount points of parts of the view, and of nothing else of ours."""
    lines = [line.split(" - ") for line in mounts().splitlines()]
    return {left.split()[4] for left, right in lines if right.startswith("fuse.initfs-hold ")}


class Server:
    """A process that is bound to a socket and says back what it is told."""

    def __init__(self, path, kind):
        self.path, self.kind = path, kinds[kind]
        ready, theirs = os.pipe()
        self.order, mine = os.pipe()
        self.order = mine
        self.pid = os.fork()
        if self.pid == 0:
            self.serve(theirs)
        os.close(theirs)
        equal(os.read(ready, 1), b"+", f"a server at {path}")
        os.close(ready)

    def serve(self, ready):
        own = socket.socket(socket.AF_UNIX, self.kind)
        own.bind(self.path)
        if self.kind != socket.SOCK_DGRAM:
            own.listen()
        os.write(ready, b"+")
        while True:
            if self.kind == socket.SOCK_DGRAM:
                data, sender = own.recvfrom(100)
                own.sendto(b"back " + data, sender)
            else:
                peer = own.accept()[0]
                peer.send(b"back " + peer.recv(100))
                peer.close()

    def answers(self):
        client = socket.socket(socket.AF_UNIX, self.kind)
        if self.kind == socket.SOCK_DGRAM:
            client.bind("")  # an abstract name, to be answered at
        client.settimeout(20)
        client.connect(self.path)
        client.send(b"hello")
        equal(client.recv(100), b"back hello", f"the answer of {self.path}")
        client.close()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def error_of(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return error.errno
    return 0


def gone(path):
    wait_until(lambda: path not in kept(), f"{path} is no view any more")
    wait_until(lambda: [f"dir={path}"] in events("socket.gone"), f"{path} is said to be gone")


for path in ("/tmp/agent", "/tmp/deep/er/still", "/var/spool/post", "/tmp/dead", "/var/pipes"):
    os.makedirs(path)
os.chmod("/tmp/agent", 0o700)
with open("/tmp/agent/beside", "w") as file:
    file.write("beside")
agent = Server("/tmp/agent/agent.1", "stream")
deep = Server("/tmp/deep/er/still/socket", "packet")
also = Server("/tmp/deep/er/also", "stream")  # its directory contains that of the one before
post = Server("/var/spool/post/log", "datagram")
top = Server("/tmp/top", "stream")
dead = Server("/tmp/dead/socket", "stream")
dead.kill()
os.mkfifo("/var/pipes/fifo")
os.mkfifo("/var/pipes/unused")
reader = os.open("/var/pipes/fifo", os.O_RDONLY | os.O_NONBLOCK)
both = os.open("/var/fifo", os.O_RDWR | os.O_NONBLOCK)  # of the lower layer, in the top
servers = [agent, deep, also, post, top]
for server in servers:
    server.answers()

MS_REMOUNT = 32
equal(libc.mount(None, b"/", None, MS_REMOUNT, None), 0, "remounting the root")
wait_until(lambda: not os.path.exists("/run/initfs/layers"), "the layers are gone", 120)
wait_until(lambda: not is_alive(merge_pid), "the merge ends")

parts = {"/tmp/agent", "/tmp/deep/er", "/var/spool/post", "/tmp/top", "/var/pipes", "/var/fifo"}
equal(kept(), parts, "what stays a view")
equal({event[0].removeprefix("dir=") for event in events("socket.kept")}, parts, "what is said to stay")
equal(events("merge.socket"), [], "sockets that are lost")
check(stat.S_ISSOCK(os.lstat("/tmp/dead/socket").st_mode), "the dead socket's name")
for server in servers:
    server.answers()
with open("/tmp/agent/beside") as file:
    equal(file.read(), "beside", "a file beside a socket")
with open("/tmp/deep/er/later", "w") as file:
    file.write("written into a part that stays")

# who opens the FIFO now reaches who had it open before
writer = os.open("/var/pipes/fifo", os.O_WRONLY | os.O_NONBLOCK)
os.write(writer, b"through the pipe")
equal(os.read(reader, 100), b"through the pipe", "the FIFO")
again = os.open("/var/fifo", os.O_WRONLY | os.O_NONBLOCK)
os.write(again, b"in the top")
equal(os.read(both, 100), b"in the top", "the FIFO in the top")

# a server that ends as ssh-agent does removes its socket and then, at once, the directory
os.unlink("/tmp/agent/beside")
equal(error_of(os.rmdir, "/tmp/agent"), errno.EBUSY, "removing a directory with a socket")
equal(error_of(os.rename, "/tmp/deep/er/later", "/tmp/later"), errno.EXDEV, "renaming out of one")
os.unlink("/tmp/agent/agent.1")
os.rmdir("/tmp/agent")
gone("/tmp/agent")
agent.kill()

# one that is restarted while it is the view's stays reachable; when all are dead the part goes
os.unlink("/tmp/deep/er/still/socket")
deep.kill()
deep = Server("/tmp/deep/er/still/socket", "packet")
also.kill()
deep.answers()
deep.kill()
gone("/tmp/deep/er")
with open("/tmp/deep/er/later") as file:
    equal(file.read(), "written into a part that stays", "what was written into a part that stays")
equal(error_of(deep.answers), errno.ECONNREFUSED, "connecting to a dead one")
os.unlink("/tmp/deep/er/still/socket")
os.rmdir("/tmp/deep/er/still")

# the one in the top itself is a mount: its name is busy until it is dead
equal(error_of(os.unlink, "/tmp/top"), errno.EBUSY, "removing a name in the top")
top.kill()
gone("/tmp/top")
os.unlink("/tmp/top")
os.close(both)
os.close(again)
gone("/var/fifo")
os.unlink("/var/fifo")
os.close(writer)
check("/var/pipes" in kept(), "a FIFO that has a reader stays")
os.close(reader)
gone("/var/pipes")

# if initfs-hold is killed, its part answers nobody, and its guard takes it away
equal(kept(), {"/var/spool/post"}, "what is left")
pids = [int(open(f"/run/initfs/{name}.pid").read()) for name in ("hold", "hold-guard")]
os.kill(pids[0], signal.SIGKILL)
wait_until(lambda: not kept(), "the part of a dead view goes")
wait_until(lambda: not any(map(is_alive, pids)), "the processes end")
equal(error_of(post.answers), errno.ECONNREFUSED, "connecting to the disk's name")
os.unlink("/var/spool/post/log")
post.kill()
