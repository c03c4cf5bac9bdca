# SPDX-License-Identifier: GPL-2.0-or-later
"""The user of a view, in one process, before and after the switch. argv: the root, a free folder."""

import errno
import fcntl
import mmap
import os
import struct
import subprocess
import sys

from hold_client import Disk, Failed, Hold, check, equal, is_alive, mounts, run, wait_until

root, folder = sys.argv[1:]
var = f"{root}/var"
disk = Disk(root, f"{folder}/disk")
on_disk = f"{disk.at}/var"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read_on(fd, want):
    """While the kernel is told to forget what it knows, right after the switch, a read may end where the file has
    ended for it until then (docs/view.md); the next goes on."""
    got = more = os.read(fd, 4096)
    while more and len(got) < len(want):
        more = os.read(fd, 4096)
        got += more
    return got


def open_at(path, flags, mode=0o644):
    return os.open(path, flags, mode)


def ids(path):
    st = os.stat(path)
    return st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns


# --- before: everything that a program can have in its hands
log = open_at(f"{var}/log/messages", os.O_WRONLY | os.O_APPEND)
os.write(log, b"early\n")
early_reader = open_at(f"{var}/log/messages", os.O_RDONLY)
equal(os.read(early_reader, 4), b"old\n", "what was read before the switch")

plain = open_at(f"{var}/log/plain", os.O_RDWR | os.O_CREAT)
os.write(plain, b"0123456789")

gone = open_at(f"{var}/spool/gone", os.O_RDWR | os.O_CREAT)
os.write(gone, b"unlinked, ")
os.lseek(gone, 1 << 20, os.SEEK_SET)
os.write(gone, b"with a hole")
os.fchmod(gone, 0o640)
os.fchown(gone, 12, 34)
os.setxattr(gone, "trusted.test", b"kept")
os.utime(gone, ns=(1_000_000_001, 2_000_000_002))
os.unlink(f"{var}/spool/gone")
gone_reader = open_at(f"/proc/self/fd/{gone}", os.O_RDONLY)

try:
    nameless = os.open(f"{var}/spool", os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(nameless, b"not yet")
except OSError as why:
    equal(why.errno, errno.EOPNOTSUPP, "O_TMPFILE")  # overlayfs of Linux 6.1 does not know it
    nameless = None

os.mkdir(f"{var}/removed")
removed = open_at(f"{var}/removed", os.O_RDONLY | os.O_DIRECTORY)
os.rmdir(f"{var}/removed")

os.mkdir(f"{var}/made")
os.rename(f"{var}/made", f"{var}/renamed")
in_renamed = open_at(f"{var}/renamed/file", os.O_RDWR | os.O_CREAT)
renamed = open_at(f"{var}/renamed", os.O_PATH)

os.mkdir(f"{var}/many")
names = {f"name-{i:05}-{'x' * 40}" for i in range(3000)}
for name in names:
    os.close(open_at(f"{var}/many/{name}", os.O_WRONLY | os.O_CREAT))
stream = os.scandir(f"{var}/many")
seen = [next(stream).name for _ in range(100)]

locked = open_at(f"{var}/log/locked", os.O_RDWR | os.O_CREAT)
fcntl.flock(locked, fcntl.LOCK_EX)
ranged = open_at(f"{var}/log/ranged", os.O_RDWR | os.O_CREAT)
os.write(ranged, b"x" * 100)
fcntl.lockf(ranged, fcntl.LOCK_EX, 10, 20)
fcntl.lockf(ranged, fcntl.LOCK_SH, 5, 50)

leased = open_at(f"{var}/log/leased", os.O_RDONLY | os.O_CREAT)
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_RDLCK)

mapped_fd = open_at(f"{var}/log/mapped", os.O_RDWR | os.O_CREAT)
os.write(mapped_fd, b"." * 8192)
mapped = mmap.mmap(mapped_fd, 8192)
mapped[0:5] = b"early"

os.link(f"{var}/log/plain", f"{var}/spool/plain-link")
linked = open_at(f"{var}/spool/plain-link", os.O_RDWR)
os.unlink(f"{var}/log/plain")  # open through both, the name that is left is the other one

# The same, but the view has never been asked for the name that is left.
os.mkdir(f"{var}/spool/below")
with open(f"{root}/run/initfs/layer/0/spool/below/hidden", "wb") as file:
    file.write(b"abc")
os.link(f"{root}/run/initfs/layer/0/spool/below/hidden", f"{root}/run/initfs/layer/0/spool/shown")
shown = open_at(f"{var}/spool/shown", os.O_RDWR)
os.unlink(f"{var}/spool/shown")

