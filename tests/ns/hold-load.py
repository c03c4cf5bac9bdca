# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that work in a view without a pause while it is sealed, fails to switch, and switches.
argv: the root, a free folder. Each program checks itself and says what it did."""

import fcntl
import os
import signal
import sys
import time

from hold_client import Disk, Failed, Hold, check, equal, is_alive, mounts, wait_until

root, folder = sys.argv[1:]
var, stop = f"{root}/var", False


def read(path):
    with open(path, "rb") as file:
        return file.read()


def on_term(*_):
    global stop
    stop = True


def appender(base):
    """Lines through one descriptor; the log is rotated now and then, and reopened only later."""
    path, n, parts = f"{base}/log/append", 0, 0
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    while not stop:
        os.write(fd, b"line %d\n" % n)
        n += 1
        if n % 500 == 0:
            os.rename(path, f"{path}.{parts}")
            os.write(fd, b"line %d\n" % n)
            n += 1
            os.close(fd)
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            parts += 1
    os.close(fd)
    text = b"".join(read(f"{path}.{part}") for part in range(parts)) + read(path)
    equal(text, b"".join(b"line %d\n" % i for i in range(n)), "all lines, once, in order")
    return n


def replacer(base):
    """Files written beside and renamed over; whoever reads sees a whole one."""
    n = 0
    while not stop:
        with open(f"{base}/spool/new", "wb") as file:
            file.write(b"%08d" % n * 700)
        os.rename(f"{base}/spool/new", f"{base}/spool/whole")
        data = read(f"{base}/spool/whole")
        equal(data, b"%08d" % n * 700, "a replaced file")
        n += 1
    return n


def dweller(base):
    """Works by relative names from its working directory: trees are made, moved, removed."""
    os.mkdir(f"{base}/spool/home")
    os.chdir(f"{base}/spool/home")
    n = 0
    while not stop:
        os.makedirs(f"d{n}/a/b")
        with open(f"d{n}/a/b/f", "w") as file:
            file.write(str(n))
        os.rename(f"d{n}", f"e{n}")
        os.link(f"e{n}/a/b/f", f"kept-{n % 50}.new")
        os.rename(f"kept-{n % 50}.new", f"kept-{n % 50}")
        os.unlink(f"e{n}/a/b/f")
        os.removedirs(f"e{n}/a/b")
        n += 1
    equal(sorted(os.listdir(".")), sorted(f"kept-{i}" for i in range(min(n, 50))), "what is left")
    return n


def lister(base):
    """A hundred names that stay among some that come and go."""
    where, n = f"{base}/many", 0
    stay = {f"stay-{i}" for i in range(100)}
    os.mkdir(where)
    for name in stay:
        open(f"{where}/{name}", "w").close()
    while not stop:
        open(f"{where}/go-{n % 7}", "w").close()
        seen = [name for name in os.listdir(where) if name.startswith("stay-")]
        equal(len(seen), len(set(seen)), "names are doubled")
        equal(set(seen), stay, "names are lost")
        os.unlink(f"{where}/go-{n % 7}")
        n += 1
    return n


def counter(base, path="log/counter"):
    """Two of these add to one number under a lock that they wait for."""
    fd, n = os.open(f"{base}/{path}", os.O_RDWR | os.O_CREAT, 0o644), 0
    while not stop:
        if n % 2:
            fcntl.flock(fd, fcntl.LOCK_EX)
        fcntl.lockf(fd, fcntl.LOCK_EX, 0, 0)
        value = int(os.pread(fd, 20, 0) or b"0")
        os.pwrite(fd, b"%d" % (value + 1), 0)
        fcntl.lockf(fd, fcntl.LOCK_UN, 0, 0)
        if n % 2:
            fcntl.flock(fd, fcntl.LOCK_UN)
        n += 1
    return n


def keeper(base):
    """Nobody knows its file by name any more."""
    path, n = f"{base}/spool/nameless-{os.getpid()}", 0
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.unlink(path)
    while not stop:
        os.pwrite(fd, b"%08d" % n, (n % 1000) * 8)
        back = (n * 7) % min(n + 1, 1000)
        check(int(os.pread(fd, 8, back * 8)) % 1000 == back, "an unlinked file")
        n += 1
    return n


class Program:
    def __init__(self, work):
        self.out, theirs = os.pipe()
        self.name = work.__name__
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGTERM, on_term)
            try:
                os.write(theirs, f"done {work(var)}".encode())
            except BaseException as why:
                os.write(theirs, f"{type(why).__name__}: {why}".encode()[:4000])
            os._exit(0)
        os.close(theirs)

    def alive(self):
        if not is_alive(self.pid):
            raise Failed(f"{self.name} has ended: {self.result()}")

    def result(self):
        text = os.read(self.out, 4096).decode()
        os.waitpid(self.pid, 0)
        return text


disk = Disk(root, f"{folder}/disk")
hold = Hold(root)
pids = hold.pids()
programs = [Program(work) for work in (appender, replacer, dweller, lister, counter, counter, keeper, keeper)]


def went_on(seconds):
    """The programs work for a while; there is nothing to wait for but their progress."""
    before = os.stat(f"{var}/log/counter").st_mtime_ns
    wait_until(lambda: os.stat(f"{var}/log/counter").st_mtime_ns > before, "the programs go on")
    time.sleep(seconds)
    for program in programs:
        program.alive()


wait_until(lambda: all(os.path.exists(f"{var}/log/{name}") for name in ("append.0", "counter")), "the programs work")
for _ in range(20):
    hold.need("seal")
    check(hold.error("prepare 0", f"{disk.at}/proc") in (2, 116), "a foreign directory is accepted")
    hold.need("unseal")
    went_on(0.02)
stopped = programs[-1]  # it is asleep all through the switch, and has to find its file afterwards
os.kill(stopped.pid, signal.SIGSTOP)
hold.need("seal")
disk.publish(0, "/var")
began = time.monotonic()
counts = hold.need("prepare 0", f"{disk.at}/var")
hold.need("switch 0")
took = time.monotonic() - began
hold.need("unseal")
check("fuse.initfs-hold" not in mounts(), "the view is still mounted")
print(f"prepare and switch: {took * 1000:.1f} ms for {counts}")
hold.close()
os.kill(stopped.pid, signal.SIGCONT)
went_on(1.0)
for program in programs:
    os.kill(program.pid, signal.SIGTERM)
done, failed = {}, []
for program in programs:
    result = program.result()
    print(f"{program.name}: {result}")
    if result.startswith("done "):
        done.setdefault(program.name, []).append(int(result.split()[1]))
    else:
        failed.append(program.name)
equal(failed, [], "programs that were harmed")
equal(int(read(f"{disk.at}/var/log/counter")), sum(done["counter"]), "what two have counted")
wait_until(lambda: not any(map(is_alive, pids)), "the processes end with the last program")
disk.release()
