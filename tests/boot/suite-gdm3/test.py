#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# GNOME's greeter is there before the fsck, once, as its script knows it; a login there outlives a power cut, and what
# its script stops stays stopped.
import os
import time

from lab import BOOT_LIMIT, Archive, Guest, Timeline, events, expect, screen
from lab.guest import LIB
from lab.login import PASSWORD, early_screen, log_in, session_is_on_disk

# What the manual page tells those whose gdm3 draws by an X server.
BY_X = """
mkdir -p /run/boot-lab && sed 's,^Ready=.*,Ready=x11:/tmp/.X11-unix/X0,;s,^ReadyBound=.*,ReadyBound=900,' \\
    "$NEWROOT/usr/lib/initfs/early.d/gdm3.conf" >/run/boot-lab/gdm3.conf
mount --bind /run/boot-lab/gdm3.conf "$NEWROOT/usr/lib/initfs/early.d/gdm3.conf"
"""
STATE = "/sysroot/run/initfs"
# The box of a user has 25,000, a cursor a few.
MANY_PIXELS = 10000
FEW_PIXELS = 500
# Everything is drawn by the processor, which TCG pretends to be.
LOGIN_LIMIT = 400


def has_box(picture):
    """Is there in the middle what the screen beside it does not have?"""
    middle = range(picture.height * 42 // 100, picture.height * 54 // 100)
    rows = [picture.luma_row(y)[picture.width * 35 // 100:picture.width * 65 // 100] for y in middle]
    around = picture.luma_row(picture.height // 4)[picture.width // 4]
    return sum(len(row) - row.count(around) for row in rows) > MANY_PIXELS


def is_still():
    before = g.picture()
    time.sleep(2)
    return screen.differences(before, g.picture()) < FEW_PIXELS


def shows_before_init():
    """With pace=gui a boot waits for 30 s, and this screen takes longer; here it stands still until the supervisor
    says that the screen shows."""
    g.early.ping(BOOT_LIMIT)
    g.wait_until("the supervisor has seen enough", lambda: g.early.run(f"[ ! -e {STATE}/screen-comes ]", 60))
    picture = g.picture()
    screen.write_png(picture, g.path("shown.png"))
    timeline = g.early.run(f"cat {STATE}/timeline", 60).output
    print(timeline)
    expect(" early.shown name=gdm3\n" in timeline, "the supervisor has seen the greeter")
    expect(len(picture.pixels) - picture.pixels.count(0) > MANY_PIXELS, "the greeter has drawn when it says so")
    g.wait_until("the users are on the screen", lambda: has_box(g.picture()))
    g.early_go()


def shows_before_fsck():
    shown = next(when for when, event, _ in events(g) if event == "early.shown")
    fsck = Timeline(g).times["fsck started"]
    expect(shown < fsck, f"the greeter was shown ({shown:.1f}) before the fsck ({fsck:.1f})")


def type_it():
    # The list of users has one; the keyboard chooses it. A screen that was dark for a while wakes up first.
    g.press("shift")
    g.wait_until("the users are on the screen", lambda: has_box(g.picture()) and is_still())
    users = g.picture()
    g.press("ret")
    g.poll("pgrep -f '[g]dm-session-worker.*gdm-password'")
    g.wait_until("the list has gone", lambda: screen.differences(users, g.picture()) >= MANY_PIXELS)
    g.wait_until("the password is asked for", is_still)
    g.screenshot("password")
    g.type(f"{PASSWORD}\n")


addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/70-boot-lab.sh", BY_X)
addon.breakpoint("pre-pivot", "90")
with Guest(initrd="initfs", append="rd.initfs rd.initfs.pace=gui", addon=addon, flavour="gdm", memory=4096) as g:
    shows_before_init()
    early_screen(g, "gdm3")
    shows_before_fsck()
    log_in(g, type_it, "esc", limit=LOGIN_LIMIT)
    g.screenshot("session")
    g.check(os.path.join(LIB, "assert-stop.sh"), NAME="gdm3")
    g.cut()
    session_is_on_disk(g)
