# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way in which a seal can end, and everything that a preparation refuses. argv: as the others."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import time

from hold_client import Disk, Hold, check, equal, is_alive, mounts, wait_until

root, folder = sys.argv[1:]
var, srv = f"{root}/var", f"{root}/srv"


class Child:
    """One thing done by a process of its own, whose result comes when it comes."""

    def __init__(self, act):
        self.out, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            hold.close()  # or the connection would stay open with this process
            try:
                os.write(theirs, repr(act()).encode())
            except BaseException as why:
                os.write(theirs, repr(why).encode())
            os._exit(0)
        os.close(theirs)
        os.set_blocking(self.out, False)

    def is_waiting(self):
        """In the kernel, for an answer of the view."""
        try:
            with open(f"/proc/{self.pid}/wchan") as wchan:
                return wchan.read() == "request_wait_answer"
        except OSError:
            return False

    def has_result(self):
        try:
            self.text = os.read(self.out, 4096).decode()
            return True
        except BlockingIOError:
            return False

    def result(self):
        wait_until(self.has_result, "a result")
        os.waitpid(self.pid, 0)
        os.close(self.out)
        return self.text


def waits():
    """A program that asks the view and has to wait."""
    child = Child(lambda: os.listdir(f"{srv}/spool"))
    wait_until(child.is_waiting, "it waits for the seal")
    check(not child.has_result(), "it was answered behind a seal")
    return child


def answers(path):
    """A stat is no proof: the kernel answers it from what the dead view has told it."""
    try:
        os.close(os.open(path, os.O_RDONLY))
        return True
    except OSError:
        return False


disk = Disk(root, f"{folder}/disk")
hold = Hold(root)

# --- mistakes
for request, error in [("nonsense", errno.EINVAL), ("", None), ("seal now", errno.EINVAL), ("seal brief now", errno.EINVAL),
                       ("prepare", errno.EINVAL), ("prepare 0", errno.EPROTO),
                       ("switch 0", errno.EPROTO), ("unseal", errno.EPROTO)]:
    if error:
        equal(hold.error(request), error, request)
hold.need("seal")
second = Hold(root)
equal(second.error("seal"), errno.EBUSY, "a second seal")
equal(second.error("unseal"), errno.EPROTO, "unseal by another one")
equal(second.error("prepare 0", f"{disk.at}/var"), errno.EPROTO, "prepare by another one")
equal(second.need("status")["state"], "sealed", "the state")
second.close()
equal(hold.error("prepare 0"), errno.EBADF, "prepare without a directory")
equal(hold.error("prepare 7", f"{disk.at}/var"), errno.ENOENT, "a layer that is none")
equal(hold.error("prepare x", f"{disk.at}/var"), errno.EINVAL, "a number that is none")
equal(hold.error("switch 0"), errno.EPROTO, "switch without prepare")
equal(hold.need("status")["state"], "sealed", "the state after all this")
hold.need("unseal")

# --- a brief seal holds requests as any other, and moves nothing
hold.need("seal brief")
waiting = waits()
equal(hold.error("seal"), errno.EBUSY, "a seal in a brief one")
equal(hold.error("prepare 0", f"{disk.at}/var"), errno.EPROTO, "prepare in a brief seal")
equal(hold.error("switch 0"), errno.EPROTO, "switch in a brief seal")
check(not waiting.has_result(), "a program waits for the end of the brief seal")
hold.need("unseal")
check("[" in waiting.result(), "a program goes on after the brief seal")
refused = subprocess.run(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "socat", "-u",
                          f"UNIX-CONNECT:{root}/run/initfs/hold.sock,type=5", "-"],
                         capture_output=True)
check(refused.returncode != 0 and b"Permission denied" in refused.stderr, f"others may ask: {refused}")

# --- the ends of a seal
hold.need("seal")
child = waits()
hold.need("unseal")
equal(child.result(), "[]", "what waited for unseal")

hold.need("seal")
child = waits()
hold.close()
equal(child.result(), "[]", "what waited while the connection closed")

to_it, go = os.pipe()
ready, told = os.pipe()
merge = os.fork()
if merge == 0:
    mine = Hold(root)
    mine.need("seal")
    os.write(told, b"x")
    os.read(to_it, 1)
os.read(ready, 1)
child = waits()
os.kill(merge, signal.SIGKILL)
os.waitpid(merge, 0)
equal(child.result(), "[]", "what waited while the merge was killed")

# --- locks that wait do not hinder a seal, and a signal ends the waiting
hold = Hold(root)
path = f"{var}/log/locked"
held = os.open(path, os.O_RDWR | os.O_CREAT)
fcntl.flock(held, fcntl.LOCK_EX)
fcntl.lockf(held, fcntl.LOCK_EX)


def lock_it(kind):
    fd = os.open(path, os.O_RDWR)
    kind(fd, fcntl.LOCK_EX)
    return "locked"


def lock_until_signal(kind):
    class Alarm(Exception):
        pass

    def on_alarm(*_):
        raise Alarm

    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    return lock_it(kind)


for kind in fcntl.flock, fcntl.lockf:
    equal(Child(lambda: lock_until_signal(kind)).result(), "Alarm()", f"{kind.__name__} and a signal")
    killed = Child(lambda: lock_it(kind))
    wait_until(killed.is_waiting, "it waits for the lock")
    os.kill(killed.pid, signal.SIGKILL)
    os.waitpid(killed.pid, 0)
waiting = [Child(lambda: lock_it(kind)) for kind in (fcntl.flock, fcntl.lockf)]
for child in waiting:
    wait_until(child.is_waiting, "it waits for the lock")
