# SPDX-License-Identifier: GPL-2.0-or-later
"""Users who do all that a user may do to lead the merge astray. argv: root, seconds of attacks, seed.

Each round: RAM layers over /var and /tmp, the attackers, the merge under them, a look at what is there. Nothing
outside of the layers may have been opened, read or changed, by whomever; no attacker may have seen a secret."""

import ctypes
import os
import random
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

from hold_client import Failed, check, equal, is_alive, mounts, wait_until

root, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
state, outside = f"{root}/run/initfs", f"{root}/outside"
libc = ctypes.CDLL(None, use_errno=True)
USERS = (61001, 61002, 61003, 61004)
SECRET = b"the secret that nobody may see"
RENAME_EXCHANGE = 2
PLACES = ("/tmp", "/var/tmp")
TARGETS = ("/outside", "/outside/file", "/outside/below/deep", "/", "/etc", "/.initfs-staging", "/run/initfs/ram",
           "/run/initfs/layer/0", "..", "../..", "../../outside", "/tmp/victim", "/var/tmp/victim", "/proc/self/fd")


# --- the attackers: each stands in the root, as a user, and never ends by himself

def quietly(call, *arguments):
    try:
        return call(*arguments)
    except (OSError, ValueError):
        return None


def expect_closed(path):
    """Nobody but root may see what is in it."""
    fd = quietly(os.open, path, os.O_RDONLY | os.O_NONBLOCK)
    if fd is not None:
        what = quietly(os.read, fd, 100) or b""
        raise Failed(f"{path} could be opened: {what!r}")


def swap(a, b):
    libc.renameat2(-100, a.encode(), -100, b.encode(), RENAME_EXCHANGE)


class Attacker:
    def __init__(self, uid, number):
        self.uid = uid
        self.chance = random.Random(f"{seed} {number} {uid}")
        self.sockets = []

    def name(self):
        """One of few: attackers meet, and meet the merge, at the same names."""
        return f"{self.chance.choice(PLACES)}/u{self.uid}-{self.chance.randrange(6)}"

    def inside(self):
        return f"{self.name()}/{self.chance.choice(('a', 'b', 'c/d'))}"

    def make_tree(self):
        path = self.name()
        quietly(os.makedirs, f"{path}/c", 0o777)
        for name in ("a", "b", "c/d"):
            fd = quietly(os.open, f"{path}/{name}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            if fd is not None:
                os.write(fd, b"mine")
                os.close(fd)

    def swap_for_link(self):
        """A directory becomes a link to somewhere else, in one step, and a directory again."""
        path = self.name()
        quietly(os.symlink, self.chance.choice(TARGETS), f"{path}.link")
        swap(path, f"{path}.link")
        if self.chance.random() < 0.7:
            swap(path, f"{path}.link")
        quietly(os.unlink, f"{path}.link")

    def swap_inside(self):
        path = self.inside()
        quietly(os.symlink, self.chance.choice(TARGETS), f"{path}.link")
        swap(path, f"{path}.link")

    def move(self):
        quietly(os.rename, self.name(), self.name())
        quietly(os.rename, self.inside(), self.inside())

    def link(self):
        quietly(os.link, self.inside(), self.inside() + "-hard")
        quietly(os.link, "/outside/public", self.name() + "-hard")
        quietly(os.link, "/var/tmp/victim", self.name() + "-hard")
        quietly(os.unlink, self.inside() + "-hard")

    def change_mode(self):
        path = self.chance.choice((self.name, self.inside))()
        if not os.path.islink(path):
            quietly(os.chmod, path, self.chance.choice((0o777, 0o700, 0, 0o6777, 0o1777)))
            quietly(os.chmod, path, 0o777)

    def other_kind(self):
        path = self.inside()
        quietly(os.unlink, path)
        quietly(self.chance.choice((os.mkfifo, os.mkdir)), path)
        if self.chance.random() < 0.5:
            quietly(os.rmdir, path)
            quietly(os.unlink, path)

    def bind(self):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = self.inside()
        quietly(os.unlink, path)
        quietly(one.bind, path)
        self.sockets = self.sockets[-3:] + [one]

    def remove(self):
        path = self.name()
        if os.path.islink(path):
            quietly(os.unlink, path)
        else:
            shutil.rmtree(path, ignore_errors=True)

    def pry(self):
        for path in ("/tmp/victim/file", "/var/tmp/victim", "/outside/file", "/tmp/victim", "/run/initfs/ram",
                     "/run/initfs/layer", "/.initfs-staging"):
            expect_closed(path)
        st = quietly(os.lstat, "/.initfs-staging")
        check(not st or (stat.S_ISDIR(st.st_mode) and st.st_mode & 0o7777 == 0o700 and st.st_uid == 0),
              f"the staging directory is {st}")
        for path in (self.name(), self.inside()):
            fd = quietly(os.open, path, os.O_RDONLY | os.O_NONBLOCK)
            if fd is not None:
                check(SECRET not in (quietly(os.read, fd, 100) or b""), f"{path} shows the secret")
                os.close(fd)

    def run(self):
        os.chroot(root)
        os.chdir("/")
        os.setgroups([])
        os.setresgid(self.uid, self.uid, self.uid)
        os.setresuid(self.uid, self.uid, self.uid)
        os.umask(0)
        deeds = (self.make_tree, self.make_tree, self.swap_for_link, self.swap_inside, self.move, self.link,
                 self.change_mode, self.other_kind, self.bind, self.remove, self.pry, self.pry)
        while True:
            self.chance.choice(deeds)()


def start_attacker(uid, number):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        libc.prctl(1, signal.SIGKILL)
        try:
            Attacker(uid, number).run()
        except BaseException as error:  # what it has found is what the test is about
            os.write(writer, f"{uid}: {error!r}".encode()[:2000])
        os._exit(1)
    os.close(writer)
    return pid, reader


# --- the watch: any access to what is outside of the layers

IN_ALL, IN_NONBLOCK, IN_CLOEXEC, IN_DONT_FOLLOW = 0xFFF, 0o4000, 0o2000000, 0x02000000


def look_at(path):
    st = os.lstat(path)
    fields = (st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_size, st.st_ino, st.st_atime_ns, st.st_mtime_ns,
              st.st_ctime_ns, st.st_rdev)
    return fields + (sorted(os.listxattr(path, follow_symlinks=False)),)


def tree(top):
    paths = [top]
    for where, directories, files in os.walk(top):
        paths += [f"{where}/{name}" for name in directories + files]
    return sorted(paths)


def watch(paths):
    fd = libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC)
    for path in paths:
        check(libc.inotify_add_watch(fd, path.encode(), IN_ALL | IN_DONT_FOLLOW) >= 0, f"cannot watch {path}")
    return fd


