# SPDX-License-Identifier: GPL-2.0-or-later
"""One trouble in the middle of a merge. argv: the trouble, the root, a free folder."""

import ctypes
import errno
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

from between import Between, connect
from hold_client import check, equal, is_alive, mounts, wait_until

trouble, root, folder = sys.argv[1:]
var, tmp, state = f"{root}/var", f"{root}/tmp", f"{root}/run/initfs"


def merge_now(want):
    done = subprocess.run(["initfs-merge", "--now", "--", root], stderr=subprocess.PIPE, text=True)
    equal(done.returncode, want, f"the exit code of the merge, which said {done.stderr!r},")
    return done.stderr


def merge_later():
    """A merge that somebody may kill."""
    return subprocess.Popen(["initfs-merge", "--now", "--", root], stderr=subprocess.DEVNULL)


def events(name):
    with open(f"{state}/timeline") as file:
        return [entry for entry in file.read().splitlines() if entry.split()[1] == name]


def text(path):
    with open(path) as file:
        return file.read()


def writable():
    subprocess.run(["mount", "-o", "remount,rw", root], check=True)


def pid_of(name):
    return int(text(f"{state}/{name}.pid"))


class Program:
    """What a program has in its hands: a log, and a file that it makes anew each time."""

    def __init__(self):
        self.lines = 0
        self.log = self.open()
        self.write()

    def open(self):
        return os.open(f"{var}/log/program", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def open_again(self):
        try:
            os.close(self.log)
        except OSError as error:
            equal(error.errno, errno.ENOTCONN, "closing what the dead server had")
        self.log = self.open()

    def write(self):
        os.write(self.log, b"%d\n" % self.lines)
        self.lines += 1
        with open(f"{tmp}/made", "w") as file:
            file.write(str(self.lines))

    def has_all(self):
        equal(text(f"{var}/log/program"), "".join(f"{n}\n" for n in range(self.lines)), "the log")
        equal(text(f"{tmp}/made"), str(self.lines), "the file that is made anew")


def merged(program):
    program.write()
    program.has_all()
    check("initfs" not in "".join(m.split(" - ")[1] for m in mounts().splitlines()),
          f"nothing of ours is mounted: {mounts()}")
    for name in ("ram", "layer", "layers", "merge.pid"):
        check(not os.path.exists(f"{state}/{name}"), f"{name} is gone")
    check(not os.path.exists(f"{root}/.initfs-staging"), "the staging directory is gone")
    check(not os.path.exists(f"{var}/big"), "what was deleted is deleted")


def unmerged(program):
    """Programs go on in RAM, at once: nobody is left behind a seal."""
    program.write()
    program.has_all()
    check(os.path.exists(f"{state}/layers"), "the layers are there")
    # A merge that was killed removes nothing; what it left is the next one's.
    check(trouble.startswith("merge-killed") or not os.path.exists(f"{root}/.initfs-staging"),
          "the staging directory is gone")


def merge_wait(*options):
    equal(subprocess.run(["initfs-merge", "--wait", *options, "--", root]).returncode, 0, "--wait")


def see_run():
    """initfs looks at /run, and starts an initfs-merge that looks at /: they get this root's."""
    real = shutil.which("initfs-merge")
    os.mkdir(f"{folder}/bin")
    with open(f"{folder}/bin/initfs-merge", "w") as file:
        file.write(f'#!/bin/sh\n[ "$*" = "--wait --manual -- /" ] && exec {real} --wait --manual -- {root}\n')
    os.chmod(f"{folder}/bin/initfs-merge", 0o755)
    subprocess.run(["mount", "--bind", f"{root}/run", "/run"], check=True)


def initfs_merge(want, *options):
    path = f"{folder}/bin:{os.environ['PATH']}"
    done = subprocess.run(["initfs", "merge", *options], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, "PATH": path})
    equal(done.returncode, want, f"the exit code of initfs merge, which said {done.stdout!r},")
    return done.stdout


def ticks(pid, count):
    """Waits until a process has woken up so often."""
    def switches():
        with open(f"/proc/{pid}/status") as file:
            return int(file.read().split("\nvoluntary_ctxt_switches:")[1].split()[0])

    before = switches()
    wait_until(lambda: switches() >= before + count, "it looks around")


def runlevel(level):
    """As init says it in utmp: the record of a runlevel, which is packed with the one before."""
    record = struct.pack("hxxi", 1, ord("2") * 256 + ord(level))
    with open(f"{root}/run/utmp", "wb") as file:
        file.write(record.ljust(384, b"\0"))


def with_fstab(text):
    writable()
    os.makedirs(f"{root}/etc")
    with open(f"{root}/etc/fstab", "w") as file:
        file.write(text)
    subprocess.run(["mount", "-o", "remount,ro", root], check=True)


