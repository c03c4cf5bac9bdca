# SPDX-License-Identifier: GPL-2.0-or-later
"""A merge is killed, or fails, at each of its system calls. MERGE_POINTS=all: at each in each way."""
import collections
import os
import random
import sys

from merge_points import NOT_REACHED, Broken, Scene, check, in_parallel

# Most of a point is waiting for the kernel to have unmounted.
WORKERS = 2 * os.cpu_count()
ERRORS = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "ENOMEM"]


def killed(scene, n):
    where = f"killed at call {n}"
    scene.reset()
    code, said = scene.at(f"--kill={n}")
    if code == NOT_REACHED:
        return code
    check(code == 128 + 9, f"{where}: {code} {said}")
    scene.is_whole(where)
    scene.same_view(where)
    scene.finishes(where)
    return "killed"


def may_end(calls):
    """With which exit codes, if the last of these calls fails."""
    if "mkdirat" not in calls:
        return (0, 3)  # nothing was touched
    return (0, 4) if "syncfs" in calls[:-1] else (0, 1, 3)


def failed(scene, n, error, lasting=""):
    where = f"call {n}{lasting} failed with {error}"
    scene.reset()
    code, said = scene.at(f"--fail={error}@{n}{lasting}")
    if code == NOT_REACHED:
        return code  # it got by with a call less
    # Not the plain run's: the kernel may ask for another try (EAGAIN) under load.
    calls = scene.last_calls()[:n]
    check(code in may_end(calls), f"{where}: {code}: {said}")
    scene.is_whole(where)
    if code == 0:
        scene.is_merged(where)
    elif code == 4:
        scene.same_view(where)
    elif not lasting:
        scene.same_disk(where)
    # Where all calls fail from there on, so does the one that would say it.
    check(code == 0 or lasting or said.strip(), f"{where}: {code} and nothing said")
    scene.finishes(where)
    return code


def plan(calls, share):
    """The points as the arguments of what tries them, shuffled so that each process takes as long."""
    numbers = range(1, len(calls) + 1)
    kills = [(killed, n) for n in numbers]
    errors = [(failed, n, error, *lasting)
              for n in numbers for error in ERRORS for lasting in ((), ("+",))]
    chance = random.Random(1)
    points = kills + errors if share == 1 else (
        kills[::share] + chance.sample(errors, len(kills) // share))
    chance.shuffle(points)
    return points


def work(share):
    """Some points, in a scene of its own. Returns how often which end was seen."""
    is_moving, points = share
    scene = Scene(is_moving=is_moving)
    try:
        scene.make()
        ends = collections.Counter()
        for how, *what in points:
            try:
                ends[how(scene, *what)] += 1
            except Broken as broken:
                print(f"{broken}; calls: {scene.last_calls()[-3:]}", flush=True)
                ends["broken"] += 1
        return ends
    finally:
        scene.close()


def look(is_moving):
    """The calls of a merge that nothing happens to."""
    scene = Scene(is_moving=is_moving)
    try:
        scene.make()
        calls = scene.calls()
        scene.is_merged("the plain run")
        return calls
    finally:
        scene.close()


def try_all(is_moving, share):
    """Every share-th kill and as many failures; 1: all of both."""
    calls = look(is_moving)
    points = plan(calls, share)
    ends = collections.Counter()
    for found in in_parallel(work, [(is_moving, points[i::WORKERS]) for i in range(WORKERS)]):
        ends.update(found)
    print(f"{'with renames: ' if is_moving else ''}{len(calls)} calls, {len(points)} points: "
          f"{dict(ends)}", flush=True)
    # All ways to end were taken, or the points are badly chosen.
    for end in ("killed", "0", "1", "3", "4"):
        check(ends[end], f"no point ended with {end}")
    return ends["broken"]


def main():
    everything = os.environ.get("MERGE_POINTS") == "all"
    broken = try_all(False, 1 if everything else 4)
    # Directories that the overlay has renamed (redirect_dir), and files whose data it left (metacopy).
    broken += try_all(True, 1 if everything else 12)
    if broken:
        sys.exit(f"{broken} points are broken")


main()
