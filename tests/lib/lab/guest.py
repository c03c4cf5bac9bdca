# SPDX-License-Identifier: GPL-2.0-or-later
"""One boot of the guest under QEMU, from power-on until nothing is left of it."""

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
import time

from . import screen
from .agent import Agent, AgentError, Result
from .console import Console
from .image import Disk, guest_folder
from .qmp import Qmp, QmpError
from .watch import Watcher

LIB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PR_SET_PDEATHSIG = 1

# Only guards against hanging: a boot takes a minute, or seven where ten others want the cores.
BOOT_LIMIT = 900
ANSWER_LIMIT = 300
LOGIN = r"\bguest login:"
PANIC = r"Kernel panic - not syncing|Entering emergency mode|dracut:/#"
# The clock is the HPET: on a busy host the kernel's measurement of the time stamp counter can be
# wrong by a factor of ten, and the guest's clock with it. Its check that timer interrupts come at
# all gives them less time than such a host may take, and panics.
# norandmaps: QEMU translates code anew for each address at which it stands. With random addresses
# that is for each process, and a page of the C library collects thousands of translations. Who
# writes to the page makes QEMU walk through them, at each store: the initramfs's pages, after
# switch_root, whoever gets them next. Udev's workers stood in that for half a minute, in stock
# boots as well.
KERNEL_ARGS = ("root=LABEL=guest-root ro console=tty0 console=ttyS0,115200 printk.time=1 "
               "tsc=unstable no_timer_check mitigations=off panic=-1 norandmaps "
               "init=/usr/lib/boot-lab/init")


# At a fixed place, so that udev always gives it the name that is in the guest's interfaces file.
# Without IPv6: a router that announces itself would be a network before DHCP has answered.
NIC = ("-netdev", "user,id=net,restrict=on,ipv6=off",
       "-device", "virtio-net-pci,id=nic,netdev=net,romfile=,addr=0x10")


class LabError(Exception):
    """A promise that was not kept, or a guest that does not go on."""


