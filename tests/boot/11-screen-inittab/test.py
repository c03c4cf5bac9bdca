#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen that came early is watched by init where inittab adopts it: Red Hat's prefdm, Debian's lightdm.
from lab import Archive, Guest, expect, wait_event

SUPERVISE = "/usr/sbin/initfs-supervise"
# What an administrator changes, on a copy of /etc in RAM: Red Hat's line in runlevel 5, which this
# boot goes to, and Debian's in the others. rc starts no screen.
SETTINGS = f"""
mkdir /run/boot-lab-etc
mount -t tmpfs -o mode=755 etc /run/boot-lab-etc # /run itself is noexec
cp -a "$NEWROOT/etc/." /run/boot-lab-etc/
mount --bind /run/boot-lab-etc "$NEWROOT/etc"
chroot "$NEWROOT" /bin/sh -e <<'EOT'
sed -i 's/^id:2:/id:5:/; s/^T0:23:/T0:2345:/' /etc/inittab
rm /etc/rc[2-5].d/S*lightdm /etc/X11/default-display-manager
mkdir -p /etc/inittab.d /etc/sysconfig
echo 'DISPLAYMANAGER=/usr/sbin/lightdm' >/etc/sysconfig/desktop
echo 'x:5:respawn:{SUPERVISE} --adopt=/run/initfs/screen.pid -- /etc/X11/prefdm -nodaemon' >>/etc/inittab
echo 'y:234:respawn:{SUPERVISE} --adopt=/run/lightdm.pid -- /usr/sbin/lightdm' >/etc/inittab.d/screen.tab
printf '%s\\n' '#!/bin/sh' '. /etc/sysconfig/desktop' 'exec "$DISPLAYMANAGER"' >/etc/X11/prefdm
chmod 755 /etc/X11/prefdm
EOT
"""
ITS_X = "pgrep -x -P \"$(cat /run/lightdm.pid)\" Xorg"
ITS_GREETER = "pgrep -x lightdm-gtk-gre"


def parent_is_init(g):
    return g.run('[ "$(ps -o ppid= -p "$(cat /run/lightdm.pid)" | xargs)" = 1 ]')


def back(g, old):
    """The greeter of another lightdm, started by init; the picture of a killed one may stay for a while."""
    g.poll(f"pid=$(cat /run/lightdm.pid) && [ \"$pid\" != {old} ] && {ITS_X} && {ITS_GREETER}")
    g.wait_shows("greeter")
    expect(parent_is_init(g), "init has started it")
    g.poll('[ "$(pidof Xorg | wc -w)" = 1 ]')
    return g.need("cat /run/lightdm.pid").strip()


addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/70-boot-lab.sh", SETTINGS)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "layer.gone")
    g.poll("grep -qa screen.pid /proc/\"$(cut -d ' ' -f 1 /run/initfs/adopt/run-initfs-screen.pid)\"/cmdline")
    early = g.need("cat /run/lightdm.pid").strip()
    expect(early == g.need("cat /run/initfs/screen.pid").strip(), "it is the early one that is waited for")
    expect(not parent_is_init(g), "it came early, not by init")
    g.need(f"kill -SEGV {early}")
    second = back(g, early)
    expect(g.need("grep -c ' early.start name=lightdm' /run/initfs/timeline").strip() == "1",
           "the supervisor has not started it again")
    expect(g.run("grep -q ' early.adopted name=lightdm' /run/initfs/timeline"), "the record says who does")
    g.need(f"kill -KILL {second}")
    third = back(g, second)
    # Another runlevel has the other line: init ends the one and starts the other.
    g.need("telinit 2")
    back(g, third)
    g.screenshot("end")
