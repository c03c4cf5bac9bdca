# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who sits before the guest's screen and logs in."""

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
SESSION_RUNS = f"test -s /home/user/{SAYS} && pgrep -u user -x sleep"
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
    """The greeter was there before the check of the disk began, which waits for it for 30 s at most."""
    seen = events(g)
    at = {event: when for when, event, rest in reversed(seen) if rest in ("", f"name={name}")}
    asked = min(when for when, event, _ in seen if event == "early.start")
    # Where nobody can hold the check, init itself has to wait.
    checks = [when for when, event, rest in seen if (event, rest) == ("rc.start", "name=checkroot.sh")]
    went_on = checks[0] if checks else at["boot.early-done"]
    shown, fsck = at["early.shown"], Timeline(g).times.get("fsck started")
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


def _session_is_right(g):
    said = g.need(f"cat /home/user/{SAYS}").strip()
    expect(said.startswith("user on :"), f"the session runs: {said}")


def log_in(g, type_it, *again, limit=TRY_LIMIT):
    """type_it() types name and password; a try that comes to nothing is made again, after the keys again."""
    g.need(PREPARE)
    for _ in range(TRIES):
        try:
            type_it()
            g.poll(SESSION_RUNS, limit)
        except LabError:
            if again:
                g.press(*again)
            continue
        _session_is_right(g)
        return
    raise LabError("nobody could log in")


def _type_name(g):
    """Until lightdm asks for the password."""
    # A try that came to nothing has left the greeter in the field behind it, or in none. Not Esc:
    # that opens its menus, and what is typed goes there.
    before = int(g.need(PROMPTS))
    for keys in [(), ("shift", "tab"), ("tab",), ("shift", "tab")]:
        if keys:
            g.press(*keys)
        g.type("user\n")
        try:
            g.poll(f"[ \"$({PROMPTS})\" -gt {before} ]", TRY_LIMIT)
            return
        except LabError:
            continue
    raise LabError("the greeter takes no name")


def log_in_at_lightdm(g):
    """Once the greeter has taken the name, it takes the password."""
    g.need(PREPARE)
    _type_name(g)
    g.type(f"{PASSWORD}\n")
    g.poll(SESSION_RUNS)
    _session_is_right(g)


def _box_height(picture):
    """Of what is lit in the middle of the screen, below the panel; a text makes the greeter's box higher."""
    third = picture.width // 3
    lit = [y for y in range(picture.height // 10, picture.height) if any(picture.luma_row(y)[third:2 * third])]
    return lit[-1] - lit[0]


def be_refused(g, name):
    """Somebody does the same before logins are open: a text that stays says so, and the password is asked for again."""
    height = _box_height(g.picture())
    _type_name(g)
    g.type(f"{PASSWORD}\n")
    g.poll("grep -Eq 'Authentication complete with return value [1-9]' /var/log/lightdm/lightdm.log", TRY_LIMIT)
    g.wait_until("the greeter says why", lambda: _box_height(g.picture()) > height, TRY_LIMIT)
    g.screenshot(name)
    expect(not g.run("pgrep -u user ."), "nobody is logged in")
    expect(_box_height(g.picture()) > height, "the greeter says why, in a text that stays")


def log_in_after_refusal(g):
    log_in(g, lambda: g.type(f"{PASSWORD}\n"))


def session_is_on_disk(g):
    """After a power cut, of a guest that is gone."""
    expect(g.disk.read(f"/home/user/{SAYS}").startswith("user on :"), "the session's file is on the disk")
