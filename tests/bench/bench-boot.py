#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# How long from the kernel's start to the greeter and to the login prompt: bench-boot.py [ROUNDS [KIND...]]
#
# In turn, round by round, so that the ratios hold on a machine whose speed drifts. The floor is the
# same kernel, image and initramfs with an init that starts what the screen needs and nothing else.
# All seconds are the guest's own, from its kernel's start: its agent tells which instant of the
# guest a frame was taken at. Wants INITFS_BUILD, and a machine that does nothing else. With
# BENCH_DISK=MEGABYTES,REQUESTS the disk gives no more of them in a second; TEST_TMP=DIR keeps the logs.
# BENCH_GUEST=FLAVOUR boots the guest with those packages, and a network card; it has booted before.
# Kinds: stock, initfs and floor; initfs-ahead (with a list for initfs-readahead, recorded first),
# initfs-rc-off (start scripts not filtered), initfs-gui (the boot waits for the screen), initfs-pace-off
# (it goes on beside a screen that does not come first).
import os
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from lab import Archive, Disk, Guest, Timeline, guest_folder  # noqa: E402  (the path comes first)

# udev's knowledge of the initramfs is kept, so that X has a keyboard as with initfs.
FLOOR = """#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
/usr/lib/boot-lab/lab-agent &
hostname -F /etc/hostname
mkdir -p /run/udev && cp -a /run/boot-lab/udev/. /run/udev/
mount -t tmpfs -o mode=1777 tmp /tmp
mkdir /run/boot-lab/up /run/boot-lab/work
mount -t overlay -o lowerdir=/var,upperdir=/run/boot-lab/up,workdir=/run/boot-lab/work floor /var
mkdir -p -m 1777 /tmp/.X11-unix /tmp/.ICE-unix
mkdir -p /run/dbus /run/lock
dbus-daemon --system
/lib/elogind/elogind -D
lightdm &
while :; do sleep 1000; done
"""
# /run itself is noexec.
HOOK = """
modprobe -q overlay
mkdir /run/boot-lab && mount -t tmpfs -o mode=755 boot-lab /run/boot-lab
cp /boot-lab-floor /run/boot-lab/init && cp -a /run/udev /run/boot-lab/udev
mount --bind /run/boot-lab/init "$NEWROOT/usr/lib/boot-lab/init"
"""
FLAVOUR = os.environ.get("BENCH_GUEST", "")
# What comes together in both: a floor has no login prompt.
WHAT = ("greeter", "login prompt", "both")


def floor():
    addon = Archive()
    addon.add("boot-lab-floor", FLOOR)
    addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh", HOOK)
    return {"append": "rd.skipfsck", "addon": addon}


KINDS = {"stock": {}, "initfs": {"append": "rd.initfs"}, "floor": floor(),
         "initfs-ahead": {"append": "rd.initfs"},
         "initfs-rc-off": {"append": "rd.initfs rd.initfs.rc=off"},
         "initfs-gui": {"append": "rd.initfs rd.initfs.pace=gui"},
         "initfs-pace-off": {"append": "rd.initfs rd.initfs.pace=off"}}
ALWAYS = ("stock", "initfs", "floor")
RATIOS = ((0, "initfs-ahead", "initfs"), (0, "stock", "initfs-ahead"), (0, "initfs-ahead", "floor"),
          (2, "initfs-ahead", "stock"),
          (0, "stock", "initfs"), (0, "initfs", "floor"), (2, "initfs", "stock"), (1, "initfs", "stock"),
          (0, "initfs", "initfs-gui"), (2, "initfs", "initfs-gui"),
          (0, "initfs-gui", "floor"), (2, "initfs-gui", "stock"),
          (0, "initfs-rc-off", "floor"), (2, "initfs-rc-off", "stock"), (2, "initfs-pace-off", "stock"))


def make_guest(name, **more):
    return Guest(initrd="initfs", name=name, flavour=FLAVOUR, nic="plugged" if FLAVOUR else "none", **more)