# --- a round

def run(*command):
    subprocess.run(command, check=True)


def attack(number):
    run("initfs-overlay", "--size=64M", "--", root, "/var", "/tmp")
    run("initfs-hold", "--", root)
    with open(f"{state}/hold-guard.pid") as file:
        guard = int(file.read())
    os.mkdir(f"{root}/tmp/victim", 0o700)
    for path in (f"{root}/tmp/victim/file", f"{root}/var/tmp/victim"):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(SECRET)
    run("initfs-merge", "--wait", "--", root)
    attackers = [start_attacker(uid, number) for uid in USERS]
    began = time.monotonic()
    try:
        time.sleep(0.3)  # so that there is something to merge; nothing depends on how much
        run("mount", "-o", "remount,rw,strictatime", root)
        wait_until(lambda: not os.path.exists(f"{state}/layers"), "the layers are gone", 300)
        time.sleep(0.3)  # attacks on what follows the switch
        found = [os.read(reader, 2000).decode() for _, reader in attackers if select.select([reader], [], [], 0)[0]]
        equal(found, [], "what attackers found")
    finally:
        for pid, reader in attackers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(reader)
    took = time.monotonic() - began
    wait_until(lambda: not is_alive(guard), "the views end", 60)
    check(" fuse.initfs-hold " not in mounts(), "no view is left")
    expect_right_owners()
    clean_up()
    return took


def expect_right_owners():
    """What a user has made is his, and nothing else is."""
    for place in PLACES:
        for path in tree(f"{root}{place}"):
            st = os.lstat(path)
            ours = [name for name in path[len(root):].split("/") if name.startswith("u610")]
            if ours and stat.S_ISREG(st.st_mode):
                check(st.st_uid in USERS or st.st_mode & 0o6000 == 0, f"{path} is {st}")
                with open(path, "rb") as file:
                    check(SECRET not in file.read(), f"{path} has the secret")
    for path in (f"{root}/tmp/victim/file", f"{root}/var/tmp/victim"):
        st = os.lstat(path)
        equal((st.st_mode, st.st_uid), (stat.S_IFREG | 0o600, 0), path)
        with open(path, "rb") as file:
            equal(file.read(), SECRET, path)


def clean_up():
    for place in PLACES:
        for name in os.listdir(f"{root}{place}"):
            if name.startswith(("u610", "victim")):
                path = f"{root}{place}/{name}"
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
    wait_until(lambda: subprocess.run(["mount", "-o", "remount,ro", root], stderr=subprocess.DEVNULL).returncode == 0,
               "the root is read-only again")


paths = tree(outside)
before = {path: look_at(path) for path in paths}
watcher = watch(paths)
done, rounds = 0.0, 0
while done < seconds:
    done += attack(rounds)
    rounds += 1
check(not select.select([watcher], [], [], 0)[0], "something outside was opened or changed")
equal({path: look_at(path) for path in before}, before, "what is outside")
# And the watch would have seen it.
os.close(os.open(f"{outside}/below/deep/file", os.O_RDONLY))
check(select.select([watcher], [], [], 0)[0], "the watch does not see that a file is opened")
with open(f"{state}/timeline") as file:
    names = sum(int(line.split("names=")[1].split()[0]) for line in file if " merge.done " in line)
check(names >= rounds, "the attackers have made nothing to be merged")
print(f"seed {seed}: {done:.0f} s of attacks, {rounds} merges of {names} names")
