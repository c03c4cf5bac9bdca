# SPDX-License-Identifier: GPL-2.0-or-later
"""While the merge of a live view stands at one of its system calls, programs change everything. MERGE_POINTS=N: how many
points besides those at which a directory that is open is removed, or all; INITFS_SEED: others."""
import os
import random
import shutil
import threading
import time

from live_points import plain_calls, try_points
from merge_points import NOT_REACHED, Broken, check, differences, dump, tree, write

SAMPLE = 24
SEED = int(os.environ.get("INITFS_SEED", "1"))
CHURN = 60  # changes of every kind
UNDER_SEAL = 0.3  # seconds: who sleeps so long without being woken waits for the merge


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


TURNS = {turn.__name__: turn for turn in (churned, removed, emptied, renamed)}


def without_links(lines):
    return [line.split("\tlinks=")[0] for line in lines]


def sleeps(thread):
    """How often the thread has been woken, if it sleeps now; None: it works, or it has ended."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/status") as file:
            status = dict(line.split(":", 1) for line in file)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return status["voluntary_ctxt_switches"] if status["State"].split()[0] in "SD" else None


class Turn:
    """At one call of the merge: what programs do then. Under the seal they wait, and the merge goes on beside them."""

    def __init__(self, scene, n, turn):
        self.scene, self.n, self.turn, self.error = scene, n, turn, None
        self.is_alone = True
        self.go, self.done = f"{scene.folder}/go", f"{scene.folder}/done"
        for path in (self.go, self.done):
            os.mkfifo(path)
        self.programs = threading.Thread(target=self.work)
        self.thread = threading.Thread(target=self.wait)
        self.thread.start()

    def wait(self):
        """For the shell that stands at the call, which waits for us."""
        with open(self.go) as file:
            is_called = file.readline() == "go\n"
        if is_called:
            self.programs.start()
            self.is_alone = self.ends_alone()
            write(self.done, "done\n")
            self.programs.join()

    def ends_alone(self):
        """Whether the merge has stood until they had done all; False: under the seal they wait for it."""
        woken, since = None, time.monotonic()
        while self.programs.is_alive():
            now = sleeps(self.programs)
            if now is None or now != woken:
                woken, since = now, time.monotonic()
            elif time.monotonic() > since + UNDER_SEAL:
                return False
            self.programs.join(0.01)
        return True

    def work(self):
        try:
            self.turn(f"{self.scene.var}/tree", SEED * 100_000 + self.n)
            self.scene.programs.work()
            self.wanted = dump(f"{self.scene.var}/tree")
        except (Broken, OSError) as error:
            self.error = error

    def shell(self):
        return f"echo go >{self.go}; read -r end <{self.done}"

    def end(self):
        # Heard only where the call was not reached.
        go = os.open(self.go, os.O_RDWR)
        os.write(go, b"no\n")
        self.thread.join()
        os.close(go)
        for path in (self.go, self.done):
            os.unlink(path)
        if self.error:
            raise self.error


def changed(scene, turn, n):
    turn = Turn(scene, n, TURNS[turn])
    try:
        code, said = scene.at(f"--run={n}={turn.shell()}")
    finally:
        turn.end()
    check(code in (0, NOT_REACHED), f"ended with {code}: {said}")
    if code:
        return "merged before"
    if turn.is_alone:
        scene.wanted = turn.wanted
        return "merged"
    # Seen during the switch, in which numbers of inodes change (docs/view.md).
    found = without_links(dump(f"{scene.var}/tree"))
    wanted = without_links(turn.wanted)
    check(found == wanted, f"the tree: {differences(wanted, found)}")
    scene.wanted = dump(f"{scene.var}/tree")
    return "merged beside"


def plan(calls):
    points = [(changed, turn, n) for n in range(1, len(calls) + 1) for turn in TURNS]
    if os.environ.get("MERGE_POINTS") == "all":
        return points
    count = int(os.environ.get("MERGE_POINTS", SAMPLE))
    live = calls.index("connect")
    opened = [(changed, "emptied", n) for n, call in enumerate(calls[:live], 1) if call == "getdents64"]
    chance = random.Random(SEED)
    late = live * len(TURNS)
    return opened + chance.sample(points[:late], count) + chance.sample(points[late:], count)


def main():
    calls = plain_calls()
    ends = try_points(plan(calls), f"{len(calls)} calls, seed {SEED}")
    check(ends["merged"] and ends["merged beside"], "the points are badly chosen")


main()
