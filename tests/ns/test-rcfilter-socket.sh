#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is sent to the control socket, by however many: the filter lives, answers, and rc starts everybody.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

# HAMMER_SECONDS=3600 is the long run; HAMMER_SEED repeats one.
seconds=${HAMMER_SECONDS:-3}
seed=${HAMMER_SEED:-1}

scene_make
previous=
for name in one two three four; do
	script $name 01 "# Required-Start: $previous\n"
	previous=$name
done
script netsvc 05 '# Required-Start: $network\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
start_filter
server=$(cat "$state/rcfilter-serve.pid")

cat >"$TEST_TMP/hammer.py" <<'END'
import os, random, socket, sys, time
path, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
words = [b"services", b"services 0", b"services 3", b"explain one", b"explain netsvc", b"explain", b"of", b"OFF",
         b"off\0", b"off\0x", b"services -1", b"services 99999999999999999999", b"explain " + b"a" * 3000, b"\0off", b"offf", b" off"]

def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.setblocking(False)
    try:
        s.connect(path)
    except BlockingIOError:  # its queue is full
        s.close()
        return None
    return s

def payload():
    kind = rng.randrange(6)
    if kind < 2:
        return rng.choice(words)
    if kind == 2:
        return rng.randbytes(rng.choice([0, 1, 2, 100, 4095, 4096, 4097, 60000]))
    text = bytearray(rng.choice(words))
    for _ in range(rng.randrange(4)):
        text.insert(rng.randrange(len(text) + 1), rng.randrange(256))
    return bytes(text) if bytes(text) != b"off" else b"of"

peers, end, sent, got = [], time.monotonic() + seconds, 0, 0
while time.monotonic() < end or sent < 200:
    what = rng.randrange(10)
    if what < 3 and len(peers) < 40:
        s = connect()
        if s:
            peers.append(s)
    elif what < 8 and peers:
        s = rng.choice(peers)
        try:
            if rng.randrange(20) == 0:
                with open("/dev/null") as null:
                    socket.send_fds(s, [payload()], [null.fileno()] * rng.randrange(1, 5))
            elif (data := payload()):
                s.send(data)
            sent += 1
        except OSError:  # closed by the filter, or more than it takes
            peers.remove(s)
            s.close()
    elif peers:
        s = rng.choice(peers)
        try:
            answer = s.recv(65536)
            if answer:
                got += 1
                assert answer.startswith((b"ok", b"error ")), answer[:80]
        except BlockingIOError:
            pass
        except OSError:
            pass
        if rng.randrange(4) == 0:
            peers.remove(s)
            s.close()
print(f"{sent} packets sent, {got} answers seen")
assert got > 0
END
/usr/bin/python3 "$TEST_TMP/hammer.py" "$state/rcfilter.sock" "$seconds" "$seed" &
hammer=$!
fds() { find "/proc/$server/fd" | wc -l; }
before=$(fds)
in_root /etc/init.d/one start || fail "a start by hand"
wait $hammer || fail "the hammer ends with $?"
kill -0 "$server" || fail "the filter has died of it"
! has_event 'rc.died' || fail "the filter has died of it"
settled() { [ "$(fds)" -le $((before + 2)) ]; }
until_true settled # no descriptor that came with a packet stays
ask explain one | grep -q '^ok one ' || fail "it does not answer any more"
ask services | grep -q '^ok next=' || fail "it does not answer any more"

# A stubborn peer that never reads its answers keeps nobody from starting.
/usr/bin/python3 - "$state/rcfilter.sock" "$TEST_TMP/full" <<'END' &
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.setblocking(False)
try:
    for _ in range(100000):
        s.send(b"services")
except OSError:
    pass
open(sys.argv[2], "w").close()
time.sleep(600)
END
stubborn=$!
until_true test -e "$TEST_TMP/full"
: >"$log"
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
kill $stubborn
expect_log one two three four
until_true no_views
ask off >/dev/null || true
expect_gone
echo "seed $seed: ok"

# When rc has ended, another process listens, and not at once: who asks just then hears of it no more
# than that it takes a moment. Here the one before hangs up on two, and the next comes when it is told.
mv "$state/rcfilter.services" "$state/rcfilter.not-these"
/usr/bin/python3 - "$state" <<'END' &
import os, socket, sys, time
os.chdir(sys.argv[1])
def listen():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind("rcfilter.sock")
    s.listen()
    return s
open("rcfilter.pid", "w").write("1\n")
before = listen()
for _ in range(2):
    before.accept()[0].close()
before.close()
time.sleep(0.2)  # whoever comes now finds nobody
os.unlink("rcfilter.sock")
peer = listen().accept()[0]
assert peer.recv(4096) == b"services"
peer.send(b"ok next=0\nmany\taside\t-\t-\t-\t-\t-\t-\tmany stepped aside: says the next\n")
peer.recv(1)
END
next=$!
until_true test -S "$state/rcfilter.sock"
[ "$(cli explain many)" = "many stepped aside: says the next" ] || fail "no answer after the handover"
wait $next || fail "the next one was not asked: $?"
rm "$state/rcfilter.sock"
code=0
cli explain many 2>"$TEST_TMP/output" || code=$? # its pid file tells of one who will not come
[ $code = 1 ] || fail "initfs explain without a filter ends with $code"
expect_output "it is not running"
echo "handover: ok"
