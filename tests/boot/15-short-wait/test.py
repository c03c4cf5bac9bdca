#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A boot stands back for its screen for as long as it is told to; a group that cannot be made leaves nothing.
import os

from lab import Archive, Guest, events, expect, wait_event

ENTRY = """
mkdir -p /etc/initfs/early.d
printf '%s\\n' Kind=screen Program=/bin/sleep Service=boot-lab 'Exec=/bin/sleep 1000' Ready=path:/run/never \\
    ReadyBound=600 >/etc/initfs/early.d/boot-lab.conf
"""
# Between the view and the real supervisor: one that cannot make the group. What is the daemon's fails with ENOSYS.
NO_GROUP = """
/usr/lib/boot-lab/without-syscall mkdirat=EPERM initfs-supervise --syslog=off --recovery=off --gui=boot-lab \\
    --share=30 -- "$NEWROOT" </dev/null
boot_lab_tries=0
until chroot "$NEWROOT" grep -q ' share\\.' /run/initfs/timeline || [ "$boot_lab_tries" -ge 600 ]; do
    boot_lab_tries=$((boot_lab_tries + 1))
    sleep 0.1
done
mkdir -p /tmp/boot-lab-cgroup
mount -t cgroup2 cgroup2 /tmp/boot-lab-cgroup
{
    chroot "$NEWROOT" grep -o ' share\\..*' /run/initfs/timeline
    cat /tmp/boot-lab-cgroup/cgroup.subtree_control
} >"$NEWROOT/run/boot-lab-control"
umount /tmp/boot-lab-cgroup
initfs-supervise --undo -- "$NEWROOT"
"""

addon = Archive()
addon.in_root(ENTRY)
addon.add_file("usr/lib/boot-lab/without-syscall", os.path.join(os.environ["INITFS_BUILD"], "tests/lib/without-syscall"))
addon.add("usr/lib/dracut/hooks/pre-pivot/85-boot-lab.sh", NO_GROUP)
with Guest(initrd="initfs", append="rd.initfs rd.initfs.screen=1", addon=addon) as g:
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "layer.gone")
    wait_event(g, "rc.gone")
    seen = events(g)
    print("".join(f"{when:.2f} {event} {rest}\n" for when, event, rest in seen if not event.startswith("merge")))
    at = {f"{event} {rest}".strip(): when for when, event, rest in reversed(seen)}
    begin, shown = at["share.begin"], at["early.shown name=lightdm"]
    over, why = next((when, rest) for when, event, rest in seen if event == "share.end")
    # One that shows within the second is waited for until it has been drawn.
    expect(why == "why=time" or shown <= begin + 1, "the screen comes first for a second")
    expect(at["rc.start name=checkroot.sh"] > over, "the check of the disk is held as long")
    expect(at.get("rc.hold name=checkroot.sh why=screen", begin) < over, "and not held afterwards")
    control = g.need("cat /run/boot-lab-control").strip()
    expect(control == 'share.none why="Function not implemented"', f"nothing is left of a group that failed: {control}")