fifo = os.open(f"{var}/fifo", os.O_RDWR)

os.chdir(f"{var}/spool")
deep = open_at(f"{var}/deep/er", os.O_PATH)
lower = open_at(f"{var}/big", os.O_RDONLY)  # never changed: read from the lower layer
link_b = open_at(f"{var}/link-b", os.O_RDWR)  # a hard link of the lower layer, broken by a write
os.pwrite(link_b, b"TWO", 0)
link_a = open_at(f"{var}/link-a", os.O_RDONLY)

# --- the switch
hold = Hold(root)
pids = hold.pids()
equal(hold.need("status")["state"], "live", "the state")
os.fsync(mapped_fd)
hold.need("seal")
equal(hold.need("status")["state"], "sealed", "the state")

# Nothing of the view is on the disk yet: it fails as a whole, and says what is missing.
check(hold.error("prepare 0", on_disk) in (2, 116), "an empty disk is accepted")
hold.need("unseal")
equal(read(f"{var}/log/messages"), b"old\nearly\n", "the log after a failed attempt")
os.write(log, b"between\n")

hold.need("seal")
disk.publish(0, "/var")
counts = hold.need("prepare 0", on_disk)
equal(counts["orphans"], "2" if nameless else "1", "files without a name")
check(int(counts["files"]) >= 12, f"open files: {counts}")
hold.need("switch 0")
hold.need("unseal")
equal(hold.need("status")["state"], "disk", "the state")
check("fuse.initfs-hold" not in mounts(), "the view is still mounted")
hold.close()

# --- after: everything goes on, on the disk
os.write(log, b"late-old-fd\n")
with open(f"{var}/log/messages", "ab") as new:
    new.write(b"late-new-path\n")
os.write(log, b"last\n")
want = b"old\nearly\nbetween\nlate-old-fd\nlate-new-path\nlast\n"
equal(read(f"{on_disk}/log/messages"), want, "the log on the disk")
equal(read_on(early_reader, want[4:]), want[4:], "the log through a descriptor from before")

os.rename(f"{var}/log/messages", f"{var}/log/messages.1")
os.write(log, b"rotated\n")
check(read(f"{on_disk}/log/messages.1").endswith(b"last\nrotated\n"), "the writer of a rotated log")

with open("new-file", "wb") as new:
    new.write(b"by cwd")
equal(read(f"{on_disk}/spool/new-file"), b"by cwd", "a file made in the working directory")
equal(sorted(os.listdir(".")), sorted(os.listdir(f"{on_disk}/spool")), "the working directory")
write(f"{on_disk}/spool/by-others", b"1")
equal(read("by-others"), b"1", "a file made by others, seen from the working directory")
write(f"{on_disk}/spool/by-others", b"22")
equal(read("by-others"), b"22", "a file changed by others, seen from the working directory")
os.unlink(f"{on_disk}/spool/by-others")
check(not os.path.exists("by-others"), "a file removed by others is still seen")

equal(os.pread(gone, 10, 0), b"unlinked, ", "an unlinked file")
os.pwrite(gone, b"UNLINKED", 0)
equal(os.pread(gone_reader, 8, 0), b"UNLINKED", "an unlinked file through its other descriptor")
equal(os.pread(gone, 20, 1 << 20), b"with a hole", "an unlinked file behind its hole")
st = os.fstat(gone)
equal((st.st_mode & 0o7777, st.st_uid, st.st_gid, st.st_nlink), (0o640, 12, 34, 0), "its attributes")
check(st.st_blocks * 512 < 1 << 20, "the hole of an unlinked file has been filled")
equal(os.getxattr(gone, "trusted.test"), b"kept", "its attribute")

if nameless:
    os.pwrite(nameless, b"has now", 0)
    # With a directory, or Python calls link(2), which does not follow.
    os.link(f"/proc/self/fd/{nameless}", "named", src_dir_fd=deep, follow_symlinks=True)
    equal(read(f"{on_disk}/spool/named"), b"has now", "a file that got its name after the switch")
    os.close(nameless)

equal(os.fstat(removed).st_nlink, 0, "links of a removed directory")
try:
    os.close(os.open("x", os.O_CREAT | os.O_WRONLY, dir_fd=removed))
    raise Failed("a file can be made in a removed directory")
except FileNotFoundError:
    pass

