# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# A pretended initramfs for the hooks: dracut's functions, commands that record how they were called,
# and a real root in a folder. A test sources it once. Each of its cases is a function that runs in a
# subshell, called through check; it begins with pretended and ends with finish. The test itself ends
# with exit "$status".

# Init is one of these shells, as dracut found them; bash is called sh there, and that is its POSIX mode.
if [ -z "${INITFS_HOOK_SHELL-}" ]; then
    status=0
    for INITFS_HOOK_SHELL in dash "bash --posix"; do
        export INITFS_HOOK_SHELL
        # shellcheck disable=SC2086 # a shell and its option
        $INITFS_HOOK_SHELL "$0" || { printf 'in: %s\n' "$INITFS_HOOK_SHELL" >&2; status=1; }
    done
    exit "$status"
fi

INITFS_SRC="${INITFS_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}"
hooks="$INITFS_SRC/modules.d/50initfs"
# shellcheck disable=SC2034 # for the tests
status=0

check() { # CASE [ARGUMENT...]
    "$@" || { printf 'in: %s\n' "$*" >&2; status=1; }
}

# ---- dracut's functions

warn() {
    printf '%s\n' "$*" >> "$console"
}

getcmdline() {
    printf '%s' "${words-}"
}

# As dracut's: the last one counts; "name=" gives a value, "name" says whether it is there.
getarg() {
    local word found=1 value=""
    for word in ${words-}; do
        case "$1" in
            *=) case "$word" in "$1"*) value="${word#"$1"}" found=0 ;; esac ;;
            *) case "$word" in "$1" | "$1"=*) value="${word#"$1"}" value="${value#=}" found=0 ;; esac ;;
        esac
    done
    [ "$found" -ne 0 ] || printf '%s\n' "$value"
    return "$found"
}

getargbool() {
    local value
    value=$(getarg "$2") || value="$1"
    case "$value" in 0 | no | off) return 1 ;; esac
}

# ---- commands: each writes how it was called; pretend NAME BODY makes one do more

pretend() {
    printf '#!/bin/sh\nprintf "%%s\\n" "%s $*" >> "%s"\n%s\n' "$1" "$calls" "${2-}" > "$scene/bin/$1"
    chmod 755 "$scene/bin/$1"
}

pretend_timeout() {
    cat > "$scene/bin/timeout" << EOT
#!/bin/sh
[ "\$1" = -k ] && shift 2
shift
"\$@" &
pid=\$!
tries=0
while kill -0 "\$pid" 2> /dev/null; do
    if [ -e '$scene/hangs.'"\$pid" ]; then
        case "\$tries" in
            0) kill -TERM "\$pid" ;;
            25) kill -KILL "\$pid" && exit 137 ;;
        esac
        tries=\$((tries + 1))
    fi
    sleep 0.02
done
wait "\$pid"
status=\$?
[ ! -e '$scene/hangs.'"\$pid" ] || exit 124
exit "\$status"
EOT
    chmod 755 "$scene/bin/timeout"
}

# ---- a case

# The scene, with those words on the kernel command line.
pretended() { # WORDS
    words="$1"
    scene=$(mktemp -d "${TEST_TMP:-${TMPDIR:-/tmp}}/hooks.XXXXXX") || exit 1
    trap 'rm -rf -- "${scene:?}"' EXIT
    PREFIX="$scene/initramfs"
    NEWROOT="$scene/sysroot"
    calls="$scene/calls"
    console="$scene/console"
    # shellcheck disable=SC2034 # dracut's, for parse-initfs.sh
    rflags=""
    failures=0
    devices=0

    mkdir -p "$PREFIX/proc/sys/kernel" "$PREFIX/dev" "$PREFIX/sys" "$PREFIX/run" "$scene/bin" \
        "$NEWROOT/etc" "$NEWROOT/tmp" "$NEWROOT/run"
    printf 'nodev\toverlay\nnodev\tfuse\n\text4\n' > "$PREFIX/proc/filesystems"
    printf 'rootfs / rootfs rw 0 0\n' > "$PREFIX/proc/mounts"
    printf '100.99 1.00\n' > "$PREFIX/proc/uptime"
    : > "$calls"
    : > "$console"

    for name in initfs-merge initfs-supervise initfs-rcfilter modprobe mount umount chroot; do
        pretend "$name"
    done
    pretend initfs-hold
    # What the hooks go by afterwards.
    pretend initfs-overlay "case \"\$*\" in *--undo*) rm -f '$NEWROOT/run/initfs/layers'; exit 0 ;; esac
mkdir -p '$NEWROOT/run/initfs/ram'
printf '0\t/var\n1\t/tmp\n' > '$NEWROOT/run/initfs/layers'"
    # A bind mount of /run is two names of one folder.
    pretend mount "[ \"\$3\" != '$NEWROOT/run' ] || { rmdir '$NEWROOT/run' && ln -s '$PREFIX/run' '$NEWROOT/run'; }"
    # A helper whose body is $hang says that it hangs, and timeout believes it at once: a test neither waits
    # for twenty seconds nor takes a slow machine for a helper that hangs.
    # shellcheck disable=SC2034 # for the tests
    hang=": > '$scene/hangs.'\$\$; exec sleep 100"
    pretend_timeout
    PATH="$scene/bin:$PATH"

    # shellcheck source=modules.d/50initfs/initfs-lib.sh
    . "$hooks/initfs-lib.sh"
    # shellcheck source=modules.d/50initfs/initfs-undo.sh
    . "$hooks/initfs-undo.sh"
    # shellcheck source=modules.d/50initfs/initfs-volumes.sh
    . "$hooks/initfs-volumes.sh"
}

