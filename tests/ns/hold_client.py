# SPDX-License-Identifier: GPL-2.0-or-later
"""A merge that is none: talks to initfs-hold, and moves a layer to the disk the slow way."""

import os
import shutil
import socket
import subprocess
import time


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: {got!r}, not {want!r}")


def wait_until(condition, what, seconds=20):
    """Polls; the limit is a guard against hanging, nothing is measured by it."""
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"never came true: {what}")
        time.sleep(0.02)


class Hold:
    """The control socket of a scene."""

    def __init__(self, root):
        self.root = root
        self.state = f"{root}/run/initfs"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Paths of sockets are short, those of tests are not.
        directory = os.open(self.state, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.socket.connect(f"/proc/self/fd/{directory}/hold.sock")
        finally:
            os.close(directory)

    def ask(self, request, directory=None):
        if directory is None:
            self.socket.send(request.encode())
        else:
            fd = os.open(directory, os.O_PATH | os.O_DIRECTORY)
            try:
                socket.send_fds(self.socket, [request.encode()], [fd])
            finally:
                os.close(fd)
        return self.socket.recv(4096).decode()

    def need(self, request, directory=None):
        """The pairs of an ok; anything else fails the test."""
        reply = self.ask(request, directory)
        check(reply.split(" ")[0] == "ok", f"{request}: {reply}")
        return dict(pair.split("=", 1) for pair in reply.split(" ")[1:])

    def error(self, request, directory=None):
        """The number of an error; an ok fails the test."""
        reply = self.ask(request, directory)
        check(reply.startswith("error "), f"{request}: {reply}")
        return int(reply.split(" ")[1])

    def close(self):
        self.socket.close()

    def pids(self):
        return [int(open(f"{self.state}/{name}.pid").read()) for name in ("hold", "hold-guard")]


class Disk:
    """The root's file system, writable and without anything that is mounted on it.

    What it does while a view is sealed is done by a process that was forked before anything of the
    view was opened: even closing an inherited descriptor would wait for the seal to end."""

    def __init__(self, root, at):
        self.root, self.at = root, at
        os.makedirs(at, exist_ok=True)
        run("mount", "-o", "remount,rw", root)
        run("mount", "--bind", root, at)
        to_worker, self.orders = os.pipe()
        self.answers, from_worker = os.pipe()
        if os.fork() == 0:
            os.close(self.orders)
            self.work(to_worker, from_worker)
        os.close(to_worker)
        os.close(from_worker)

    def work(self, orders, answers):
        os.chdir("/")
        while order := os.read(orders, 4096).decode():
            try:
                verb, *words = order.split("\t")
                {"publish": self.publish_now, "run": run}[verb](*words)
                os.write(answers, b"ok")
            except Exception as why:
                os.write(answers, f"{why!r}".encode())
        os._exit(0)

    def publish(self, number, directory):
        """What layer NUMBER shows becomes what is on the disk. Names change, no inode is reused."""
        self.order("publish", str(number), directory)

    def run(self, *command):
        """A command while the view is sealed."""
        self.order("run", *command)

    def order(self, *words):
        os.write(self.orders, "\t".join(words).encode())
        equal(os.read(self.answers, 4096), b"ok", " ".join(words))

    def publish_now(self, number, directory):
        stage, old = f"{self.at}/.stage", f"{self.at}/.old"
        run("cp", "-a", f"{self.root}/run/initfs/layer/{number}", stage)
        os.mkdir(old)
        merge(stage, f"{self.at}{directory}", old)
        shutil.rmtree(stage)
        shutil.rmtree(old)

    def release(self):
        os.close(self.orders)
        os.wait()
        run("umount", "-l", self.at)


def is_directory(path):
    # In this order: following a link into a sealed view would wait for the seal to end.
    return not os.path.islink(path) and os.path.isdir(path)


def merge(stage, target, old):
    """Directories of both stay what they are: the overlay's lower layer goes on to have them."""
    for name in set(os.listdir(target)) | set(os.listdir(stage)):
        new, there = f"{stage}/{name}", f"{target}/{name}"
        if is_directory(new) and is_directory(there):
            merge(new, there, old)
            continue
        if os.path.lexists(there):
            os.rename(there, f"{old}/{len(os.listdir(old))}")
        if os.path.lexists(new):
            os.rename(new, there)
    st = os.stat(stage)
    os.chown(target, st.st_uid, st.st_gid)
    shutil.copystat(stage, target)


def run(*command):
    subprocess.run(command, check=True)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def mounts():
    with open("/proc/self/mountinfo") as info:
        return info.read()


def descriptors(pid):
    """Where the descriptors of a process lead, as mount ids."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                ids |= {line.split()[1] for line in info if line.startswith("mnt_id:")}
        except OSError:
            pass
    return ids
