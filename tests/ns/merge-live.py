# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that go on working while their RAM becomes disk. argv: root, free folder, the merge's pid,
and where /var or /tmp has a file system of its own, its device, which of them, and its options."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time

from hold_client import check, equal, is_alive, mounts, wait_until

root, folder, merge_pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
device = sys.argv[4] if len(sys.argv) > 4 else None
own, options = sys.argv[5:7] if device else ("/var", "")
other = "/tmp" if own == "/var" else "/var"
var, tmp, state = root + own, root + other, f"{root}/run/initfs"
stop = f"{folder}/stop"
# Until the merge has put a file system of its own beneath the view, paths lead to it for a moment: a
# program that goes by a path may then miss what it has made before.
logs = tmp if device else f"{var}/log"


# Between init's mount(2) and the view's return paths lead to the bare file system, as docs/merge.md says. A
# program that works just then may fail as it would without a view; then there is nothing to compare.
BARE = 75


def shown_again():
    """When the view was there again; what began before that may have met the moment."""
    wait_until(lambda: "merge.target" in open(f"{state}/timeline").read(), "the view is shown again")
    return next(float(entry.split()[0]) for entry in open(f"{state}/timeline")
                if entry.split()[1] == "merge.target")


class Worker:
    """A process that does step(n) for n = 0, 1, 2, … until it is told to stop."""

    def __init__(self, name, step):
        self.name = name
        self.progress = f"{folder}/{name}"
        with open(self.progress, "w"):
            pass
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                self.work(step)
                status = 0
            except BaseException as error:  # the parent has to hear of everything
                print(f"{name}: {error!r}", file=sys.stderr, flush=True)
                if isinstance(error, OSError) and device and self.began < shown_again():
                    status = BARE
            os._exit(status)

    def work(self, step):
        done = os.open(self.progress, os.O_WRONLY)
        n = 0
        while not os.path.exists(stop):
            self.began = time.clock_gettime(time.CLOCK_BOOTTIME)
            step(n)
            n += 1
            os.pwrite(done, b"%d" % n, 0)

    def count(self):
        with open(self.progress) as file:
            return int(file.read() or 0)

    def end(self):
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if status == BARE:
            print("a program met the moment in which paths lead to what init has mounted")
            sys.exit(BARE)
        equal(status, 0, f"how {self.name} ended")
        return self.count()


def line(n):
    return b"line %d of many\n" % n


def lines(count):
    return b"".join(line(n) for n in range(count))


