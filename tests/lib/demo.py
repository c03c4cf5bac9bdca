# SPDX-License-Identifier: GPL-2.0-or-later
"""The second half of tests/demo: the boots, the table, the pictures."""

import os
import sys

from lab import Guest, LabError, Timeline, guest_folder, screen
from lab.timeline import table


def boot(title, **options):
    print(f"booting: {title}", flush=True)
    with Guest(**options) as g:
        g.wait("greeter")
        g.wait("login")
        if options.get("append"):
            wait_for_merge(g)
        g.save_picture(screen.GREETER, g.path("greeter.png"))
        os.unlink(g.disk.path)
        return title, Timeline(g), g.path("greeter.png")


def wait_for_merge(g):
    try:
        g.poll("grep -Eq ' (layer.gone|layer.kept|merge.failed|boot.stock)' /run/initfs/timeline", 120)
    except LabError as e:
        print(f"    {e}")


boots = [boot("stock", name="stock")]
if os.path.exists(os.path.join(guest_folder(), "initrd-initfs.img")):
    boots.append(boot("rd.initfs", name="rd.initfs", initrd="initfs", append="rd.initfs"))

print()
print(table([(title, line) for title, line, _ in boots]))
print()
with open(os.path.join(guest_folder(), "sizes"), encoding="utf-8") as f:
    sizes = {name: int(size) for size, name in (line.split() for line in f)}
if "initfs.zst" in sizes:
    print(f"initramfs (zstd): {sizes['plain.zst']} bytes, with the screen's drivers "
          f"{sizes['drm.zst']}, with initfs (and them) {sizes['initfs.zst']}")
for title, _, picture in boots:
    print(f"the login screen of {title}: {picture}")
sys.exit(0)
