# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that do nothing but calls with two paths, while one view after the other is switched.
argv: the root, a free folder, the protected directories."""

import os
import signal
import sys

from hold_client import Disk, Failed, Hold, check, equal, is_alive, wait_until

root, folder, *dirs = sys.argv[1:]
RENAMERS, LINKERS, MISSERS = 6, 4, 2
SEALS = 60


def renamer(base, mine):
    """Absolute paths, in one directory and between two; a symlink on the way."""
    here, there = f"{base}/spool/{mine}", f"{base}/deep/er/{mine}"
    open(here, "w").close()
    while True:
        os.rename(here, there)
        os.rename(there, f"{base}/way/{mine}")
        os.rename(f"{base}/spool/{mine}", here + ".x")
        os.rename(here + ".x", here)


def linker(base, mine):
    here = f"{base}/log/{mine}"
    open(here, "w").close()
    while True:
        os.link(here, f"{base}/spool/{mine}")
        os.unlink(f"{base}/spool/{mine}")
        os.symlink(here, f"{base}/{mine}")
        os.link(f"{base}/{mine}", f"{base}/deep/{mine}", follow_symlinks=True)
        os.unlink(f"{base}/deep/{mine}")
        os.unlink(f"{base}/{mine}")


def misser(base, mine):
    """Renames that fail in the view and on the disk alike: whoever waits for them waits for ever."""
    while True:
        try:
            os.rename(f"{base}/spool/none", f"{base}/deep/{mine}")
        except FileNotFoundError:
            continue
        raise Failed("a file that nobody has made was renamed")


class Program:
    def __init__(self, work, *words):
        self.what, theirs = os.pipe()
        self.name = " ".join((work.__name__, *words))
        self.pid = os.fork()
        if self.pid == 0:
            try:
                work(*words)
            except BaseException as why:
                os.write(theirs, f"{type(why).__name__}: {why}".encode()[:4000])
            os._exit(1)
        os.close(theirs)

    def end(self):
        """What it died of; nothing when it was alive."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return os.read(self.what, 4096).decode()


def settle(hold, base):
    """A seal after a brief one, as while names are published, finds what that one has held still on its
    way; nobody is left between two paths because of that, nor because somebody has ended and is not
    reaped yet. Once may be for want of a processor."""
    left = 0
    ended = os.fork()
    if ended == 0:
        os.stat(f"{base}/spool")
        os._exit(0)
    os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
    for _ in range(SEALS):
        hold.need("seal brief")
        hold.need("unseal")
        left += "between" in hold.need("seal")
        hold.need("unseal")
    os.waitpid(ended, 0)
    check(left < 2, f"{left} of {SEALS} seals left somebody between two paths")


def switch(disk, hold, number, directory):
    base = f"{root}{directory}"
    os.symlink("spool", f"{base}/way")
    programs = [Program(work, base, f"{work.__name__}-{i}")
                for work, count in ((renamer, RENAMERS), (linker, LINKERS), (misser, MISSERS))
                for i in range(count)]
    wait_until(lambda: os.path.exists(f"{base}/log/linker-0"), "the programs work")
    settle(hold, base)
    hold.need("seal")
    disk.publish(number, directory)
    hold.need(f"prepare {number}", f"{disk.at}{directory}")
    hold.need(f"switch {number}")
    hold.need("unseal")
    seen = os.stat(f"{disk.at}{directory}/spool").st_mtime_ns
    wait_until(lambda: os.stat(f"{disk.at}{directory}/spool").st_mtime_ns > seen
               or not all(is_alive(program.pid) for program in programs), "they go on, on the disk")
    ends = [(program.name, why) for program in programs if (why := program.end())]
    equal(ends, [], f"calls that saw the switch of {directory}")


disk = Disk(root, f"{folder}/disk")
hold = Hold(root)
pids = hold.pids()
for number, directory in enumerate(dirs):
    switch(disk, hold, number, directory)
hold.close()
wait_until(lambda: not any(map(is_alive, pids)), "the processes end with the last program")
disk.release()
