# SPDX-License-Identifier: GPL-2.0-or-later
"""What programs do to names that are on the disk before the seal. argv: the root."""

import ctypes
import os
import signal
import stat
import subprocess
import sys

from between import Between
from hold_client import check, equal, wait_until

NAMES = 1500
MS_REMOUNT = 32

root = sys.argv[1]
var, state, disk = f"{root}/var", f"{root}/run/initfs", f"{root}/run/disk"


def write(path, text, how="w"):
    with open(path, how) as file:
        file.write(text)


def text(path):
    with open(path) as file:
        return file.read()


def tree(top):
    """What there is below a directory, with all that a merge has to carry, but its own record."""
    found = {}
    for path, directories, files in os.walk(top):
        if path == f"{top}/log":
            directories[:] = [name for name in directories if name != "initfs"]
        for name in directories + files:
            full = f"{path}/{name}"
            st = os.lstat(full)
            what = None
            if stat.S_ISREG(st.st_mode):
                what = text(full)
            elif stat.S_ISLNK(st.st_mode):
                what = os.readlink(full)
            links = 0 if stat.S_ISDIR(st.st_mode) else st.st_nlink
            found[full[len(top):]] = (st.st_mode, st.st_uid, st.st_gid, links, st.st_mtime_ns, what)
    return found


def same(got, want, when):
    different = [n for n in got.keys() | want.keys() if got.get(n) != want.get(n)]
    check(not different, f"{when}: " + "; ".join(
        f"{n}: {got.get(n)!r}, not {want.get(n)!r}" for n in sorted(different)[:5]))


def published():
    """Looked at past the view, and past the kernel's memory of the overlay."""
    return set(os.listdir(f"{disk}/var/spool"))


def name(n):
    return f"{var}/spool/name-{n}"


def work():
    """Each kind of change to a name that the disk has already, and to one that it does not have."""
    os.unlink(name(0))
    os.rename(name(1), name("moved"))
    os.rename(name(2), name(3))
    write(name(4), "more\n", "a")
    os.chmod(name(5), 0o600)
    os.link(name(6), f"{var}/other")
    os.unlink(name(7))
    write(name(7), "another one\n")
    os.unlink(name(8))
    os.mkdir(name(8))
    write(f"{name(8)}/inside", "inside\n")
    os.rename(name(9), f"{var}/moved-away")
    os.unlink(f"{var}/spool/link-11")
    os.symlink("elsewhere", f"{var}/spool/link-11")
    os.utime(name(12), ns=(10**18, 10**18 + 1))
    os.truncate(name(13), 0)
    os.rename(f"{var}/new/file", f"{var}/new/renamed")
    write(f"{var}/spool/late", "late\n")


def merge():
    return subprocess.Popen(["initfs-merge", "--now", "--", root])


def fill():
    for n in range(NAMES):
        write(name(n), f"changed {n}\n")
    for n in range(20):
        os.symlink(f"target-{n}", f"{var}/spool/link-{n}")
    # Published early, and then nothing happens there any more.
    for n in range(100):
        write(f"{var}/deep/quiet-{n}", "quiet\n")
    os.chmod(f"{var}/deep", 0o750)
    os.chown(f"{var}/deep", 12, 34)
    os.utime(f"{var}/deep", ns=(10**18, 10**18 + 2))
    os.mkdir(f"{var}/new")
    write(f"{var}/new/file", "in a new directory\n")
    write(f"{var}/log/messages", "replaced\n")
    os.unlink(f"{var}/big")


def forget():
    """The overlay has to look everything up again that nobody holds: a remount drops the rest."""
    layer = f"{state}/layer/0".encode()
    equal(ctypes.CDLL(None).mount(None, layer, None, MS_REMOUNT, None), 0, "the remount")


fill()
subprocess.run(["mount", "-o", "remount,rw", root], check=True)
os.mkdir(disk)
subprocess.run(["mount", "--bind", root, disk], check=True)
seen = []


def on_seal():
    """All is staged and what can be is published; the merge is about to seal, and dies instead."""
    seen.append(published())
    same(tree(var), before, "the view while names are on the disk already")
    work()
    forget()
    seen.append(tree(var))
    process.send_signal(signal.SIGKILL)
    process.wait()
    return False


# What is on the disk was added, and is whole; what was there is there.
before = tree(var)
lower = tree(f"{disk}/var")
between = Between(state, "seal", on_seal)
process = merge()
wait_until(lambda: process.poll() is not None, "the merge is dead", 60)
early, worked = seen
check(len(early & {f"name-{n}" for n in range(NAMES)}) == NAMES, f"{len(early)} names are on the disk early")
check(between.seen.count("seal brief") >= 1, "slices")
check(between.seen.count("seal brief") == between.seen.count("unseal"), "each slice has ended")
on_disk = tree(f"{disk}/var")
for path, what in lower.items():
    if stat.S_ISDIR(what[0]):
        continue
    same({path: on_disk.get(path)}, {path: what}, "what was on the disk")
for path in early - {p[len("/spool/"):] for p in lower}:
    same({path: on_disk[f"/spool/{path}"]}, {path: before[f"/spool/{path}"]}, "what came early")
forget()
same(tree(var), worked, "the view after the merge has died")
os.unlink(name(20))
forget()
worked = tree(var)
check("/spool/name-20" not in worked, "what was removed is seen no more")


def work_again():
    os.unlink(name(21))
    write(name(22), "more\n", "a")
    seen.append(tree(var))


# The next one, under whose eyes programs go on as well.
between.trouble = lambda: work_again()
process = merge()
equal(process.wait(), 0, "the merge")
# The time of /log is that of the merge's own record.
del seen[-1]["/log"]
for path in (var, f"{disk}/var"):
    got = tree(path)
    del got["/log"]
    same(got, seen[-1], f"{path} after the merge")
check(not os.path.exists(f"{disk}/.initfs-staging"), "no trace of staging")
subprocess.run(["umount", disk], check=True)
