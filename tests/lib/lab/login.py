# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who sits before the guest's screen and logs in."""

import itertools
import os

from .fallback import expect
from .guest import LIB, LabError
from .record import events, wait_event
from .timeline import Timeline

PASSWORD = "secret"
SAYS = "session-was-here"
# What the session does: shows itself, leaves a file in its home, on the disk, and stays.
SESSION = f"""#!/bin/sh
xsetroot -solid '#204060'
echo "$USER on $DISPLAY" >"$HOME/{SAYS}"
sync
exec sleep 100000
"""
PREPARE = f"""
echo user:{PASSWORD} | chpasswd
cat >/home/user/.xsession <<'EOT'
{SESSION}EOT
chmod 755 /home/user/.xsession
chown user: /home/user/.xsession
sync
"""
# A try that failed: what was typed came before the greeter could take it.
TRIES = 4
TRY_LIMIT = 90
PROMPTS = "grep -c 'Prompt greeter' /var/log/lightdm/lightdm.log || true"


def before_fsck(g, name):
    """The greeter was there before the boot went on to init and its fsck, which waits 30 s at most."""
    seen = events(g)
    at = {event: when for when, event, rest in reversed(seen) if rest in ("", f"name={name}")}
    asked = min(when for when, event, _ in seen if event == "early.start")
    shown, went_on, fsck = at["early.shown"], at["boot.early-done"], Timeline(g).times.get("fsck started")
    # Not known where plymouth still has the console; it is after the boot has gone on.
    print(f"started {asked:.1f}, shown {shown:.1f}, the boot went on {went_on:.1f}, fsck {fsck or 0:.1f}")
    expect(shown < went_on or went_on - asked >= 29, "the greeter was shown before the fsck, or waited for")
    expect(fsck is None or went_on < fsck, "the fsck came after that")


def early_screen(g, name):
    """The screen came early and once, and its script knows it when the merge is done."""
    g.wait("agent")
    g.poll(f"grep -q ' early.shown name={name}' /run/initfs/timeline")
    g.screenshot("greeter")
    pids = g.need(f"{{ pidof Xorg; cat /run/{name}.pid; }} | xargs").strip()
    g.wait("login")
    wait_event(g, "layer.gone")
    before_fsck(g, name)
    g.check(os.path.join(LIB, "assert-screen.sh"), NAME=name, PIDS=pids)


def log_in(g, type_it, *again, limit=TRY_LIMIT):
    """type_it() types name and password; a try that comes to nothing is made again, after the keys again."""
    g.need(PREPARE)
    for _ in range(TRIES):
        try:
            type_it()
            g.poll(f"test -s /home/user/{SAYS} && pgrep -u user -x sleep", limit)
        except LabError:
            if again:
                g.press(*again)
            continue
        said = g.need(f"cat /home/user/{SAYS}").strip()
        expect(said.startswith("user on :"), f"the session runs: {said}")
        return
    raise LabError("nobody could log in")


def _to_lightdms_name(*first):
    """Yields for each try the keys that lead to the field of the name; first are those of the first one."""
    # A try that came to nothing has left the greeter in the field behind it, or in none. Not Esc:
    # that opens its menus, and what is typed goes there.
    return itertools.chain([first], itertools.cycle([("shift", "tab"), ("tab",)]))


def _type_name(g, keys, more=""):
    if keys:
        g.press(*keys)
    g.type(f"user\n{more}")


def log_in_at_lightdm(g, *first):
    """As log_in; first are keys that lead to the field of the name, where the greeter is not in it already."""
    ways = _to_lightdms_name(*first)

    def type_it():
        before = int(g.need(PROMPTS))
        _type_name(g, next(ways))
        g.poll(f"[ \"$({PROMPTS})\" -gt {before} ]", TRY_LIMIT)
        g.type(f"{PASSWORD}\n")

    log_in(g, type_it)


def be_refused(g):
    """Somebody tries the same before logins are open."""
    refused = "grep -Eq 'Authentication complete with return value [1-9]' /var/log/lightdm/lightdm.log"
    for keys in itertools.islice(_to_lightdms_name(), TRIES):
        _type_name(g, keys, f"{PASSWORD}\n")
        try:
            g.poll(refused, TRY_LIMIT)
            return
        except LabError:
            continue
    raise LabError("PAM has refused nobody")


def session_is_on_disk(g):
    """After a power cut, of a guest that is gone."""
    expect(g.disk.read(f"/home/user/{SAYS}").startswith("user on :"), "the session's file is on the disk")