program = Program()
os.unlink(f"{var}/big")

if trouble in ("seal-refused", "prepare-refused", "view-hangs-up"):
    request, answer = {
        "seal-refused": ("seal", b"error 110 requests do not end"),
        "prepare-refused": ("prepare 1", b"error 28 no room for an orphan"),
        "view-hangs-up": ("prepare 1", False),
    }[trouble]
    writable()
    os.makedirs(f"{var}/new/sub")
    for name in ("kept", "deleted", "sub/deleted"):
        with open(f"{var}/new/{name}", "w") as file:
            file.write(name)
    between = Between(state, request, lambda: answer)
    said = merge_now(1)
    if answer:
        check(answer.decode().split(" ", 2)[2] in said, f"why, in: {said}")
    equal(len(events("merge.failed")), 1, "failures in the timeline")
    unmerged(program)
    # The disk may have that directory by now; what is deleted in it must not come back.
    os.unlink(f"{var}/new/deleted")
    shutil.rmtree(f"{var}/new/sub")
    between.trouble = None
    merge_now(0)
    merged(program)
    equal(os.listdir(f"{var}/new"), ["kept"], "the new directory")

elif trouble == "merge-killed-sealed":
    writable()
    process = None
    between = Between(state, "prepare 0", lambda: process.kill() or process.wait() and False)
    process = merge_later()
    wait_until(lambda: process.poll() is not None, "the merge is dead")
    unmerged(program)
    between.trouble = None
    merge_now(0)
    merged(program)

elif trouble == "merge-killed-between":
    writable()
    process = None
    between = Between(state, "switch 1", lambda: process.kill() or process.wait() and False)
    process = merge_later()
    wait_until(lambda: process.poll() is not None, "the merge is dead")
    # /var is on the disk, /tmp is not. What is written now to /var must not be taken back.
    unmerged(program)
    with open(f"{var}/log/messages", "w") as file:
        file.write("written to the disk\n")
    os.mkdir(f"{var}/big")
    between.trouble = None
    merge_now(0)
    equal(text(f"{var}/log/messages"), "written to the disk\n", "a file on the disk")
    check("prepare 0" not in between.seen[between.seen.index("switch 1"):], "one layer is left")
    os.rmdir(f"{var}/big")
    merged(program)

elif trouble in ("server-killed-sealed", "server-killed-between"):
    writable()
    request = "prepare 1" if trouble == "server-killed-sealed" else "switch 1"
    victim = pid_of("hold")

    def kill_server():
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not is_alive(victim), "the server is dead")

    between = Between(state, request, kill_server)
    merge_now(1)
    wait_until(lambda: events("hold.again"), "another server")
    between.trouble = None
    # The new server listens at the socket's own name.
    if os.path.exists(f"{state}/hold.real") and os.path.exists(f"{state}/hold.sock"):
        os.unlink(f"{state}/hold.real")
    # What was open through the dead server is dead; paths lead on.
    program.open_again()
    unmerged(program)
    wait_until(lambda: subprocess.run(["initfs-merge", "--now", "--", root]).returncode == 0,
               "a merge through the new server")
    merged(program)

elif trouble == "mounted-meanwhile":
    writable()
    os.mkdir(f"{var}/late")
    place = os.open(f"{var}/late", os.O_RDONLY)

    def mount():
        # Through a descriptor: a path would wait behind the seal, and mount(8) asks for paths.
        at = f"/proc/self/fd/{place}".encode()
        equal(ctypes.CDLL(None).mount(b"late", at, b"tmpfs", 0, None), 0, "mount(2)")

    between = Between(state, "prepare 0", mount)
    check("mounted just now" in merge_now(1), "it says why")
    unmerged(program)
    os.close(place)
    between.trouble = None
    with open(f"{var}/late/file", "w") as file:
        file.write("there")
    merge_now(0)
    equal(text(f"{var}/late/file"), "there", "the mount that came late")
    subprocess.run(["umount", f"{var}/late"], check=True)
    merged(program)

elif trouble == "disk-full":
    writable()
    with open(f"{var}/much", "wb") as file:
        file.write(os.urandom(56 << 20))
    daemon = subprocess.run(["initfs-merge", "--wait", "--", root])
    equal(daemon.returncode, 0, "the exit code of --wait")
    wait_until(lambda: events("merge.refused"), "the merge is refused")
    check("No space" in events("merge.refused")[0], "it says why")
    unmerged(program)
    os.unlink(f"{var}/much")
    os.kill(pid_of("merge"), signal.SIGUSR1)
    wait_until(lambda: not os.path.exists(f"{state}/layers"), "the merge is done")
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended")
    merged(program)

