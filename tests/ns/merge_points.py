# SPDX-License-Identifier: GPL-2.0-or-later
"""A small scene with every kind of object and change, made again in a few milliseconds.

For tests that break off a merge at very many points: the disk is an image in RAM whose pristine
bytes are kept, so a fresh scene is one write of the image and one mount. Needs root and a mount
namespace of its own.
"""
import ctypes
import errno
import fcntl
import importlib.machinery
import importlib.util
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))


def load_tree():
    """merge-tree, which is a program too and has no .py to its name."""
    loader = importlib.machinery.SourceFileLoader("merge_tree", f"{HERE}/merge-tree")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("merge_tree", loader))
    loader.exec_module(module)
    return module


tree = load_tree()
libc = ctypes.CDLL(None, use_errno=True)
MERGE = f"{os.environ['INITFS_BUILD']}/initfs-merge"
AT_SYSCALL = f"{os.environ['INITFS_BUILD']}/tests/lib/at-syscall"
NOT_REACHED = 124  # its exit code where the merge ended before that call
OPTIONS = "xino=on,index=off,redirect_dir=off,metacopy=off"
OPTIONS_MOVING = "xino=on,index=off,redirect_dir=on,metacopy=on"
STAGING = ".initfs-staging"


class Broken(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Broken(what)


MS_NOATIME = 1024  # what looks at a scene must not change it


def mount(source, target, kind, options=""):
    if libc.mount(source.encode(), target.encode(), kind.encode(), MS_NOATIME,
                  options.encode()) < 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def umount(target):
    if libc.umount2(target.encode(), 0) < 0:
        raise OSError(ctypes.get_errno(), f"umount {target}")


def dump(directory):
    here = os.open(".", os.O_RDONLY)
    try:
        return tree.dump(directory)
    finally:
        os.fchdir(here)
        os.close(here)


def differences(wanted, found):
    gone = [f"-{line}" for line in wanted if line not in set(found)]
    new = [f"+{line}" for line in found if line not in set(wanted)]
    return "\n".join((gone + new)[:10])


def write(path, text, mode="w"):
    with open(path, mode) as file:
        file.write(text)


def fill(lower):
    """What was there before."""
    for name in ("log", "lib/deep/er", "spool", "gone/deep", "opaque", "to-file", "to-link",
                 "only-mode", "only-times/in", "default"):
        os.makedirs(f"{lower}/{name}")
    for name in ("log/messages", "log/kept", "lib/deep/er/a", "lib/deep/er/b", "gone/deep/c",
                 "opaque/hidden", "to-dir", "to-fifo", "edited", "only-owner", "deleted",
                 "only-times/in/f", "linked"):
        write(f"{lower}/{name}", f"old {name}\n" * 20)
    os.link(f"{lower}/linked", f"{lower}/linked-too")
    os.symlink("log/messages", f"{lower}/link")
    os.setxattr(f"{lower}/edited", "trusted.old", b"old")
    os.setxattr(f"{lower}/default", "system.posix_acl_default", tree.some_acl(tree.random))
    os.mkfifo(f"{lower}/spool/fifo")


def change(view):
    """A program of each kind."""
    os.rename(f"{view}/log/messages", f"{view}/log/messages.1")
    write(f"{view}/log/messages", "new\n")
    write(f"{view}/edited", "more\n", "a")
    os.setxattr(f"{view}/edited", "trusted.new", b"\0new")
    os.removexattr(f"{view}/edited", "trusted.old")
    write(f"{view}/linked", "one of two\n")  # the other name keeps the old content
    os.chown(f"{view}/only-owner", 1, 2)
    os.chmod(f"{view}/only-mode", 0o1751)
    os.setxattr(f"{view}/only-mode", "trusted.dir", b"x")
    os.utime(f"{view}/only-times/in", ns=(5, 1_234_567_890_123_456_789))
    os.unlink(f"{view}/deleted")
    shutil.rmtree(f"{view}/gone")
    shutil.rmtree(f"{view}/opaque")
    os.mkdir(f"{view}/opaque")
    write(f"{view}/opaque/new", "5")
    os.rmdir(f"{view}/to-file")
    write(f"{view}/to-file", "was a directory")
    os.rmdir(f"{view}/to-link")
    os.symlink("edited", f"{view}/to-link")
    os.unlink(f"{view}/to-dir")
    os.makedirs(f"{view}/to-dir/with")
    write(f"{view}/to-dir/with/file", "in it")
    os.unlink(f"{view}/to-fifo")
    os.mkfifo(f"{view}/to-fifo")
    os.unlink(f"{view}/link")
    os.symlink("elsewhere", f"{view}/link")
    os.utime(f"{view}/link", ns=(7, 8), follow_symlinks=False)
    write(f"{view}/default/inherits", "from the ACL")
    new(f"{view}/lib/deep/new")


def new(top):
    """A new directory with what there is."""
    os.makedirs(f"{top}/tree/below")
    with open(f"{top}/sparse", "wb") as file:
        file.seek(300_000)
        file.write(b"x" * 5000)
        file.truncate(900_000)
    write(f"{top}/big", "0123456789" * 130_000)
    os.setxattr(f"{top}/big", "security.capability", tree.CAPABILITY)
    os.chmod(f"{top}/big", 0o4755)
    os.link(f"{top}/big", f"{top}/tree/big-too")
    os.link(f"{top}/big", f"{top}/../../big-three")
    os.symlink("t" * 200, f"{top}/long-link")
    os.mknod(f"{top}/device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.mknod(f"{top}/socket", stat.S_IFSOCK | 0o600)
    write(f"{top}/tree/below/with\nnewline", "")
    os.setxattr(f"{top}/tree", "system.posix_acl_default", tree.acl([
        (1, 7, tree.NOBODY), (2, 5, 1000), (4, 5, tree.NOBODY), (16, 7, tree.NOBODY),
        (32, 0, tree.NOBODY)]))
    os.chown(f"{top}/tree", 3, 4)


LOOP_CTL_GET_FREE, LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4


def loop_open(image):
    """A loop device that is let go with the last mount of it, whatever becomes of us."""
    with open(image, "r+b") as file, open("/dev/loop-control", "rb") as control:
        config = bytearray(304)
        struct.pack_into("I", config, 0, file.fileno())
        struct.pack_into("I", config, 8 + 52, LO_FLAGS_AUTOCLEAR)
        for _ in range(1000):
            path = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
            fd = os.open(path, os.O_RDWR)
            try:
                fcntl.ioctl(fd, LOOP_CONFIGURE, config)
                return fd, path
            except OSError as error:
                os.close(fd)
                # Tests that run at the same time look for a free device, too.
                if error.errno != errno.EBUSY:
                    raise
    raise Broken("no loop device")


def loop_mount(image, target, kind):
    fd, path = loop_open(image)
    try:
        mount(path, target, kind)
    finally:
        os.close(fd)


PR_SET_PDEATHSIG = 1


def in_child(work, share, pipe):
    """Ends the process."""
    status = 1
    try:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        os.write(pipe, json.dumps(work(share)).encode())
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def in_parallel(work, shares):
    """What work, in a process for each share, has returned; it may say so in 4 KiB of JSON."""
    sys.stdout.flush()
    children = []
    for share in shares:
        read, written = os.pipe()
        pid = os.fork()
        if pid == 0:
            in_child(work, share, written)
        os.close(written)
        children.append((pid, read))
    results = []
    for pid, read in children:
        with open(read, "rb") as pipe:
            results.append(pipe.read())
        check(os.waitpid(pid, 0)[1] == 0, "a share of the points was not tried")
    return [json.loads(result) for result in results]


def fill_moving(lower):
    """What the overlay renames, or changes the attributes of, without copying it."""
    for name in ("moved/sub", "one", "two"):
        os.makedirs(f"{lower}/{name}")
        write(f"{lower}/{name}/stays", f"{name}\n" * 50)
        write(f"{lower}/{name}/goes", f"{name}\n" * 50)
    write(f"{lower}/metacopy", "only its mode changes\n" * 900)


def change_moving(view):
    os.rename(f"{view}/moved", f"{view}/lib/moved")
    write(f"{view}/lib/moved/sub/new", "in it")
    os.unlink(f"{view}/lib/moved/sub/goes")
    os.rename(f"{view}/one", f"{view}/between")
    os.rename(f"{view}/two", f"{view}/one")
    os.rename(f"{view}/between", f"{view}/two")
    os.chmod(f"{view}/two/stays", 0o600)
    os.chmod(f"{view}/metacopy", 0o640)


class Scene:
    """disk/var is the lower directory, ram/upper the layer over it."""

    def __init__(self, size=8 << 20, is_moving=False):
        self.is_moving = is_moving
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that close is called
        self.place()
        with open(self.image, "wb") as file:
            file.truncate(size)
        # The order of names in a directory, and with it that of the calls, is always the same.
        subprocess.run(["mkfs.ext4", "-q", "-F", "-I", "256", "-J", "size=1", "-E",
                        "hash_seed=01234567-89ab-cdef-0123-456789abcdef", self.image], check=True)

    def place(self):
        self.folder = tempfile.mkdtemp(prefix="initfs-points.", dir="/dev/shm")
        self.disk, self.ram, self.view = (f"{self.folder}/{n}" for n in ("disk", "ram", "view"))
        self.lower, self.upper = f"{self.disk}/var", f"{self.ram}/upper"
        self.image = f"{self.folder}/image"
        for path in (self.disk, self.ram, self.view):
            os.mkdir(path)

    def again(self):
        """The very same scene in another process, in another place."""
        upper = self.upper
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.place()
        mount("scene", self.ram, "tmpfs", "mode=0700")
        subprocess.run(["cp", "-a", upper, self.upper], check=True)
        os.mkdir(f"{self.ram}/work")
        with open(self.image, "wb") as file:
            file.write(self.pristine)
        loop_mount(self.image, self.disk, "ext4")

    def make(self):
        loop_mount(self.image, self.disk, "ext4")
        mount("scene", self.ram, "tmpfs", "mode=0700")
        os.mkdir(self.lower)
        os.mkdir(self.upper)
        os.mkdir(f"{self.ram}/work")
        tree.random.seed(3)
        fill(self.lower)
        if self.is_moving:
            fill_moving(self.lower)
        os.chmod(self.upper, stat.S_IMODE(os.stat(self.lower).st_mode))
        self.before = dump(self.lower)
        self.view_up()
        change(self.view)
        if self.is_moving:
            change_moving(self.view)
        self.wanted = dump(self.view)
        umount(self.view)
        self.upper_kept = dump(self.upper)
        self.disk_kept = dump(self.disk)
        umount(self.disk)
        with open(self.image, "rb") as file:
            self.pristine = file.read()
        loop_mount(self.image, self.disk, "ext4")

    def close(self):
        os.chdir("/")
        for path in (self.view, self.ram, self.disk):
            libc.umount2(path.encode(), 2)
        shutil.rmtree(self.folder, ignore_errors=True)

    def reset(self, content=None):
        umount(self.disk)
        with open(self.image, "r+b") as file:
            file.write(self.pristine if content is None else content)
        loop_mount(self.image, self.disk, "ext4")

    def view_up(self):
        options = OPTIONS_MOVING if self.is_moving else OPTIONS
        mount("scene", self.view, "overlay", f"{options},lowerdir={self.lower},"
              f"upperdir={self.upper},workdir={self.ram}/work")

    def merge(self, *before):
        """Runs a merge, by a tool if one is given; its exit status and what it said."""
        done = subprocess.run([*before, MERGE, f"--upper={self.upper}", f"--lower={self.lower}"],
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, timeout=300)
        return done.returncode, done.stderr.decode(errors="replace")

    def at(self, *what):
        return self.merge(AT_SYSCALL, f"--from={self.upper}", f"--list={self.folder}/calls", *what)

    def last_calls(self):
        """The names of the system calls of the merge that was run by at, in their order."""
        with open(f"{self.folder}/calls") as file:
            return file.read().split()

    def calls(self):
        code, said = self.at()
        check(code == 0, f"the plain merge: {code} {said}")
        return self.last_calls()

    def has_staging(self):
        return os.path.lexists(f"{self.disk}/{STAGING}")

    # What is asked of every point; where is for the message.

    def same_view(self, where):
        """The overlay over whatever was left shows what it showed."""
        if self.is_moving:
            return  # its redirects lead to names that are published by now
        self.view_up()
        try:
            found = dump(self.view)
        finally:
            umount(self.view)
        check(found == self.wanted, f"{where}: the view: {differences(self.wanted, found)}")

    def same_upper(self, where):
        found = dump(self.upper)
        check(found == self.upper_kept,
              f"{where}: the upper layer: {differences(self.upper_kept, found)}")

    def same_disk(self, where):
        found = dump(self.disk)
        check(found == self.disk_kept, f"{where}: the disk: {differences(self.disk_kept, found)}")

    def is_whole(self, where):
        """Without the upper layer: each name is its old or its new self, and none is lost."""
        if self.is_moving:
            return  # what is in a renamed directory comes under its new name with its old self
        torn = tree.torn(self.before, self.wanted, dump(self.lower))
        check(not torn, f"{where}: neither old nor new: {torn[:5]}")

    def is_merged(self, where):
        found = dump(self.lower)
        check(found == self.wanted, f"{where}: merged: {differences(self.wanted, found)}")
        check(not self.has_staging(), f"{where}: the staging directory is there")

    def finishes(self, where):
        code, said = self.merge()
        check(code == 0, f"{where}: the next run ended with {code}: {said}")
        self.is_merged(where)
        self.same_upper(where)
