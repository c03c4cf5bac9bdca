# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that have more open than the view's server can. argv: root."""

import errno
import os
import resource
import subprocess
import sys

from hold_client import check, equal, is_alive, wait_until

root = sys.argv[1]
var, state = f"{root}/var", f"{root}/run/initfs"
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))


def events(name):
    with open(f"{state}/timeline") as file:
        return [line for line in file.read().splitlines() if line.split()[1] == name]


def status():
    said = subprocess.run(["initfs", "status"], capture_output=True, text=True)
    return said.stdout + said.stderr


held = os.open(f"{var}/log/messages", os.O_WRONLY | os.O_APPEND)
files, error = [], 0
while len(files) < 6000:
    try:
        files.append(os.open(f"{var}/spool/{len(files)}", os.O_RDWR | os.O_CREAT | os.O_EXCL))
    except OSError as refused:
        error = refused.errno
        break
check(error in (errno.EMFILE, errno.ENFILE), f"file {len(files)}: {os.strerror(error)}")
check(len(files) > 500, f"{len(files)} files could be opened")

# What is open goes on, and what was refused has left nothing behind.
for n, fd in enumerate(files):
    equal(os.pwrite(fd, b"%05d" % n, 0), 5, "writing to a file that is open")
os.write(held, b"full\n")
equal(os.path.exists(f"{var}/spool/{len(files)}"), False, "a file that could not be opened")

# A merge needs as many again: it is put off, with the reason, and nothing changes.
subprocess.run(["mount", "-o", "remount,rw", root], check=True)
subprocess.run(["initfs-merge", "--wait", "--", root], check=True)
wait_until(lambda: events("merge.failed"), "the merge is put off", 60)
check("open files" in events("merge.failed")[0], events("merge.failed")[0])
for n, fd in enumerate(files):
    equal(os.pread(fd, 10, 0), b"%05d" % n, "reading a file that is open")
os.write(held, b"still full\n")

for fd in files[10:]:
    os.close(fd)
wait_until(lambda: not os.path.exists(f"{state}/layers"), "it is merged", 120)
for n, fd in enumerate(files[:10]):
    os.pwrite(fd, b"after", 5)
    with open(f"{var}/spool/{n}") as file:
        equal(file.read(), "%05dafter" % n, "a file that was open all the time")
for n in range(10, len(files)):
    with open(f"{var}/spool/{n}") as file:
        equal(file.read(), "%05d" % n, "a file that was closed before")
os.write(held, b"later\n")
with open(f"{var}/log/messages") as file:
    equal(file.read(), "old\nfull\nstill full\nlater\n", "the log")
print(f"{len(files)} files were open; {len(events('merge.failed'))} merges were put off")
