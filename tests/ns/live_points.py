# SPDX-License-Identifier: GPL-2.0-or-later
"""A root with views over /var and /tmp and programs in them, made again for each of very many points of a merge."""
import collections
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

from hold_client import is_alive
from merge_points import (AT_SYSCALL, MERGE, STAGING, Broken, change, check, differences, dump, fill,
                          in_parallel, libc, loop_open, tree)

BUILD = os.environ["INITFS_BUILD"]
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
PR_SET_CHILD_SUBREAPER = 36
LIMIT = 120  # seconds: only for what hangs


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        check(time.monotonic() < end, f"never came true: {what}")
        time.sleep(0.01)


def do_mount(source, target, kind, flags=0, data=""):
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()) < 0:
        raise Broken(f"mount {target}")


def run(*command):
    done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, timeout=LIMIT)
    return done.returncode, done.stderr.decode(errors="replace")


class Programs:
    """What programs have open in the view, and what they were told is written."""

    def __init__(self, var):
        self.folder, self.count = f"{var}/live", 0
        os.mkdir(self.folder)
        self.log = os.open(f"{self.folder}/log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self.removed = os.open(f"{self.folder}/removed", os.O_RDWR | os.O_CREAT)
        os.unlink(f"{self.folder}/removed")
        self.inside = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self.log, fcntl.LOCK_EX)

    def work(self):
        self.count += 1
        check(os.write(self.log, b"line %04d\n" % self.count) == 10, "a line of the log")
        os.pwrite(self.removed, b"%04d" % self.count, 4 * self.count)
        name = f"file{self.count}"
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=self.inside)
        os.write(fd, name.encode())
        os.close(fd)

    def has_all(self, where):
        wanted = b"".join(b"line %04d\n" % n for n in range(1, self.count + 1))
        with open(f"{self.folder}/log", "rb") as file:
            check(file.read() == wanted, f"{where}: the log by its path")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                raise Broken(f"{where}: a lock was given twice")
            except BlockingIOError:
                pass
        check(os.pread(self.log, 1 << 20, 0) == wanted, f"{where}: the log that is open")
        for n in range(1, self.count + 1):
            check(os.pread(self.removed, 4, 4 * n) == b"%04d" % n, f"{where}: the removed file")
            with open(f"{self.folder}/file{n}") as file:
                check(file.read() == f"file{n}", f"{where}: file {n}")

    def close(self):
        for fd in (self.log, self.removed, self.inside):
            os.close(fd)