class Guest:
    """with Guest(append="rd.initfs", initrd="initfs") as g: g.wait("greeter") …

    append   more kernel arguments
    initrd   "plain": dracut without our module; "initfs": with it; or the path of another
    kernel   the path of another than that of the image
    addon    an Archive, appended to the initrd for this boot
    disk     a Disk of an earlier boot; without it a throw-away copy of the image
    cpus     a boot on one costs a fifth less than on two; for tests in which nothing meets
    more     raw files that are further disks (/dev/vdb, …)
    name     how the files of this boot are called in the test's folder
    flavour  a guest with more packages: those of tests/lib/guest/packages.FLAVOUR
    nic      "none", or a network card with its cable "plugged" or "unplugged" (see plug()); behind
             the cable are a DHCP server and nothing else
    memory   of the guest, in MiB
    """

    def __init__(self, append="", initrd="plain", addon=None, disk=None, name="boot", cpus=2,
                 more=(), flavour="", nic="none", memory=1024, kernel=""):
        self.name = name
        self.folder = os.environ.get("TEST_TMP") or os.getcwd()
        self._image = guest_folder(flavour)
        self._append = f"{KERNEL_ARGS} {append}".strip()
        self._kernel = kernel or os.path.join(self._image, "kernel")
        self._initrd = self._make_initrd(initrd, addon)
        self.disk = disk or Disk.throw_away(self._image, self.path("qcow2"))
        self._cpus = cpus
        self._more = more
        self._nic = nic
        self._memory = memory
        self._process = None
        self._clock = None
        self.start = None

    def path(self, suffix):
        return os.path.join(self.folder, f"{self.name}.{suffix}")

    def _make_initrd(self, kind, addon):
        plain = kind if os.path.isabs(kind) else os.path.join(self._image, f"initrd-{kind}.img")
        if not os.path.exists(plain):
            raise LabError(f"the guest has no initramfs of the kind '{kind}'")
        if addon is None:
            return plain
        joined = self.path("initrd")
        with open(joined, "wb") as out, open(plain, "rb") as f:
            out.write(f.read())
            # The kernel looks for the next archive at a multiple of four bytes.
            out.write(b"\0" * (-out.tell() % 512))
            out.write(addon.data())
        return joined

    # power

    def __enter__(self):
        pairs = {name: socket.socketpair() for name in ("qmp", "lab", "early")}
        command = self._command({name: pair[1].fileno() for name, pair in pairs.items()})
        self.start = time.monotonic()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=open(self.path("qemu.log"), "wb"),
            pass_fds=[pair[1].fileno() for pair in pairs.values()], preexec_fn=_die_with_parent)
        for pair in pairs.values():
            pair[1].close()
        self.console = Console(self._process.stdout, self.path("serial.log"), self.start)
        self.console.start()
        self.qmp = Qmp(pairs["qmp"][0])
        self.agent = Agent(pairs["lab"][0])
        self.early = Agent(pairs["early"][0])
        try:
            self.qmp.connect()
            if self._nic == "unplugged":
                self.unplug()
        except QmpError as e:
            self.__exit__(None, None, None)
            with open(self.path("qemu.log"), encoding="utf-8") as f:
                raise LabError(f"QEMU does not start: {e}\n{f.read()}") from e
        self.watcher = Watcher(self.qmp)
        self.watcher.start()
        return self

    def _command(self, fds):
        return [
            # rdrand: or the guest waits for entropy. svm: or it loads a hypervisor's modules.
            "qemu-system-x86_64", "-M", "q35", "-cpu", "qemu64,+rdrand,-svm",
            "-accel", "tcg,thread=multi", "-smp", str(self._cpus), "-m", str(self._memory),
            "-nodefaults", "-no-user-config", "-no-reboot",
            # Without its firmware the screen shows nothing until the kernel has it.
            "-display", "none", "-device", "bochs-display,romfile=",
            "-device", "virtio-keyboard-pci",
            "-kernel", self._kernel, "-initrd", self._initrd,
            "-append", self._append,
            "-drive", self.disk.drive(),
            *(NIC if self._nic != "none" else ()),
            *(word for path in self._more
              for word in ("-drive", f"file={path},if=virtio,format=raw,cache=writeback")),
            "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=lab,fd={fds['lab']}",
            "-device", "virtserialport,chardev=lab,name=lab.root",
            "-chardev", f"socket,id=early,fd={fds['early']}",
            "-device", "virtserialport,chardev=early,name=lab.early",
            "-chardev", f"socket,id=qmp,fd={fds['qmp']}", "-mon", "chardev=qmp,mode=control",
        ]

    def __exit__(self, kind, value, trace):
        failed = kind and issubclass(kind, (LabError, AgentError, QmpError))
        if failed:
            self._picture_at_the_end()
            self._record_at_the_end()
        watcher = getattr(self, "watcher", None)
        self.cut()
        if watcher:
            watcher.stop()
        self.console.join(10)
        for channel in (self.qmp, self.agent, self.early):
            channel.close()
        if failed:
            print(f"the last lines of {self.path('serial.log')}:", file=sys.stderr)
            for line in self.console.tail():
                print(f"    {line}", file=sys.stderr)

    def _picture_at_the_end(self):
        try:
            self.screenshot("at-failure")
        except (QmpError, OSError):
            pass  # QEMU is gone, and so is its screen

    def _record_at_the_end(self):
        try:
            self.agent.ping(10)
            record = self.agent.run("cat /run/initfs/timeline 2>/dev/null", 10).output
        except AgentError:
            return  # nobody there to be asked
        if record:
            print(f"the record of initfs:\n{record}", file=sys.stderr)

    def cut(self):
        """Takes the power away: what the guest's disk was not told to keep is lost."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def power_off(self, limit=BOOT_LIMIT):
        """Lets init end the machine in order."""
        self.run("poweroff </dev/null >/dev/null 2>&1 &")
        self.wait_end(limit)

    def wait_end(self, limit):
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired as e:
            raise LabError(f"the guest has not ended within {limit} s") from e

    def pause(self):
        self.qmp.call("stop")

    def resume(self):
        self.qmp.call("cont")

    # waiting

    def wait(self, event, limit=BOOT_LIMIT):
        """Waits for "agent", "x", "greeter" or "login"; returns the seconds since power-on."""
        waits = {"login": lambda t: self._first(self.console.wait(LOGIN, t)),
                 "agent": lambda t: self.clock(t)[0],
                 "x": lambda t: self.watcher.wait(screen.X, t),
                 "greeter": lambda t: self.watcher.wait(screen.GREETER, t)}
        end = time.monotonic() + limit
        while True:
            # In short steps, so that the end of the guest is not waited out.
            when = waits[event](min(5, max(0.1, end - time.monotonic())))
            if when is not None:
                return when - self.start
            self._must_live(f"'{event}'")
            if time.monotonic() >= end:
                raise LabError(f"'{event}' has not come within {limit} s")

    def wait_shows(self, kind, limit=BOOT_LIMIT):
        """Waits until the screen shows kind ("text", "greeter"), whatever it has shown before."""
        end = time.monotonic() + limit
        while self.watcher.wait_now(kind, 5) is None:
            self._must_live(f"the screen to show '{kind}'")
            if time.monotonic() >= end:
                raise LabError(f"the screen does not show '{kind}' within {limit} s")

    @staticmethod
    def _first(found):
        return found[0] if found else None

    def _must_live(self, what):
        found = self.console.find(PANIC)
        if found:
            raise LabError(f"while waiting for {what}: {found[1].strip()}")
        if self._process.poll() is not None:
            raise LabError(f"while waiting for {what}: the guest has ended")

    def wait_console(self, pattern, limit=BOOT_LIMIT):
        """Waits for a line on the console; returns (seconds since power-on, line)."""
        end = time.monotonic() + limit
        while True:
            found = self.console.wait(pattern, min(5, max(0.1, end - time.monotonic())))
            if found:
                return found[0] - self.start, found[1]
            self._must_live(f"/{pattern}/")
            if time.monotonic() >= end:
                raise LabError(f"the console has not said /{pattern}/ within {limit} s")

    # inside

    def clock(self, limit=ANSWER_LIMIT):
        """(host clock, boot clock, wall clock) of one instant, or (None, None, None)."""
        if self._clock is None:
            try:
                # An answer that was long under way would make the guest's clock late: the quickest counts.
                self._clock = min((self.agent.ping(limit) for _ in range(5)), key=lambda at: at[0] - at[1])
            except AgentError:
                return None, None, None
        return self._clock

    def run(self, text, limit=ANSWER_LIMIT):
        """Shell text in the guest; a Result that is true for status 0."""
        return self.agent.run(text, limit)

    def need(self, text, limit=ANSWER_LIMIT):
        """As run, but what fails ends the test; returns the output."""
        result = self.run(text, limit)
        if not result:
            raise LabError(f"status {result.status} of: {text}\n{result.output}")
        return result.output

    def poll(self, text, limit=BOOT_LIMIT):
        """Runs text in the guest until it succeeds; returns the output."""
        end = time.monotonic() + limit
        while True:
            result = self.run(text)
            if result:
                return result.output
            if time.monotonic() >= end:
                raise LabError(f"not within {limit} s: {text}\n{result.output}")
            time.sleep(0.2)

    def check(self, script="assert.sh", limit=BOOT_LIMIT, **variables):
        """Runs the guest half of the test; every line it prints is printed here."""
        here = os.path.dirname(os.path.abspath(sys.argv[0]))
        text = "".join(f"{k}={shlex.quote(str(v))}\n" for k, v in variables.items())
        for path in (os.path.join(LIB, "assert.sh"), os.path.join(here, script)):
            with open(path, encoding="utf-8") as f:
                text += f.read() + "\n"
        result: Result = self.run(text + "\nassert_end\n", limit)
        print(result.output, end="")
        if not result:
            raise LabError(f"{script} has failed with status {result.status}")

    def early_go(self, limit=ANSWER_LIMIT):
        """Lets a boot go on that an Archive.breakpoint() has stopped."""
        self.early.quit(limit)

    # outside

    def press(self, *keys):
        """Presses keys of the guest's keyboard together; QEMU's names, as "ctrl", "alt", "f1"."""
        self.qmp.call("send-key", keys=[{"type": "qcode", "data": key} for key in keys])

    def plug(self):
        """Puts the network's cable in, as the card sees it: it has a carrier."""
        self.qmp.call("set_link", name="nic", up=True)

    def unplug(self):
        self.qmp.call("set_link", name="nic", up=False)

    def type(self, text):
        """Types small letters, digits, '-', '/', '.' and '\n', each with its own key."""
        names = {"\n": "ret", "-": "minus", "/": "slash", ".": "dot", " ": "spc"}
        for char in text:
            self.press(names.get(char, char))
            # QEMU's queue of keys is short, and a loaded guest empties it slowly.
            time.sleep(0.2)

    def type_until(self, text, effect, again=30, limit=BOOT_LIMIT):
        """Types a line for a shell until effect (shell text for the agent) succeeds; again after so
        many seconds, where a loaded guest has lost a key."""
        end = time.monotonic() + limit
        while not self.run(effect):
            if time.monotonic() >= end:
                raise LabError(f"typed within {limit} s without an effect: {text}")
            self.press("ctrl", "u")
            self.type(text + "\n")
            typed = time.monotonic()
            while not self.run(effect) and time.monotonic() < min(end, typed + again):
                time.sleep(0.5)

    def picture(self):
        """What the screen shows now."""
        path = self.path("now.ppm")
        self.qmp.call("screendump", filename=path)
        with open(path, "rb") as f:
            picture = screen.read_ppm(f.read())
        os.unlink(path)
        return picture

    def wait_until(self, what, is_so, limit=BOOT_LIMIT):
        """Waits until is_so() is true of the guest, of its screen as a rule; what is for people."""
        end = time.monotonic() + limit
        while not is_so():
            self._must_live(what)
            if time.monotonic() >= end:
                raise LabError(f"not within {limit} s: {what}")
            time.sleep(0.5)

    def wait_bright(self, what, share, *part, limit=BOOT_LIMIT):
        """Waits until a part of the screen (left, right, top, bottom in hundredths) is bright to more
        than that share, as a terminal with a little text is."""
        self.wait_until(what, lambda: screen.bright_share(self.picture(), *part) > share, limit)

    def screenshot(self, name):
        """Saves what the screen shows now as a PNG; returns its path."""
        screen.write_png(self.picture(), self.path(f"{name}.png"))
        return self.path(f"{name}.png")

    def save_picture(self, kind, path):
        """Saves the first picture that showed kind (screen.X, screen.GREETER)."""
        screen.write_png(self.watcher.pictures[kind], path)


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