def appender():
    """syslog: one descriptor for ever."""
    fd = os.open(f"{var}/log/held", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    return lambda n: os.write(fd, line(n))


def reopener(n):
    fd = os.open(f"{var}/log/reopened", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(fd, line(n))
    os.close(fd)


def rotator():
    """Writes into an open log, and renames it away after each 50 lines."""
    box = {"fd": -1}

    def step(n):
        if n % 50 == 0:
            if box["fd"] >= 0:
                os.close(box["fd"])
                os.rename(f"{logs}/rotated", f"{logs}/rotated.{n // 50 - 1:06}")
            box["fd"] = os.open(f"{logs}/rotated", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(box["fd"], line(n))

    return step


def inside():
    """A spooler whose working directory is inside."""
    os.makedirs(f"{var}/spool/inside", exist_ok=True)
    os.chdir(f"{var}/spool/inside")

    def step(n):
        with open(f"job{n % 200}", "wb") as file:
            file.write(line(n))
        if n >= 100:
            os.unlink(f"job{(n - 100) % 200}")

    return step


def replacer(n):
    """Writes beside and renames over, as careful programs do; reads what it finds, whole."""
    with open(f"{tmp}/state.new", "wb") as file:
        file.write(b"%08d" % n * 2000)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{tmp}/state.new", f"{tmp}/state")
    with open(f"{tmp}/state", "rb") as file:
        equal(file.read(), b"%08d" % n * 2000, "the state file")


def shuffler(n):
    """Trees that come, move and go."""
    base = f"{tmp}/trees"
    os.makedirs(f"{base}/t{n}/a/b", exist_ok=True)
    with open(f"{base}/t{n}/a/b/f", "wb") as file:
        file.write(line(n))
    os.rename(f"{base}/t{n}", f"{base}/moved{n}")
    os.link(f"{base}/moved{n}/a/b/f", f"{base}/moved{n}/link")
    if n >= 20:
        old = f"{base}/moved{n - 20}"
        os.unlink(f"{old}/link")
        os.unlink(f"{old}/a/b/f")
        os.removedirs(f"{old}/a/b")


class Server:
    """A socket in the directory that supervise binds over /tmp/.X11-unix."""

    def __init__(self):
        os.mkdir(f"{tmp}/.X11-unix")
        os.chmod(f"{tmp}/.X11-unix", 0o1777)
        os.makedirs(f"{state}/sockets/X11-unix")
        subprocess.run(["mount", "--bind", f"{state}/sockets/X11-unix", f"{tmp}/.X11-unix"],
                       check=True)
        self.socket = self.bind(f"{tmp}/.X11-unix", "X0")

    @staticmethod
    def bind(directory, name):
        """By a short name: a socket's address holds 107 bytes."""
        here = os.open(".", os.O_RDONLY)
        os.chdir(directory)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(name)
        listener.listen()
        os.fchdir(here)
        os.close(here)
        return listener

    def expect_client(self):
        # The link is absolute, so only a program of the root can follow it.
        client = subprocess.run(
            [sys.executable, "-c", "import os, socket, sys; os.chroot(sys.argv[1]);"
             "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[2] + '/.X11-unix/X0')", root, other])
        equal(client.returncode, 0, "a client of the socket")


with open(f"{root}/run/nologin", "w") as file:
    file.write("initfs: the disk is being checked\n")
os.makedirs(f"{var}/log", exist_ok=True)
os.makedirs(f"{var}/cache/mounted")
subprocess.run(["mount", "-t", "tmpfs", "x", f"{var}/cache/mounted"], check=True)
with open(f"{var}/cache/mounted/file", "w") as file:
    file.write("on a file system of its own")
server = Server()
server.expect_client()
workers = [Worker("appender", appender()), Worker("reopener", reopener),
           Worker("rotator", rotator()), Worker("replacer", replacer),
           Worker("shuffler", shuffler)]
here = os.open(".", os.O_RDONLY)
workers.append(Worker("inside", inside()))
os.fchdir(here)
os.close(here)


def watch_bare(pipe):
    """How long do paths lead to what init has mounted, before they lead to the view again?"""
    view = os.stat(var).st_dev
    first = None
    while os.path.exists(f"{state}/layers"):
        bare, now = os.stat(var).st_dev != view, time.monotonic()
        if bare and first is None:
            first = now
        if not bare and first is not None:
            os.write(pipe, b"%.0f us" % ((now - first) * 1e6))
            break
    os._exit(0)


def init_mounts():
    """What init does with a file system of its own: checks it and mounts it, over the view."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        watch_bare(writer)
    os.close(writer)
    if device == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, device, var], check=True)
    else:
        subprocess.run(["fsck", "-a", "-T", device], check=True)
        subprocess.run(["mount", "-o", options, device, var], check=True)
    return reader


def all_reach(count):
    wait_until(lambda: all(w.count() >= count or not is_alive(w.pid) for w in workers),
               "every program works", 300)


try:
    all_reach(60)
    subprocess.run(["mount", "-o", "remount,rw", root], check=True)
    bare = init_mounts() if device else None
    wait_until(lambda: not os.path.exists(f"{state}/layers"), "the layers are gone", 300)
    wait_until(lambda: not is_alive(merge_pid), "the merge ends")
    after = {w.name: w.count() for w in workers}
    wait_until(lambda: all(w.count() >= after[w.name] + 60 or not is_alive(w.pid)
                           for w in workers), "every program works on the disk", 300)
finally:
    with open(stop, "w"):
        pass
counts = {w.name: w.end() for w in workers}

# --- all is on the disk, as written: once, in order, whole
with open(f"{var}/log/held", "rb") as file:
    equal(file.read(), lines(counts["appender"]), "the log of the held descriptor")
with open(f"{var}/log/reopened", "rb") as file:
    reopened = file.read().splitlines(True)
if device and os.path.exists(f"{var}/log/reopened.initfs-disk"):
    with open(f"{var}/log/reopened.initfs-disk", "rb") as file:
        bare_lines = file.read().splitlines(True)
    print(f"{len(bare_lines)} lines in that moment")
    reopened = sorted(reopened + bare_lines, key=lambda text: int(text.split()[1]))
equal(b"".join(reopened), lines(counts["reopener"]), "the log that is opened for each line")
pieces = sorted(name for name in os.listdir(logs) if name.startswith("rotated."))
rotated = b""
for name in pieces + ["rotated"]:
    with open(f"{logs}/{name}", "rb") as file:
        rotated += file.read()
equal(rotated, lines(counts["rotator"]), "the rotated logs")
last = counts["inside"]
equal(sorted(os.listdir(f"{var}/spool/inside")),
      sorted(f"job{n % 200}" for n in range(max(0, last - 100), last)), "the spool")
equal(sorted(os.listdir(f"{tmp}/trees")),
      sorted(f"moved{n}" for n in range(max(0, counts["shuffler"] - 20), counts["shuffler"])),
      "the trees")
equal(os.stat(f"{tmp}/trees/moved{counts['shuffler'] - 1}/link").st_nlink, 2, "links of a file")

# --- mounts: the foreign one is there, nothing of ours is
with open(f"{var}/cache/mounted/file") as file:
    equal(file.read(), "on a file system of its own", "a mount inside of the protected directory")
link = f"{tmp}/.X11-unix/X0"
check(stat.S_ISLNK(os.lstat(link).st_mode), "the socket's name on the disk is a link")
equal(os.readlink(link), "/run/initfs/sockets/X11-unix/X0", "where the link leads")
server.expect_client()
check(not os.path.exists(f"{root}/run/nologin"), "logins are allowed")
check(not os.path.exists(f"{root}/.initfs-staging"), "no staging directory")
check(not os.path.exists(f"{state}/merge.pid"), "no pid file of the merge")
for name in ("ram", "layer", "layers"):
    check(not os.path.exists(f"{state}/{name}"), f"no {state}/{name}")
ours = [m for m in mounts().splitlines() if "initfs" in m.split(" - ")[1]]
equal(ours, [], "mounts of initfs")

with open(f"{root}/var/log/initfs/timeline") as file:
    events = [entry.split()[1:] for entry in file.read().splitlines()]
names = [event[0] for event in events]
for name in ("merge.wake", "merge.staged", "merge.sealed", "merge.published", "merge.switched",
             "merge.unsealed", "merge.done", "layer.gone"):
    check(name in names, f"the timeline has {name}: {names}")
check("layer.kept" not in names and "merge.failed" not in names, f"nothing failed: {events}")
if device:
    check("merge.target" in names, f"the timeline has merge.target: {names}")
    print("bare for", os.read(bare, 100).decode() or "no time that was seen")
print("pause:", next(event[1] for event in events if event[0] == "merge.unsealed"), counts)