class Scene:
    """A root with views over /var and /tmp, made again for each point."""

    def __init__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that close is called
        self.folder = tempfile.mkdtemp(prefix="initfs-live-points.", dir="/dev/shm")
        self.root, self.image = f"{self.folder}/root", f"{self.folder}/image"
        self.var, self.state = f"{self.root}/var", f"{self.root}/run/initfs"
        self.programs = None
        os.mkdir(self.root)
        with open(self.image, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-I", "256", "-J", "size=1", "-E",
                        "hash_seed=01234567-89ab-cdef-0123-456789abcdef", self.image], check=True)
        self.mount_image(0)
        for name in ("var/tree", "tmp", "proc", "dev", "run"):
            os.makedirs(f"{self.root}/{name}")
        tree.random.seed(3)
        fill(f"{self.var}/tree")
        libc.umount2(self.root.encode(), 0)
        with open(self.image, "rb") as file:
            self.pristine = file.read()

    def mount_image(self, flags):
        fd, path = loop_open(self.image)
        try:
            do_mount(path, self.root, "ext4", flags)
        finally:
            os.close(fd)

    def up(self):
        with open(self.image, "r+b") as file:
            file.write(self.pristine)
        self.mount_image(MS_RDONLY)
        do_mount("/proc", f"{self.root}/proc", "", MS_BIND)
        # Not the host's: the other scenes are in its /dev/shm.
        do_mount("dev", f"{self.root}/dev", "tmpfs")
        os.mknod(f"{self.root}/dev/fuse", stat.S_IFCHR | 0o600, os.makedev(10, 229))
        os.mknod(f"{self.root}/dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        do_mount("run", f"{self.root}/run", "tmpfs")
        for command in (("initfs-overlay", "--size=64m", "--", self.root, "/var", "/tmp"),
                        ("initfs-hold", "--", self.root)):
            code, said = run(f"{BUILD}/{command[0]}", *command[1:])
            check(code == 0, f"{command[0]}: {code} {said}")
        tree.random.seed(4)
        change(f"{self.var}/tree")
        self.programs = Programs(self.var)
        self.programs.work()
        with open(f"{self.root}/tmp/in-tmp", "w") as file:
            file.write("in /tmp")
        self.wanted = dump(f"{self.var}/tree")
        do_mount("", self.root, "", MS_REMOUNT)

    def pids(self):
        found = []
        for name in ("hold", "hold-guard"):
            try:
                with open(f"{self.state}/{name}.pid") as file:
                    found.append(int(file.read()))
            except (OSError, ValueError):
                pass
        return found

    def down(self):
        """Whatever stands: the next point begins anew."""
        if self.programs:
            self.programs.close()
            self.programs = None
        pids = self.pids()
        run(f"{BUILD}/initfs-hold", "--undo", "--", self.root)
        with open("/proc/self/mountinfo") as file:
            targets = [line.split()[4] for line in file if f" {self.root}" in line]
        for target in reversed(targets):
            libc.umount2(target.encode(), 2)
        until(lambda: not any(map(is_alive, pids)), "initfs-hold ends")

    def close(self):
        try:
            self.down()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def merge(self, *before):
        return run(*before, MERGE, "--now", "--", self.root)

    def at(self, *what):
        return self.merge(AT_SYSCALL, "--from=/run/initfs", f"--list={self.folder}/calls", *what)

    def calls(self):
        with open(f"{self.folder}/calls") as file:
            return file.read().split()

    def is_right(self, where):
        """Programs go on, and see what they have written, in RAM or on the disk."""
        self.programs.work()
        self.programs.has_all(where)
        found = dump(f"{self.var}/tree")
        check(found == self.wanted, f"{where}: the tree: {differences(self.wanted, found)}")
        with open(f"{self.root}/tmp/in-tmp") as file:
            check(file.read() == "in /tmp", f"{where}: the file in /tmp")

    def views(self):
        with open("/proc/self/mountinfo") as file:
            return [line for line in file if f" {self.root}" in line and " fuse.initfs-hold " in line]

    def finishes(self, where):
        if os.path.exists(f"{self.state}/layers"):
            code, said = self.merge()
            check(code == 0, f"{where}: the next run ended with {code}: {said}")
        self.is_right(f"{where}, then merged")
        check(not os.path.exists(f"{self.state}/layers"), f"{where}: the layers are there")
        device = os.stat(self.root).st_dev
        for name in ("var", "var/live", "tmp"):
            check(os.stat(f"{self.root}/{name}").st_dev == device, f"{where}: /{name} is no disk")
        check(not os.path.lexists(f"{self.root}/{STAGING}"), f"{where}: staging is left")
        pids = self.pids()
        self.programs.close()
        self.programs = None
        until(lambda: not any(map(is_alive, pids)),
              f"{where}: initfs-hold ends with its last program")
        with open("/proc/self/mountinfo") as file:
            left = [line for line in file if f" {self.root}" in line and " initfs " in line]
        check(not left, f"{where}: left: {left}")


def reap():
    """Thousands of dead daemons would be in the way of whoever looks at all processes."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def work(points):
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    scene = Scene()
    ends = collections.Counter()
    try:
        for how, *what in points:
            where, end = f"{how.__name__} at {what}", None
            try:
                scene.up()
                end = how(scene, *what)
                ends[end] += 1
                # Where it cannot tell whether somebody has a socket, its directory stays a view, with
                # the view's device number, until initfs-hold has looked.
                if end.startswith("merged"):
                    until(lambda: not scene.views(), "no directory is kept as a view")
                scene.is_right(where)
                scene.finishes(where)
            except (Broken, OSError, subprocess.TimeoutExpired) as broken:
                print(f"{where}, ended with {end}: {broken}; calls: {scene.calls()[-3:]}", flush=True)
                ends["broken"] += 1
            scene.down()
            reap()
        return ends
    finally:
        scene.close()


def plain_calls():
    """The calls of a merge that nothing happens to."""
    scene = Scene()
    try:
        scene.up()
        code, said = scene.at()
        check(code == 0, f"the plain merge: {code} {said}")
        scene.finishes("the plain merge")
        scene.down()
        return scene.calls()
    finally:
        scene.close()


def try_points(points, among):
    """A point is a function and what it gets besides the scene; it returns how the merge ended: "merged" and more, or
    else there are the layers still. Exits where one is broken; returns how often each end came."""
    workers = os.cpu_count()
    ends = collections.Counter()
    for found in in_parallel(work, [points[i::workers] for i in range(workers)]):
        ends.update(found)
    print(f"{among}, {len(points)} points: {dict(ends)}", flush=True)
    if ends["broken"]:
        sys.exit(f"{ends['broken']} points are broken")
    return ends
