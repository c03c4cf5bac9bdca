# SPDX-License-Identifier: GPL-2.0-or-later
"""The second half of tests/demo: the boots, the table, the pictures."""

import os
import subprocess
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
            draw(g)
        g.save_picture(screen.GREETER, g.path("greeter.png"))
        os.unlink(g.disk.path)
        return title, Timeline(g), g.path("greeter.png")


def draw(g):
    """The boot's own picture of itself."""
    with open(g.path("boot.svg"), "w", encoding="utf-8") as f:
        f.write(g.need("initfs plot"))
    pictures.append(("the picture of the boot", g.path("boot.svg")))


def wait_for_merge(g):
    try:
        g.poll("grep -Eq ' (layer.gone|layer.kept|merge.failed|boot.stock)' /run/initfs/timeline")
    except LabError as e:
        print(f"    {e}")


def compressed(kind):
    """The size of an initramfs as dracut would compress it."""
    path = os.path.join(guest_folder(), f"initrd-{kind}.img")
    done = subprocess.run(["zstd", "-q", "-15", "-T0", "-c", path], check=True,
                          stdout=subprocess.PIPE)
    return len(done.stdout)


pictures = []
boots = [boot("stock", name="stock")]
if os.path.exists(os.path.join(guest_folder(), "initrd-initfs.img")):
    boots.append(boot("rd.initfs", name="rd.initfs", initrd="initfs", append="rd.initfs"))

print()
print(table([(title, line) for title, line, _ in boots]))
print()
sizes = {kind: compressed(kind) for kind in ("plain", "initfs")
         if os.path.exists(os.path.join(guest_folder(), f"initrd-{kind}.img"))}
if "initfs" in sizes:
    print(f"initramfs (zstd -15): {sizes['plain']} bytes, with initfs and the screen's drivers "
          f"{sizes['initfs']}")
for title, _, picture in boots:
    print(f"the login screen of {title}: {picture}")
for title, picture in pictures:
    print(f"{title}: {picture}")
sys.exit(0)
