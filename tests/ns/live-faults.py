# SPDX-License-Identifier: GPL-2.0-or-later
"""The merge of a live view is killed, or fails, at its system calls. MERGE_POINTS=N: how many of each kind, or all."""
import collections
import os
import random
import subprocess
import sys

from live_points import Scene, reap, until
from merge_points import Broken, check, in_parallel, libc

ERRORS = ["ENOSPC", "EIO", "EROFS", "EMFILE", "ENOMEM"]
WORKERS = os.cpu_count()
SAMPLE = 16  # of each kind, when it is not all
PR_SET_CHILD_SUBREAPER = 36


def killed(scene, n):
    code, said = scene.at(f"--kill={n}")
    if code == 124:
        return "124"
    check(code == 128 + 9, f"killed at call {n}: {code} {said}")
    return "killed"


def failed(scene, n, error):
    code, said = scene.at(f"--fail={error}@{n}")
    check(code in (0, 1, 3, 124), f"call {n} failed with {error}: {code}: {said}")
    return str(code)


def work(points):
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    scene = Scene()
    ends = collections.Counter()
    try:
        for how, *what in points:
            where, end = f"{how.__name__} at {what}", None
            try:
                scene.up()
                end = how(scene, *what)
                ends[end] += 1
                # Where it cannot tell whether somebody has a socket, its directory stays a view, with
                # the view's device number, until initfs-hold has looked.
                if end == "0":
                    until(lambda: not scene.views(), "no directory is kept as a view")
                scene.is_right(where)
                scene.finishes(where)
            except (Broken, OSError, subprocess.TimeoutExpired) as broken:
                print(f"{where}, ended with {end}: {broken}; calls: {scene.calls()[-3:]}", flush=True)
                ends["broken"] += 1
            scene.down()
            reap()
        return ends
    finally:
        scene.close()


def look():
    """The calls of a merge that nothing happens to."""
    scene = Scene()
    try:
        scene.up()
        code, said = scene.at()
        check(code == 0, f"the plain merge: {code} {said}")
        scene.finishes("the plain merge")
        scene.down()
        return scene.calls()
    finally:
        scene.close()


def plan(calls):
    """Where something is done to the disk or to the view, a sample has to have points, too."""
    numbers = range(1, len(calls) + 1)
    kills = [(killed, n) for n in numbers]
    errors = [(failed, n, error) for n in numbers for error in ERRORS]
    chance = random.Random(os.environ.get("INITFS_SEED", "1"))
    if os.environ.get("MERGE_POINTS") != "all":
        late = calls.index("connect") + 1
        count = int(os.environ.get("MERGE_POINTS", SAMPLE))
        kills = chance.sample(kills[:late], count // 2) + chance.sample(kills[late:], count)
        errors = chance.sample(errors, count // 2) + chance.sample(errors[late * len(ERRORS):], count)
    points = kills + errors
    chance.shuffle(points)
    return points


def main():
    calls = look()
    points = plan(calls)
    ends = collections.Counter()
    for found in in_parallel(work, [points[i::WORKERS] for i in range(WORKERS)]):
        ends.update(found)
    print(f"{len(calls)} calls, {len(points)} points: {dict(ends)}", flush=True)
    check(ends["killed"], "the points are badly chosen")
    if ends["broken"]:
        sys.exit(f"{ends['broken']} points are broken")


main()