def settle(folder):
    """Has the flavour's disk boot once, and from then on uses what that left: services make keys and
    caches at their first start. Kept in folder, for the next run."""
    image = guest_folder(FLAVOUR)
    settled = os.path.join(folder, f"settled-{os.path.basename(image)}")
    if not os.path.isdir(settled):
        with make_guest("settle") as g:
            g.wait("greeter")
            g.wait("login")
            g.power_off()
        os.mkdir(f"{settled}.tmp")
        for name in set(os.listdir(image)) - {"disk.raw"}:
            os.symlink(os.path.join(image, name), os.path.join(f"{settled}.tmp", name))
        subprocess.run(["qemu-img", "convert", "-O", "raw", g.disk.path, f"{settled}.tmp/disk.raw"], check=True)
        os.unlink(g.disk.path)
        os.rename(f"{settled}.tmp", settled)
    os.environ[f"INITFS_GUEST_{FLAVOUR}"] = settled


def record_list(folder):
    """The folder of an image that has a list of what the screen needs."""
    listed = os.path.join(folder, "list")
    with make_guest("record", append="rd.initfs rd.initfs.readahead=record") as g:
        g.wait("agent")
        with open(listed, "w", encoding="utf-8") as f:
            f.write(g.need("cat /var/lib/initfs/readahead"))
        with open(g.path("timeline"), "w", encoding="utf-8") as f:
            f.write(g.need("cat /run/initfs/timeline"))
    os.unlink(g.disk.path)
    disk = Disk.changed(folder, "listed", ("mkdir /var/lib/initfs", f"write {listed} /var/lib/initfs/readahead"),
                        FLAVOUR)
    os.unlink(disk.path)
    return os.path.join(folder, "listed-image")


def make_disk(image, path):
    disk = Disk.throw_away(image, path)
    if limits := os.environ.get("BENCH_DISK"):
        megabytes, requests = limits.split(",")
        disk.limits = f",throttling.bps-total={int(megabytes) * 1000000},throttling.iops-total={requests}"
    return disk


def boot(kind, number, folder, image):
    """Seconds of the guest to (greeter, login prompt, both)."""
    name = f"{kind}-{number}"
    disk = make_disk(image, os.path.join(folder, f"{name}.qcow2"))
    with make_guest(name, disk=disk, **KINDS[kind]) as g:
        g.watcher.interval = 0.1
        g.wait("greeter")
        if kind != "floor":
            g.wait("login")
        g.wait("agent")
        times = Timeline(g).times
        with open(g.path("timeline"), "w", encoding="utf-8") as f:
            f.write(g.run("cat /run/initfs/timeline 2>/dev/null").output)
    os.unlink(disk.path)
    greeter, login = times["greeter up"], times.get("login prompt")
    return greeter, login, max(greeter, login) if login else None


def tell(seen):
    for kind, boots in seen.items():
        middle = [f"{what} {median(t[i] for t in boots):.1f}" for i, what in enumerate(WHAT) if boots[0][i]]
        print(f"{kind}: seconds from the kernel's start, medians of {len(boots)}: {', '.join(middle)}")
    for i, a, b in RATIOS:
        if a in seen and b in seen and seen[a][0][i] and seen[b][0][i]:
            each = [x[i] / y[i] for x, y in zip(seen[a], seen[b], strict=True)]
            print(f"{WHAT[i]}, {a} / {b}: {median(each):.2f} ({min(each):.2f} to {max(each):.2f})")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seen = {kind: [] for kind in sys.argv[2:] or ALWAYS}
    with TemporaryDirectory() as temporary:
        folder = os.environ.setdefault("TEST_TMP", temporary)
        if FLAVOUR:
            settle(folder)
        images = {kind: record_list(folder) if kind == "initfs-ahead" else guest_folder(FLAVOUR) for kind in seen}
        for number in range(1, rounds + 1):
            for kind, boots in seen.items():
                boots.append(boot(kind, number, folder, images[kind]))
                text = " / ".join("-" if t is None else f"{t:.1f}" for t in boots[-1])
                print(f"{number} {kind}: {' / '.join(WHAT)} {text}", flush=True)
    tell(seen)


if __name__ == "__main__":
    main()
