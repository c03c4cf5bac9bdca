# SPDX-License-Identifier: GPL-2.0-or-later
"""The merge of a live view is killed, or fails, at its system calls. MERGE_POINTS=N: how many of each kind, or all."""
import os
import random

from live_points import plain_calls, try_points
from merge_points import NOT_REACHED, check

ERRORS = ["ENOSPC", "EIO", "EROFS", "EMFILE", "ENOMEM"]
SAMPLE = 16  # of each kind, when it is not all


def killed(scene, n):
    code, said = scene.at(f"--kill={n}")
    if code == NOT_REACHED:
        return str(code)
    check(code == 128 + 9, f"killed at call {n}: {code} {said}")
    return "killed"


def failed(scene, n, error):
    code, said = scene.at(f"--fail={error}@{n}")
    check(code in (0, 1, 3, NOT_REACHED), f"call {n} failed with {error}: {code}: {said}")
    return str(code) if code else "merged"


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
    calls = plain_calls()
    ends = try_points(plan(calls), f"{len(calls)} calls")
    check(ends["killed"], "the points are badly chosen")


main()
