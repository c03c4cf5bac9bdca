# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes to files with several names while they are merged. argv: the root."""
import os
import subprocess
import sys
import time

from hold_client import check

# Each file has two names, and tmpfs lists so many others between them.
FILES = 400
BETWEEN = 20000

root = sys.argv[1]
var = f"{root}/var"


def make():
    os.mkdir(f"{var}/files")
    for n in range(FILES):
        with open(f"{var}/files/first{n}", "w") as file:
            file.write("before")
    for n in range(BETWEEN):
        os.close(os.open(f"{var}/files/between{n}", os.O_WRONLY | os.O_CREAT))
    for n in range(FILES):
        os.link(f"{var}/files/first{n}", f"{var}/files/last{n}")


def write_to(n):
    name = "last" if n % 2 else "first"
    with open(f"{var}/files/{name}{n}", "r+") as file:
        file.write(f"after {n}")


def main():
    make()
    # Long enough ago for their ctimes to be told from what is written now.
    time.sleep(0.1)
    subprocess.run(["mount", "-o", "remount,rw", root], check=True)
    with subprocess.Popen(["initfs-merge", "--now", "--", root]) as merge:
        n = 0
        while n < FILES and merge.poll() is None:
            write_to(n)
            n += 1
            time.sleep(0.002)  # so that they are spread over the rounds
        check(merge.wait() == 0, f"the merge ended with {merge.returncode}")
    print(f"{n} of {FILES} were written to before it ended")
    for n in range(n, FILES):
        write_to(n)
    apart, lost = [], []
    for n in range(FILES):
        first, last = os.stat(f"{var}/files/first{n}"), os.stat(f"{var}/files/last{n}")
        if first.st_ino != last.st_ino or first.st_nlink != 2:
            apart.append(n)
        for where in ("first", "last"):
            with open(f"{var}/files/{where}{n}") as file:
                if file.read() != f"after {n}":
                    lost.append(f"{where}/{n}")
    check(not lost, f"old in {lost}")
    check(not apart, f"two files where there was one: {apart}")


main()