hold.need("seal")
hold.need("unseal")
check(not any(child.has_result() for child in waiting), "a lock was given twice")
fcntl.lockf(held, fcntl.LOCK_UN)
equal(waiting[1].result(), "'locked'", "a POSIX lock that waited")
check(not waiting[0].has_result(), "flock was given twice")
fcntl.flock(held, fcntl.LOCK_UN)  # its children have the descriptor too
os.close(held)
equal(waiting[0].result(), "'locked'", "flock that waited")

# --- what a preparation refuses; each time everything goes on in RAM
log = os.open(f"{var}/log/messages", os.O_WRONLY | os.O_APPEND)
os.write(log, b"first\n")
fcntl.flock(log, fcntl.LOCK_EX)
on_disk = f"{disk.at}/var/log/messages"


def refuses(error, what, damage, repair):
    hold.need("seal")
    disk.publish(0, "/var")
    damage()
    reply = hold.ask("prepare 0", f"{disk.at}/var")
    equal(reply.split()[:2], ["error", str(error)], what)
    equal(hold.error("switch 0"), errno.EPROTO, f"switch after {what}")
    repair()
    hold.need("unseal")
    os.write(log, what.encode() + b"\n")
    with open(f"{var}/log/messages", "rb") as file:
        check(file.read().endswith(what.encode() + b"\n"), f"the log after {what}")
    return reply


def nothing():
    pass


reply = refuses(errno.ENOENT, "a name that is missing", lambda: os.unlink(on_disk), nothing)
check("/var/log/messages" in reply, f"it does not say which name: {reply}")
refuses(errno.ESTALE, "another size", lambda: os.truncate(on_disk, 1), nothing)
refuses(errno.ESTALE, "another mode", lambda: os.chmod(on_disk, 0o600), nothing)
refuses(errno.ESTALE, "another owner", lambda: os.chown(on_disk, 5, 5), nothing)


def become_directory():
    os.unlink(on_disk)
    os.mkdir(on_disk)


refuses(errno.ESTALE, "another type", become_directory, nothing)
thief = []


def lock_on_disk():
    thief.append(os.open(on_disk, os.O_RDWR))
    fcntl.flock(thief[0], fcntl.LOCK_EX)


refuses(errno.EAGAIN, "a lock of somebody else", lock_on_disk, lambda: os.close(thief[0]))
refuses(errno.EBUSY, "a mount over it", lambda: disk.run("mount", "-t", "tmpfs", "none", var),
        lambda: disk.run("umount", var))

# --- the process dies behind a seal
pid, guard = hold.pids()
hold.need("seal")
child = waits()
os.kill(pid, signal.SIGKILL)
result = child.result()  # an error, or the new view's answer: it depends on where it waited
check(result == "[]" or "Error" in result, f"what waited for a dead view got {result}")
wait_until(lambda: is_alive(hold.pids()[0]) and hold.pids()[0] != pid, "a new process")
wait_until(lambda: answers(f"{var}/log/messages"), "it answers")
wait_until(lambda: answers(f"{srv}/log/messages"), "it answers")
# Between the dead view and the new one the bare overlay answers.
wait_until(lambda: mounts().count("fuse.initfs-hold") == 2, "both views")
hold.close()
with contextlib.suppress(OSError):  # a file of the dead view: closing it reports that
    os.close(log)
hold = Hold(root)
equal(hold.need("status")["guard"], str(guard), "the guard")

# --- one layer is switched, the other one stays
file = os.open(f"{srv}/log/messages", os.O_WRONLY | os.O_APPEND)
hold.need("seal")
disk.publish(0, "/var")
hold.need("prepare 0", f"{disk.at}/var")
hold.need("switch 0")
hold.close()
hold = Hold(root)
equal(hold.need("status")["state"], "live", "the state of half")
equal(mounts().count("fuse.initfs-hold"), 1, "views")
os.write(file, b"in RAM\n")
hold.need("seal")
equal(hold.error("prepare 0", f"{disk.at}/var"), errno.EALREADY, "the layer that is on the disk")

# Its process dies: the one that comes next serves only what is left.
pid = hold.pids()[0]
os.kill(pid, signal.SIGKILL)
wait_until(lambda: is_alive(hold.pids()[0]) and hold.pids()[0] != pid, "a new process")
wait_until(lambda: answers(f"{srv}/log/messages"), "it answers")  # perhaps the disk, for a moment
wait_until(lambda: mounts().count("fuse.initfs-hold") == 1, "one view")
with contextlib.suppress(OSError):
    os.close(file)
file = os.open(f"{srv}/log/messages", os.O_WRONLY | os.O_APPEND)
hold.close()
hold = Hold(root)

# --- a seal that nobody ends, ends by itself
hold.need("seal")
child = waits()
wait_until(child.has_result, "the seal ends by itself", seconds=60)
os.waitpid(child.pid, 0)
equal(hold.error("switch 1"), errno.ETIMEDOUT, "switch behind a seal that has ended")
equal(hold.error("unseal"), errno.ETIMEDOUT, "unseal behind a seal that has ended")
equal(hold.error("unseal"), errno.EPROTO, "and once more")

pids = hold.pids()
hold.need("seal")
disk.publish(1, "/srv")
hold.need("prepare 1", f"{disk.at}/srv")
hold.need("switch 1")
hold.need("unseal")
equal(hold.need("status")["state"], "disk", "the state of all")
os.write(file, b"on the disk\n")
with open(f"{disk.at}/srv/log/messages") as text:
    equal(text.read(), "old\nin RAM\non the disk\n", "the file")
os.close(file)
wait_until(lambda: not any(map(is_alive, pids)), "the processes end")
disk.release()
