# SPDX-License-Identifier: GPL-2.0-or-later
"""The power fails at a write to the disk. MERGE_POINTS=all: at each write of each log."""
import os
import random
import struct
import subprocess
import sys
import time

from merge_points import Broken, Scene, check, differences, dump, in_parallel, loop_mount, umount

WORKERS = 2 * os.cpu_count()
SAMPLE = 120
MAGIC = 0x6A736677736872
FLUSH, DISCARD = 1, 4
# A merge whose every step is committed because somebody else syncs a file of his own: names are on the
# disk one by one then, and what they lead to had better be there. (sync -f would write that, too.)
STEPS = "renameat2,unlinkat,fchown,fchownat,fchmod,utimensat,setxattr,fsetxattr,mkdirat"


def entries(log):
    """(offset on the disk, is it a flush, data or None) of each entry, in dm-log-writes' format."""
    with open(log, "rb") as file:
        magic, _, count, sector = struct.unpack("<QQQI", file.read(28))
        check(magic == MAGIC, f"{log} is no log")
        file.seek(sector)
        for _ in range(count):
            start, sectors, flags, _ = struct.unpack("<QQQQ", file.read(32))
            file.seek(sector - 32, 1)
            # What was discarded is nobody's; the old bytes are as good as any.
            data = None if flags & DISCARD else file.read(sectors * sector)
            yield start * sector, bool(flags & FLUSH), data


class Recorder:
    """A disk that goes to the scene's image, and into a log."""

    def __init__(self, scene):
        self.scene = scene
        self.file, self.log = f"{scene.folder}/logged", f"{scene.folder}/log"

    def __enter__(self):
        scene = self.scene
        umount(scene.disk)
        for path in (self.file, self.log):
            open(path, "w").close()
        os.truncate(self.file, os.path.getsize(scene.image))
        pid = f"{scene.folder}/pid"
        self.daemon = subprocess.Popen([
            "qemu-storage-daemon", "--pidfile", pid,
            "--blockdev", f"driver=file,node-name=f,filename={scene.image}",
            "--blockdev", f"driver=file,node-name=lf,filename={self.log}",
            "--blockdev", "driver=blklogwrites,node-name=l,file=f,log=lf,log-sector-size=512,"
            "log-super-update-interval=1",
            "--export", f"type=fuse,id=e,node-name=l,mountpoint={self.file},writable=on"])
        # The pid file is written when the exports are up.
        end = time.monotonic() + 60
        while not (os.path.exists(pid) and os.path.getsize(pid)):
            check(self.daemon.poll() is None and time.monotonic() < end, "no recorder")
            time.sleep(0.02)
        os.unlink(pid)
        loop_mount(self.file, scene.disk, "ext4")
        return self

    def __exit__(self, *_):
        umount(self.scene.disk)
        self.daemon.terminate()
        self.daemon.wait()
        loop_mount(self.scene.image, self.scene.disk, "ext4")


def record(scene, *options):
    """The log of one merge: what is on the disk when it has said that it is done."""
    scene.reset()
    with Recorder(scene) as recorder:
        code, said = scene.at(*options)
        check(code == 0, f"the merge that is recorded: {code} {said}")
        return list(entries(recorder.log))


def contents(pristine, log, points):
    """The disk at each (writes, seed) of sorted points; a seed loses some of the last epoch."""
    image, safe, begin, done = bytearray(pristine), bytearray(pristine), 0, 0

    def put(disk, entry):
        offset, _, data = entry
        if data:
            disk[offset:offset + len(data)] = data

    for count, seed in points:
        for n in range(done, count):
            put(image, log[n])
            if log[n][1]:
                for entry in log[begin:n + 1]:
                    put(safe, entry)
                begin = n + 1
        done = max(done, count)
        if seed is None:
            yield count, seed, bytes(image)
            continue
        cut, chance = bytearray(safe), random.Random(seed)
        for entry in log[begin:count]:
            if chance.random() < 0.5:
                put(cut, entry)
        yield count, seed, bytes(cut)


def fsck(scene, where):
    done = subprocess.run(["e2fsck", "-fn", scene.image], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    check(done.returncode == 0, f"{where}: e2fsck: {done.stdout}")


def try_point(scene, where, content, is_last):
    scene.reset(content)
    umount(scene.disk)  # its journal is replayed now
    fsck(scene, where)
    loop_mount(scene.image, scene.disk, "ext4")
    scene.is_whole(where)
    scene.same_view(where)
    if is_last:  # it was reported as done: without RAM, and whatever the cache has lost
        found = dump(scene.lower)
        check(found == scene.wanted, f"{where}: {differences(scene.wanted, found)}")
    scene.finishes(where)
    umount(scene.disk)
    fsck(scene, f"{where}, merged")
    loop_mount(scene.image, scene.disk, "ext4")


def work(share):
    """Some points of both logs; this scene is equal to that of the record but for its times."""
    scene, logs, points = share
    broken = 0
    scene.again()
    try:
        for name, log in logs.items():
            mine = sorted((p[1:] for p in points if p[0] == name), key=lambda p: p[0])
            for count, seed, content in contents(scene.pristine, log, mine):
                where = f"{name}, write {count} of {len(log)}, seed {seed}"
                try:
                    try_point(scene, where, content, count == len(log))
                except Broken as what:
                    print(what, flush=True)
                    broken += 1
        return broken
    finally:
        scene.close()


def plan(logs):
    every = [(name, n, seed) for name, log in logs.items()
             for n in range(1, len(log) + 1) for seed in (None, n)]
    ends = [(name, len(log), seed) for name, log in logs.items() for seed in (None, 1)]
    if os.environ.get("MERGE_POINTS") == "all":
        return every + ends
    return random.Random(2).sample(every, SAMPLE) + ends


def main():
    scene = Scene()
    try:
        scene.make()
        logs = {"alone": record(scene),
                "committed": record(scene, f"--before={STEPS}=echo >>{scene.disk}/other && "
                                    f"sync {scene.disk}/other")}
        for name, log in logs.items():
            print(f"{name}: {len(log)} writes, {sum(entry[1] for entry in log)} flushes")
        check(len(logs["committed"]) > 300, "the steps were not committed one by one")
        points = plan(logs)
        random.Random(3).shuffle(points)
        shares = [(scene, logs, points[i::WORKERS]) for i in range(WORKERS)]
        broken = sum(in_parallel(work, shares))
    finally:
        scene.close()
    print(f"{len(points)} points, {broken} broken")
    sys.exit(bool(broken))


main()
