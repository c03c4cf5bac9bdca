# SPDX-License-Identifier: GPL-2.0-or-later
"""The pause of a merge, and its parts. argv: root, rounds, numbers of changed names."""

import os
import signal
import statistics
import subprocess
import sys
import time

root, rounds, sizes = sys.argv[1], int(sys.argv[2]), [int(text) for text in sys.argv[3:]]
state, writers = f"{root}/run/initfs", int(os.environ.get("WRITERS", "50"))
# From one event to the next.
PARTS = ("seal", "scan, stage, sync", "publish", "reopen, switch", "unseal")


def run(*command):
    subprocess.run(command, check=True)


def wait_until(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("bench-pause: hangs")
        time.sleep(0.01)


def write_lines(number):
    fd = os.open(f"{root}/var/log/writer-{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(fd, b"first\n")
    while True:
        os.write(fd, b"a line of a log, as daemons write them now and then\n")
        time.sleep(0.01 + number / 5000)


def start_writer(number):
    pid = os.fork()
    if pid == 0:
        write_lines(number)
    return pid


def change_names(count):
    """Files in directories that the disk has too: each is a rename of its own."""
    for i in range(count):
        with open(f"{root}/var/spool/{i % 100:02}/name-{i}", "w") as file:
            file.write("changed\n")


def events():
    found = {}
    with open(f"{state}/timeline") as file:
        for line in file:
            when, name, *pairs = line.split()
            found[name if "round=0" not in pairs else "rest"] = (float(when) * 1e3, dict(p.split("=", 1) for p in pairs))
    return found


def one(count):
    """Milliseconds: the pause, the longest wait before it, how many such waits, the parts of the pause."""
    os.path.exists(f"{state}/timeline") and os.unlink(f"{state}/timeline")
    run("initfs-overlay", "--size=1G", "--", root, "/var", "/tmp")
    run("initfs-hold", "--", root)
    with open(f"{state}/hold-guard.pid") as file:
        guard = int(file.read())
    change_names(count)
    pids = [start_writer(number) for number in range(writers)]
    wait_until(lambda: len(os.listdir(f"{root}/var/log")) >= writers)
    run("initfs-merge", "--wait", "--", root)
    run("mount", "-o", "remount,rw", root)
    wait_until(lambda: not os.path.exists(f"{state}/layers"))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    wait_until(lambda: not os.path.exists(f"/proc/{guard}/fd"))
    found = events()
    pause = int(found["merge.unsealed"][1]["pause_us"]) / 1e3
    times = [found[name][0] for name in ("merge.sealed", "rest", "merge.published", "merge.switched", "merge.unsealed")]
    early = found["merge.early"][1] if "merge.early" in found else {}
    clean_up()
    return [pause, int(early.get("longest_us", 0)) / 1e3, int(early.get("slices", 0)), pause - (times[-1] - times[0])] + [b - a for a, b in zip(times, times[1:])]


def clean_up():
    for i in range(100):
        directory = f"{root}/var/spool/{i:02}"
        for name in os.listdir(directory):
            os.unlink(f"{directory}/{name}")
    for number in range(writers):
        os.path.exists(f"{root}/var/log/writer-{number}") and os.unlink(f"{root}/var/log/writer-{number}")
    wait_until(lambda: subprocess.run(["mount", "-o", "remount,ro", root], stderr=subprocess.DEVNULL).returncode == 0)


def draw(rows, path):
    """Both axes logarithmic: names 10^1..10^5, milliseconds 10^0..10^4."""
    import math
    x = lambda names: 60 + 100 * math.log10(names)
    y = lambda ms: 420 - 100 * math.log10(max(ms, 1))
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" width="620" height="470" font-family="sans-serif" font-size="12">',
             '<rect width="620" height="470" fill="white"/>']
    for power in range(5):
        lines.append(f'<path d="M60 {420 - 100 * power}H580M{x(10 ** (power + 1))} 420V20" stroke="#ddd"/>'
                     f'<text x="8" y="{424 - 100 * power}">{10 ** power} ms</text>'
                     f'<text x="{x(10 ** (power + 1)) - 12}" y="440">{10 ** (power + 1)}</text>')
    for column, colour, what in ((0, "#05a", "the pause"), (1, "#a50", "the longest slice before it")):
        points = " ".join(f"{x(names):.0f},{y(parts[column]):.0f}" for names, parts in rows)
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x(names):.0f}" cy="{y(parts[column]):.0f}" r="4" fill="{colour}"/>'
                  f'<text x="{x(names) - 20:.0f}" y="{y(parts[column]) - 10:.0f}" fill="{colour}">{parts[column]:.1f}</text>'
                  for names, parts in rows]
        lines.append(f'<text x="80" y="{40 + 18 * column}" fill="{colour}">{what}</text>')
    lines.append(f'<text x="180" y="462">names changed; medians of {rounds} merges with {writers} programs writing</text></svg>')
    with open(path, "w") as file:
        file.write("\n".join(lines))


run("mount", "-o", "remount,rw", root)
for i in range(100):
    os.makedirs(f"{root}/var/spool/{i:02}", exist_ok=True)
run("mount", "-o", "remount,ro", root)
print(f"the pause with {writers} programs writing, in ms; medians of {rounds}")
print(f"{'names':>7} {'pause':>8} {'slice':>8} {'slices':>7}   of the pause: " + ", ".join(PARTS))
rows = []
for size in sizes:
    measured = [one(size) for _ in range(rounds)]
    medians = [statistics.median(column) for column in zip(*measured)]
    rows.append((size, medians))
    print(f"{size:7} {medians[0]:8.1f} {medians[1]:8.1f} {medians[2]:7.0f}   "
          + "  ".join(f"{part:.1f}" for part in medians[3:]), flush=True)
if "SVG" in os.environ:
    draw(rows, os.environ["SVG"])
