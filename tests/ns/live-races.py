# SPDX-License-Identifier: GPL-2.0-or-later
"""While the merge of a live view stands at one of its system calls, programs change everything. MERGE_POINTS=N: how many
points besides those at which a directory that is open is removed, or all; INITFS_SEED: others."""
import collections
import os
import random
import shutil
import subprocess
import sys
import threading

from live_points import Scene, reap, until
from merge_points import Broken, check, dump, in_parallel, libc, tree, write

WORKERS = os.cpu_count()
SAMPLE = 24
SEED = int(os.environ.get("INITFS_SEED", "1"))
CHURN = 60  # changes of every kind
PR_SET_CHILD_SUBREAPER = 36


def churned(top, seed):
    tree.Churn(top, seed).run(CHURN, tree.MIXED)


def removed(top, seed):
    """Whatever the merge has open or is about to open has gone; half of it is there again, as something else."""
    for count, name in enumerate(sorted(os.listdir(top))):
        path = f"{top}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
        if (count + seed) % 4 == 0:
            write(path, "was something else")
        elif (count + seed) % 4 == 1:
            os.mkdir(path)
            write(f"{path}/again", name)


def emptied(top, _):
    """From the bottom: each directory has gone while what it was in is still there."""
    for at, dirs, files in os.walk(top, topdown=False):
        for name in files + [name for name in dirs if os.path.islink(f"{at}/{name}")]:
            os.unlink(f"{at}/{name}")
        if at.count("/") > top.count("/") + 1:
            os.rmdir(at)


def renamed(top, seed):
    """Each new directory has another's name; the overlay leaves the renaming of old ones to mv."""
    for at, dirs, _ in os.walk(top):
        for name in sorted(dirs):
            try:
                os.rename(f"{at}/{name}", f"{at}/{name}.away")
                os.mkdir(f"{at}/{name}")
                write(f"{at}/{name}/new", str(seed))
            except OSError:
                pass


TURNS = [churned, removed, emptied, renamed]


class Turn:
    """At one call of the merge: what programs do then, in a thread of its own, because a shell waits for it."""

    def __init__(self, scene, n, turn):
        self.scene, self.n, self.turn, self.error = scene, n, turn, None
        self.go, self.done = f"{scene.folder}/go", f"{scene.folder}/done"
        for path in (self.go, self.done):
            os.mkfifo(path)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        with open(self.go) as file:
            is_called = file.read()
        if not is_called:
            return
        try:
            self.turn(f"{self.scene.var}/tree", SEED * 100_000 + self.n)
            self.scene.programs.work()
            self.scene.wanted = dump(f"{self.scene.var}/tree")
        except (Broken, OSError) as error:
            self.error = error
        finally:
            write(self.done, "done\n")

    def shell(self):
        return f"echo go >{self.go}; read -r end <{self.done}"

    def end(self):
        if self.thread.is_alive():
            with open(self.go, "w"):
                pass  # the call was not reached
        self.thread.join()
        for path in (self.go, self.done):
            os.unlink(path)
        if self.error:
            raise self.error


def changed(scene, n, how):
    turn = Turn(scene, n, how)
    try:
        code, said = scene.at(f"--run={n}={turn.shell()}")
    finally:
        turn.end()
    check(code == 0, f"ended with {code}: {said}")


def work(points):
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    scene = Scene()
    ends = collections.Counter()
    try:
        for n, turn in points:
            where = f"{turn.__name__} at call {n}"
            try:
                scene.up()
                changed(scene, n, turn)
                until(lambda: not scene.views(), "no directory is kept as a view")
                scene.is_right(where)
                scene.finishes(where)
                ends["merged"] += 1
            except (Broken, OSError, subprocess.TimeoutExpired) as broken:
                print(f"{where}: {broken}; the call: {scene.calls()[n - 1:n]}", flush=True)
                ends["broken"] += 1
            scene.down()
            reap()
        return ends
    finally:
        scene.close()


def look():
    """The calls of a merge that nothing happens to, until it asks for the seal: then programs wait."""
    scene = Scene()
    try:
        scene.up()
        code, said = scene.at()
        check(code == 0, f"the plain merge: {code} {said}")
        scene.finishes("the plain merge")
        scene.down()
        calls = scene.calls()
        return calls[:calls.index("connect")]
    finally:
        scene.close()


def plan(calls):
    points = [(n, turn) for n in range(1, len(calls) + 1) for turn in TURNS]
    if os.environ.get("MERGE_POINTS") == "all":
        return points
    count = int(os.environ.get("MERGE_POINTS", SAMPLE))
    opened = [(n, emptied) for n, call in enumerate(calls, 1) if call == "getdents64"]
    return opened + random.Random(SEED).sample(points, count)


def main():
    calls = look()
    points = plan(calls)
    ends = collections.Counter()
    for found in in_parallel(work, [points[i::WORKERS] for i in range(WORKERS)]):
        ends.update(found)
    print(f"{len(calls)} calls of a live round, {len(points)} points, seed {SEED}: {dict(ends)}", flush=True)
    check(ends["merged"], "the points are badly chosen")
    if ends["broken"]:
        sys.exit(f"{ends['broken']} points are broken")


main()
