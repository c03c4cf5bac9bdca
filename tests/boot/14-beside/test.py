#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Init boots beside the screen, which comes first for the processors; its check waits for the screen.
from lab import Archive, Guest, Timeline, events, expect, wait_event

# Written down as soon as there is an X server: which group it is in, and whether init runs yet.
LOOK = """
chroot "$NEWROOT" /bin/sh -c '
    until x=$(pidof Xorg); do sleep 0.1; done
    for pid in "${x%% *}" $(cat /run/initfs/hold.pid) $(cat /run/rsyslogd.pid) $(cat /run/dbus/pid) 1; do
        cat "/proc/$pid/cgroup"
    done >/run/boot-lab-groups
' boot-lab-look </dev/null >/dev/null 2>&1 &
"""

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh", LOOK)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "layer.gone")
    wait_event(g, "rc.gone")
    seen = events(g)
    at = {f"{event} {rest}".strip(): when for when, event, rest in reversed(seen)}
    print("".join(f"{when:.2f} {event} {rest}\n" for when, event, rest in seen if not event.startswith("merge")))
    shown, (over, why) = at["early.shown name=lightdm"], next((w, rest) for w, event, rest in seen if event == "share.end")
    expect(at["share.begin"] < at["early.ready name=lightdm"], "the group is there before the X server")
    expect(at["boot.early-done"] < shown, "the boot has not waited for the screen")
    expect(at["rc.start name=mountkernfs.sh"] < over, "init's scripts start beside it")
    expect("rc.hold name=checkroot.sh why=screen" in at or at["rc.start name=checkroot.sh"] > over,
           "the check of the disk waits")
    expect(at["rc.start name=checkroot.sh"] > over, "…until the screen no longer comes first")
    expect(shown < over or over - at["share.begin"] >= 29, "which is when it shows, or after 30 s")
    expect(over < Timeline(g).times["fsck started"], "the fsck came after that")
    drawn = Timeline(g).times["greeter up"]
    expect(why == "why=still" or drawn > shown + 1, "it does not wait for a greeter that has been drawn")
    expect("share.none" not in {event for _, event, _ in seen}, "nothing has kept it from that")
    g.check("assert.sh")