os.write(in_renamed, b"renamed")
equal(read(f"{on_disk}/renamed/file"), b"renamed", "a file in a renamed directory")
os.close(os.open("via-path", os.O_CREAT | os.O_WRONLY, dir_fd=renamed))
check(os.path.exists(f"{on_disk}/renamed/via-path"), "a file made by a directory's descriptor")
equal(os.stat("file", dir_fd=deep).st_size, 5, "a file below a descriptor of the lower layer")

seen += [entry.name for entry in stream]
equal(len(seen), len(names), "names in the stream")
equal(set(seen), names, "names in the stream")

# Locks still exclude others, who come by the disk's path.
other = subprocess.run(["flock", "--nonblock", f"{var}/log/locked", "true"])
equal(other.returncode, 1, "flock by others")
fcntl.flock(locked, fcntl.LOCK_UN)
equal(subprocess.run(["flock", "--nonblock", f"{var}/log/locked", "true"]).returncode, 0,
      "flock by others, once it is free")
probe = open_at(f"{var}/log/ranged", os.O_RDWR)


def lock_type(fd, kind, start, length):
    asked = struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0)
    f_ofd_getlk = 36  # not in the module before Python 3.12... asks as a stranger would
    return struct.unpack("hhqqi4x", fcntl.fcntl(fd, f_ofd_getlk, asked))[0]


equal(lock_type(probe, fcntl.F_WRLCK, 20, 1), fcntl.F_WRLCK, "the write lock")
equal(lock_type(probe, fcntl.F_WRLCK, 30, 1), fcntl.F_UNLCK, "behind the write lock")
equal(lock_type(probe, fcntl.F_RDLCK, 50, 5), fcntl.F_UNLCK, "a read lock beside the read lock")
equal(lock_type(probe, fcntl.F_WRLCK, 54, 1), fcntl.F_RDLCK, "the read lock")
fcntl.lockf(ranged, fcntl.LOCK_UN, 0, 0)
equal(lock_type(probe, fcntl.F_WRLCK, 0, 0), fcntl.F_UNLCK, "when all is unlocked")

# A lease stays with the view's file: who comes by the disk's path neither waits nor breaks it.
write(f"{var}/log/leased", b"by others")
equal(fcntl.fcntl(leased, fcntl.F_GETLEASE), fcntl.F_RDLCK, "the lease")
equal(os.pread(leased, 9, 0), b"by others", "what others write to a leased file")
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_UNLCK)

mapped[100:104] = b"late"
mapped.flush()
equal(read(f"{on_disk}/log/mapped")[:5], b"early", "what was mapped and written before")
equal(read(f"{on_disk}/log/mapped")[100:104], b"late", "what was mapped and written after")

os.pwrite(linked, b"ABC", 0)
equal(os.pread(plain, 10, 0), b"ABC3456789", "a file whose first name is gone")
equal(read(f"{on_disk}/spool/plain-link"), b"ABC3456789", "its other name on the disk")
os.pwrite(shown, b"ABC", 0)
equal(read(f"{on_disk}/spool/below/hidden"), b"ABC", "a file by the name that was never looked up")
equal(os.pread(lower, 4, 99990), b"xxxx", "an unchanged file of the lower layer")
equal(os.pread(link_b, 3, 0), b"TWO", "the changed one of two links")
equal(os.pread(link_a, 3, 0), b"one", "the other one of two links")
equal(read(f"{on_disk}/link-a"), b"one of two\n", "the other one on the disk")
os.write(fifo, b"through")
equal(os.read(fifo, 7), b"through", "a FIFO")

# --- the end: nothing of ours holds the layers, and the last close ends the processes
os.chdir("/")
stream.close()
mapped.close()
run("umount", f"{root}/run/initfs/layer/0")  # not lazily: nobody has it
run("umount", f"{root}/run/initfs/ram")
for fd in (early_reader, plain, gone, gone_reader, removed, in_renamed, renamed, locked, ranged,
           leased, mapped_fd, linked, shown, fifo, deep, lower, link_b, link_a):
    os.close(fd)
check(is_alive(pids[0]), "initfs-hold is gone while a file is open")
os.write(log, b"alone\n")
os.close(log)
wait_until(lambda: not any(map(is_alive, pids)), "the processes end with the last file")
os.close(probe)
check(read(f"{on_disk}/log/messages.1").endswith(b"alone\n"), "the last line")
check(" hold.gone" in read(f"{root}/run/initfs/timeline").decode(), "the end is not on record")
disk.release()
run("mount", "-o", "remount,ro", root)  # not busy: no writer is left behind