run_hook() {
    . "$hooks/$1.sh"
}

# As after the command line hook said yes.
turned_on() {
    initfs_turn_on
}

# As mount-overlay.sh leaves it.
up() {
    turned_on
    run_hook mount-overlay
}

# All that comes between the view and init.
early() {
    run_hook start-early
    run_hook filter-rc
    run_hook finish-early
}

# Debian's own scripts, as far as the hook looks at them.
# shellcheck disable=SC2016,SC2034 # that is how it stands there; for the tests
spares_marked='	[ -f "$dir/.tmpfs" ] && return 0'
with_bootclean() { # LINE OF IT
    mkdir -p "$NEWROOT/etc/init.d" "$NEWROOT/lib/init"
    printf '#!/bin/sh\n' > "$NEWROOT/etc/init.d/checkroot-bootclean.sh"
    chmod 755 "$NEWROOT/etc/init.d/checkroot-bootclean.sh"
    printf '%s\n' "$1" > "$NEWROOT/lib/init/bootclean.sh"
}

# device BUS MODALIAS [CLASS]: one without a driver
device() {
    local device="$PREFIX/sys/bus/$1/devices/$((devices += 1))"
    mkdir -p "$device"
    printf '%s\n' "$2" > "$device/modalias"
    [ $# -lt 3 ] || printf '%s\n' "$3" > "$device/class"
}

# ---- what has to hold

fail() {
    failures=$((failures + 1))
    printf 'not as promised: %s\n' "$*" >&2
    sed 's/^/    console: /' "$console" >&2
    sed 's/^/    call: /' "$calls" >&2
}

expect_call() {
    grep -qxF -- "$1" "$calls" || fail "no call '$1'"
}

expect_no_call() {
    ! grep -q -- "^$1" "$calls" || fail "a call that begins with '$1'"
}

# Calls that begin so, one behind the other.
expect_order() {
    local text at last=0
    for text; do
        at=$(grep -n -m 1 -- "^$text" "$calls")
        at="${at%%:*}"
        [ "${at:-0}" -gt "$last" ] || fail "no call '$text' behind the one before"
        last="${at:-$last}"
    done
}

# Lines on the console: that many, and one contains each text.
expect_console() {
    local count="$1" text
    shift
    [ "$(wc -l < "$console")" -eq "$count" ] || fail "not $count lines on the console"
    for text in "$@"; do
        grep -qF -- "$text" "$console" || fail "nothing on the console says '$text'"
    done
}

# A hook may run twice: it looks first.
expect_once() {
    local before
    before=$(wc -l < "$calls")
    run_hook "$1"
    [ "$(wc -l < "$calls")" -eq "$before" ] || fail "a second run does something"
}

expect_event() {
    grep -q -- "^[0-9]*\.[0-9]\{6\} $1" "$PREFIX/run/initfs/timeline" || fail "no event '$1'"
}

expect_on() {
    initfs_is_on || fail "turned off"
}

expect_off() {
    ! initfs_is_on || fail "turned on"
}

# The boot goes on as ever: one line says so, nothing of ours is left but the timeline.
expect_stock() {
    expect_off
    expect_console 1 "$1" "; the boot goes on as without rd.initfs"
    expect_event "boot.stock why="
    [ -z "$(find "$PREFIX/run/initfs/" -mindepth 1 ! -name timeline)" ] || fail "state is left behind"
    [ ! -e "$PREFIX/tmp/initfs.bound" ] || fail "binds are left behind"
}

finish() {
    [ "$failures" -eq 0 ] && exit 0
    printf '%s checks failed\n' "$failures" >&2
    exit 1
}
