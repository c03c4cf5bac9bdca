#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The screen and the log are there before the fsck, are started once, and leave nothing behind.
import shlex

from lab import Archive, Guest, Timeline, events, expect, wait_event
from lab.login import before_fsck
from lab.timeline import table

# A program that starts early, keeps its log open, and writes a new file into its directory.
WRITER = """
echo $$ >/run/boot-lab-writer.pid
cd /var/lib && mkdir boot-lab && cd boot-lab && exec >>/var/log/boot-lab.log
i=0
while :; do
    i=$((i + 1))
    echo "line $i"
    echo "$i" >"file-$((i % 50))"
    sleep 0.2
done
"""
START = f"""
chroot "$NEWROOT" /bin/sh -c {shlex.quote(WRITER)} boot-lab-writer </dev/null >/dev/null 2>&1 &
"""

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh", START)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.wait("greeter")
    g.save_picture("greeter", g.path("greeter.png"))
    g.wait("agent")
    pids = g.need("{ pidof Xorg; cat /run/rsyslogd.pid /run/lightdm.pid; } | xargs").strip()
    g.wait("login")
    gone, _ = wait_event(g, "layer.gone")
    line = Timeline(g)
    print(table([("rd.initfs", line)]))
    # Seconds of the guest, as the timeline's.
    keyboard = g.need("sed -n '/ as: Keyboard/s/^\\[ *\\([0-9.]*\\)\\].*/\\1/p' /var/log/Xorg.0.log | head -n 1").strip()
    expect(keyboard, "the X server has a keyboard")
    expect(float(keyboard) < line.times["fsck started"], "it has it before the fsck starts")
    # The X server writes into its log when it leaves its terminal and when it comes back.
    g.press("ctrl", "alt", "f1")
    g.press("ctrl", "alt", "f7")
    g.check("assert.sh", PIDS=pids, GONE=gone)
    g.screenshot("end")
    expect(line.times["first log line"] < line.times["fsck started"], "first log line before the fsck starts")
    before_fsck(g, "lightdm")
    # A machine that needs longer than the check waits has shown its greeter's window, or has waited for 30 s.
    if any((event, rest) == ("share.end", "why=still") for _, event, rest in events(g)):
        expect(line.times["greeter up"] < line.times["fsck started"], "greeter up before the fsck starts")