elif trouble == "read-only":
    check("Read-only" in merge_now(3), "it says why")
    unmerged(program)
    writable()
    merge_now(0)
    merged(program)

elif trouble == "socket":
    # A socket that somebody is bound to can be reached until he closes it; then all is gone.
    writable()
    code = ("import os, socket, sys; os.chroot(sys.argv[1]); s = socket.socket(socket.AF_UNIX);"
            "s.bind('/var/bound'); s.listen(); print(flush=True); sys.stdin.read()")
    server = subprocess.Popen([sys.executable, "-c", code, root], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    server.stdout.readline()
    merge_now(0)
    check([e for e in events("socket.kept") if e.endswith("names=bound")],
          f"the timeline names the socket: {events('socket.kept')}")
    equal(events("merge.socket"), [], "sockets that nobody reaches any more")
    client = socket.socket(socket.AF_UNIX)
    connect(f"{var}/bound", client.connect)
    client.close()
    server.communicate(b"")
    wait_until(lambda: "initfs-hold" not in mounts(), "the rest of the view is gone")
    merged(program)

elif trouble == "stopped":
    equal(subprocess.run(["initfs-merge", "--wait", "--", root]).returncode, 0, "--wait")
    waiting = pid_of("merge")
    check(os.path.exists(f"{root}/run/sendsigs.omit.d/initfs-merge"), "sendsigs leaves it alone")
    os.kill(waiting, signal.SIGTERM)
    wait_until(lambda: not is_alive(waiting), "it ends when it is told to")
    check(not os.path.exists(f"{state}/merge.pid"), "no pid file")
    check(not os.path.exists(f"{root}/run/sendsigs.omit.d/initfs-merge"), "not listed any more")
    equal(events("merge.wake"), [], "attempts")
    unmerged(program)
    writable()
    merge_now(0)
    merged(program)

elif trouble == "second-merge":
    equal(subprocess.run(["initfs-merge", "--wait", "--", root]).returncode, 0, "--wait")
    check("running or waiting" in merge_now(3), "it says why")
    equal(subprocess.run(["initfs-merge", "--wait", "--", root]).returncode, 3, "--wait again")
    writable()
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended")
    merged(program)

elif trouble == "nothing-left":
    # Somebody took a view away: what RAM holds is nobody's business to throw away.
    writable()
    subprocess.run(["umount", "-l", tmp], check=True)
    check("taken it away" in merge_now(3), "it says why")
    check(os.path.exists(f"{state}/layers"), "the layers are there")
    equal(text(f"{state}/ram/1/upper/made"), "1", "the file in RAM")

elif trouble == "late-fstab":
    # Waits for what is at or above, without end; SIGUSR1 does not wait for what is below.
    subprocess.run(["mount", "-o", "remount,rw", root], check=True)
    os.makedirs(f"{root}/etc")
    with open(f"{root}/etc/fstab", "w") as file:
        file.write("/dev/x / ext4 defaults 0 1\n/dev/y /var/below ext4 defaults 0 2\n"
                   "/dev/z /var/network nfs defaults\n")
    equal(subprocess.run(["initfs-merge", "--wait", "--", root]).returncode, 0, "--wait")
    waiting = pid_of("merge")

    wait_until(lambda: "poll" in text(f"/proc/{waiting}/wchan"), "it sleeps")
    equal(events("merge.wake"), [], "attempts")
    os.kill(waiting, signal.SIGUSR1)
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended")
    merged(program)

elif trouble == "asked":
    # initfs merge says how it went; without the process that waits it starts another.
    equal(initfs_merge(0), "nothing is in RAM\n", "what it says where nothing is")
    see_run()
    merge_wait("--manual")
    with open(f"{var}/much", "wb") as file:
        file.write(os.urandom(56 << 20))
    check("/ is read-only" in initfs_merge(3), "it names what is missing")
    writable()
    check("No space" in initfs_merge(3), "it says why")
    unmerged(program)
    initfs_merge(2, "too-much")
    initfs_merge(2, "--later")
    # As if it had died: whoever asks next does not depend on it.
    os.kill(pid_of("merge"), signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "nobody waits")
    os.unlink(f"{var}/much")
    check("names with" in initfs_merge(0), "it says how much")
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended")
    equal(initfs_merge(0), "nothing is in RAM\n", "what it says the second time")
    merged(program)

elif trouble == "manual":
    # By hand means by hand, whatever is mounted; a shutdown is the last chance.
    merge_wait("--manual")
    writable()
    ticks(pid_of("merge"), 3)
    equal(events("merge.wake"), [], "attempts")
    unmerged(program)
    runlevel("0")
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended")
    equal(len(events("merge.going-down")), 1, "shutdowns seen")
    merged(program)

elif trouble in ("going-down", "lost"):
    # A shutdown while the disk is full: init's sendsigs tells all to end, waits, and kills who is left.
    writable()
    with open(f"{var}/much", "wb") as file:
        file.write(os.urandom(56 << 20))
    merge_wait()
    wait_until(lambda: events("merge.refused"), "the merge is refused")
    merge = pid_of("merge")
    equal(text(f"/proc/{merge}/task/{merge}/children"), "", "children before that")
    runlevel("0")
    wait_until(lambda: events("merge.going-down"), "it sees the shutdown")
    equal(events("merge.lost"), [], "what is lost while there is time")
    child = int(text(f"/proc/{merge}/task/{merge}/children"))
    # killall5 asks who is alive, and tells them to end.
    os.kill(child, signal.SIGCONT)
    if trouble == "going-down":
        os.unlink(f"{var}/much")
        os.kill(child, signal.SIGTERM)
        wait_until(lambda: not is_alive(child), "nobody is waited for any more", 60)
        wait_until(lambda: not is_alive(merge), "the merge has ended")
        equal(events("merge.lost"), [], "what is lost")
        merged(program)
    else:
        before = len(events("merge.refused"))
        os.kill(child, signal.SIGTERM)
        wait_until(lambda: len(events("merge.refused")) > before, "it tries at once")
        check(is_alive(child), "it is waited for")
        equal(events("merge.lost"), [], "what is lost while there is time")
        os.kill(child, signal.SIGKILL)
        wait_until(lambda: events("merge.lost"), "it says what is lost")
        wait_until(lambda: len(events("merge.refused")) > before + 3, "it goes on trying", 60)
        equal(len(events("merge.lost")), 1, "how often it says so")
        check("No space" in events("merge.lost")[0] and "bytes=58" in events("merge.lost")[0], events("merge.lost"))
        # umountfs has failed, and somebody makes room: still not too late.
        os.unlink(f"{var}/much")
        wait_until(lambda: not is_alive(merge), "the merge has ended", 60)
        merged(program)

elif trouble == "cut-off":
    # A shutdown that waits for nobody: umountfs takes the RAM away, then the views.
    with open(f"{var}/much", "wb") as file:
        file.write(os.urandom(56 << 20))
    merge_wait()
    merge = pid_of("merge")
    runlevel("6")
    wait_until(lambda: events("merge.going-down"), "it sees the shutdown")
    writable()
    wait_until(lambda: events("merge.refused"), "the merge is refused")
    subprocess.run(["umount", f"{state}/ram"], check=True)
    ticks(merge, 2)
    before = len(events("merge.wake"))
    ticks(merge, 5)
    equal(len(events("merge.wake")), before, "attempts without the layer")
    equal(events("merge.lost"), [], "what is lost while programs have it")
    for directory in ("tmp", "var"):
        subprocess.run(["umount", "--lazy", f"{root}/{directory}"], check=True)
    wait_until(lambda: events("merge.lost"), "it says what is lost")
    check("No space" in events("merge.lost")[0] and "bytes=58" in events("merge.lost")[0], events("merge.lost"))
    ticks(merge, 3)
    equal(len(events("merge.lost")), 1, "how often it says so")
    os.kill(merge, signal.SIGTERM)

elif trouble == "cause-gone":
    # Nobody asks and nothing is mounted: it comes back by itself when the disk has room again.
    writable()
    with open(f"{var}/much", "wb") as file:
        file.write(os.urandom(56 << 20))
    merge_wait()
    wait_until(lambda: events("merge.refused"), "the merge is refused")
    os.unlink(f"{var}/much")
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended", 60)
    merged(program)

elif trouble == "near-full":
    # What is only wanted is not waited for when RAM runs short. The cap is kept: ENOSPC, no more.
    with_fstab("/dev/x / ext4 defaults 0 1\n/dev/y /var/below ext4 defaults 0 2\n")
    merge_wait()
    error = None
    try:
        with open(f"{var}/much", "wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 20))
    except OSError as full:
        error = full.errno
    equal(error, errno.ENOSPC, "what a program gets that fills RAM")
    ram = os.statvfs(f"{state}/ram")
    equal(ram.f_blocks * ram.f_frsize, 64 << 20, "the size of the RAM")
    wait_until(lambda: events("ram.near-full"), "it sees that RAM runs short")
    equal(events("merge.wake"), [], "attempts on a root that is read-only")
    os.truncate(f"{var}/much", 20 << 20)
    program.has_all()
    writable()
    wait_until(lambda: not os.path.exists(f"{state}/merge.pid"), "the merge has ended", 40)
    merged(program)

else:
    sys.exit(f"what is {trouble}?")
