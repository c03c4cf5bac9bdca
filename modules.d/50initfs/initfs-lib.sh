#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Functions that the hooks of initfs share, and names; sourcing it does nothing else.
# PREFIX is empty at boot; tests set it to a folder that stands for the initramfs.
#
# What stands here is done before the screen comes, often on a processor that has enough to do: a
# subshell or a program that is not needed is left out.
#
# The shell is init: where it exits, the kernel panics. So no redirection on ":" and no "shift" too
# far; in dash a special builtin that fails ends the shell.

type getarg > /dev/null 2>&1 || . /lib/dracut-lib.sh

# ---- telling

# One line on the console and in the kernel's log.
initfs_say() {
    warn "initfs: $*"
}

# Prints $1 as a value of the timeline: in quotes where it is not one plain word.
initfs_quote() {
    local rest="$1" done="" char
    case "$rest" in
        "" | *[!A-Za-z0-9/.,:_=%+-]*) ;;
        *)
            printf '%s' "$rest"
            return 0
            ;;
    esac
    while [ -n "$rest" ]; do
        char="${rest%"${rest#?}"}"
        rest="${rest#?}"
        case "$char" in
            '"' | \\) done="$done\\$char" ;;
            [[:cntrl:]]) done="$done " ;;
            *) done="$done$char" ;;
        esac
    done
    printf '"%s"' "$done"
}

# initfs_mark EVENT [KEY VALUE]...: a line of /run/initfs/timeline, as helpers/common/timeline.h has it.
initfs_mark() {
    local line="$1" up
    shift
    while [ $# -gt 1 ]; do
        line="$line $1=$(initfs_quote "$2")"
        shift 2
    done
    [ -d "${PREFIX-}/run/initfs" ] || mkdir -p -- "${PREFIX-}/run/initfs" || return 0
    read -r up _ < /proc/uptime
    printf '%s0000 %s\n' "$up" "$line" >> "${PREFIX-}/run/initfs/timeline"
}

# ---- settings: the command line, then the root's own files, then the default

# Sets initfs_value, as initfs_setting does.
initfs_default() {
    case "$1" in
        overlay) initfs_value=/var,/tmp ;;
        size) initfs_value=50% ;;
        verify) initfs_value=off ;;
        net | screen) initfs_value=30 ;;
        pace) initfs_value=share ;;
        rc | readahead) initfs_value=on ;;
        *) initfs_value=auto ;;
    esac
}

# What a key may be, for people.
initfs_allowed() {
    case "$1" in
        overlay) printf 'absolute paths with commas between them' ;;
        size) printf 'a size like 512m or 2g, or 1%% to 100%%' ;;
        merge) printf 'auto, manual or discard' ;;
        pace) printf 'gui, share, io, gui,io, share,io or off' ;;
        rc | verify) printf 'on or off' ;;
        net) printf 'seconds, 0 to 3600, and perhaps ,route behind them' ;;
        screen) printf 'whole seconds, 1 to 3600' ;;
        readahead) printf 'on, off or record' ;;
        *) printf 'auto, off or the name of an entry in early.d' ;;
    esac
}

initfs_valid_size() {
    local number="$1"
    case "$number" in
        *[kKmMgGtT%]) number="${number%?}" ;;
    esac
    case "$number" in
        *[!0-9]* | ?????????????*) return 1 ;; # dash counts to 2^63, and nobody has that much
        *[1-9]*) ;;
        *) return 1 ;;
    esac
    case "$1" in
        *%) [ "$number" -le 100 ] ;;
    esac
}

initfs_valid_seconds() {
    case "$1" in
        "" | *[!0-9]* | ?????*) return 1 ;;
    esac
    [ "$1" -le 3600 ]
}

# Every part between commas is a clean absolute path. "/" is one; initfs-overlay says where it leads.
initfs_valid_paths() {
    local rest="$1," path
    while [ -n "$rest" ]; do
        path="${rest%%,*}"
        rest="${rest#*,}"
        case "$path" in
            /) continue ;;
            *[[:space:]]* | */ | *//* | */./* | */../* | */. | */..) return 1 ;;
            /*) ;;
            *) return 1 ;;
        esac
    done
}

initfs_valid() {
    case "$1" in
        overlay) initfs_valid_paths "$2" ;;
        size) initfs_valid_size "$2" ;;
        merge) case "$2" in auto | manual | discard) ;; *) return 1 ;; esac ;;
        pace) case "$2" in gui | share | io | gui,io | io,gui | share,io | io,share | off) ;; *) return 1 ;; esac ;;
        rc | verify) case "$2" in on | off) ;; *) return 1 ;; esac ;;
        net) initfs_valid_seconds "${2%,route}" ;;
        screen) case "$2" in 0*) return 1 ;; *) initfs_valid_seconds "$2" ;; esac ;; # 030 is 24 for the shell
        readahead) case "$2" in on | off | record) ;; *) return 1 ;; esac ;;
        *) case "$2" in "" | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;; esac ;;
    esac
}

# Prints "FILE KEY VALUE" for each setting in the root's own files, in the order in which they count.
initfs_conf() {
    local file line key value
    for file in "$NEWROOT/etc/initfs.conf" "$NEWROOT"/etc/initfs.conf.d/*.conf; do
        [ -f "$file" ] || continue
        while read -r line || [ -n "$line" ]; do
            case "$line" in "" | \#*) continue ;; esac
            key="${line%%=*}"
            value="${line#"$key"}"
            value="${value#=}"
            key="${key%"${key##*[![:space:]]}"}"
            value="${value#"${value%%[![:space:]]*}"}"
            printf '%s %s %s\n' "${file#"$NEWROOT"}" "$key" "$value"
        done < "$file"
    done
}

# Has the command line that word? dracut's getarg starts a program to find out, so where it was read
# before, that is looked at first.
initfs_has_word() {
    case "${initfs_words-$1}" in *"$1"*) ;; *) return 1 ;; esac
}

initfs_has_conf() {
    [ -e "$NEWROOT/etc/initfs.conf" ] || [ -e "$NEWROOT/etc/initfs.conf.d" ]
}

# Sets initfs_value to the value of a key that counts: the last good one of the highest place that has any.
# It prints nothing: who takes what a function prints starts a process for it.
initfs_setting() {
    local value key
    if initfs_has_word "rd.initfs.$1=" && value=$(getarg "rd.initfs.$1=") && initfs_valid "$1" "$value"; then
        initfs_value="$value"
        return 0
    fi
    initfs_default "$1"
    initfs_has_conf || return 0
    while read -r _ key value; do
        [ "$key" = "$1" ] && initfs_valid "$1" "$value" && initfs_value="$value"
    done << EOT
$(initfs_conf)
EOT
    return 0
}

# initfs_name_mistake WHERE PREFIX KEY VALUE: says what is wrong with a setting, if anything.
initfs_name_mistake() {
    local where="$1" name="$2$3"
    case "$3" in
        overlay | size | syslog | gui | recovery | merge | verify | pace | screen | readahead | rc | net) ;;
        *)
            initfs_say "$where: $name is not known" \
                "(overlay, size, syslog, gui, recovery, merge, verify, pace, screen, readahead, rc, net are)"
            return 0
            ;;
    esac
    if ! initfs_valid "$3" "$4"; then
        initfs_default "$3"
        initfs_say "$where: $name=$4 is ignored: it has to be $(initfs_allowed "$3")" \
            "(default: $initfs_value)"
    fi
}

initfs_name_cmdline() (
    set -f # no word of a command line is a pattern; in a subshell, because the shell is init's
    # shellcheck disable=SC2046 # split into words: that is what it is for
    for word in $(getcmdline); do
        case "$word" in
            rd.initfs.*=*) ;;
            rd.initfs.*) word="$word=" ;;
            *) continue ;;
        esac
        key="${word%%=*}"
        initfs_name_mistake "kernel command line" rd.initfs. "${key#rd.initfs.}" "${word#*=}"
    done
)

initfs_name_conf() {
    local file key value
    initfs_has_conf || return 0
    initfs_conf | while read -r file key value; do
        initfs_name_mistake "$file" "" "$key" "$value"
    done
}

# ---- calling helpers

# What the last helper had to say, below PREFIX.
initfs_errors=tmp/initfs.errors

# initfs_run_for SECONDS COMMAND ARG...: its status; one that hangs is killed. What it had to say is
# kept for initfs_why, so that a failure is one line on the console.
initfs_run_for() {
    local limit="$1" status=0
    shift
    [ -d "${PREFIX-}/tmp" ] || mkdir -p -- "${PREFIX-}/tmp"
    # In braces, so that what bash itself says about a killed child goes there too.
    { timeout -k 2 "$limit" "$@" < /dev/null; } 2> "${PREFIX-}/$initfs_errors" || status=$?
    [ "$status" -ne 0 ] || initfs_show_errors >&2
    return "$status"
}

# Twenty seconds: far more than any helper needs on a slow machine, and still a boot that a person
# waits for.
initfs_run() {
    initfs_run_for 20 "$@"
}

# What a helper that succeeded had to say all the same.
initfs_show_errors() {
    local line
    while read -r line || [ -n "$line" ]; do
        printf '%s\n' "$line"
    done < "${PREFIX-}/$initfs_errors"
}

# initfs_why STATUS COMMAND: why the last initfs_run of it failed.
initfs_why() {
    local line="" last=""
    case "$1" in
        124 | 137)
            printf '%s did not answer in time' "$2"
            return 0
            ;;
        126 | 127)
            printf '%s cannot be run' "$2"
            return 0
            ;;
        12[89] | 1[3-9]? | 2??) # the shell's own word for it is all that is in the file
            printf '%s died of signal %s' "$2" $(($1 - 128))
            return 0
            ;;
    esac
    while read -r line || [ -n "$line" ]; do
        [ -n "$line" ] && last="$line"
    done < "${PREFIX-}/$initfs_errors"
    printf '%s' "${last:-$2 ended with status $1}"
}

# Is that process one of the helpers? Pids are used again.
initfs_is_helper() {
    local comm=""
    [ -r "/proc/$1/comm" ] && read -r comm < "/proc/$1/comm"
    case "$comm" in initfs-*) ;; *) return 1 ;; esac
} 2> /dev/null # it may end between two lines

# initfs_runs NAME: does the helper run whose pid file is /run/initfs/NAME.pid? Sets initfs_value to that pid.
initfs_runs() {
    initfs_value=""
    [ -f "$NEWROOT/run/initfs/$1.pid" ] && read -r initfs_value < "$NEWROOT/run/initfs/$1.pid"
    case "$initfs_value" in
        "" | *[!0-9]*) return 1 ;;
    esac
    initfs_is_helper "$initfs_value"
}

# ---- on or off

# From the command line hook to the end of the boot or of the attempt this file below PREFIX says that
# we are on, to later hooks and by its content to dracut's own: the fsck is left to the root's init, and
# what dracut mounts itself (a /usr of its own too) stays ro until then.
initfs_marker=etc/cmdline.d/50-initfs.conf

initfs_is_on() {
    [ -e "${PREFIX-}/$initfs_marker" ]
}

initfs_turn_on() {
    initfs_words=$(getcmdline)
    mkdir -p -- "${PREFIX-}/etc/cmdline.d" && printf 'rd.skipfsck ro\n' > "${PREFIX-}/$initfs_marker"
}

# initfs_refuse WHY: the boot goes on as if the word had not been on the command line.
initfs_refuse() {
    rm -f -- "${PREFIX-}/$initfs_marker"
    initfs_mark boot.stock why "$1"
    initfs_say "$1; the boot goes on as without rd.initfs"
}

# ---- the real root's /dev, /proc, /sys and /run

# Which of them are our mounts, below PREFIX.
initfs_bound=tmp/initfs.bound

# Shows them in $NEWROOT, so that its own programs can run there. switch_root sees them and lets go of
# its own. What is there already stays, and is not ours to take away. Nothing here can hang, so no time
# limit: it would be four programs more.
initfs_bind() {
    local dir target there=" "
    [ -d "${PREFIX-}/tmp" ] || mkdir -p -- "${PREFIX-}/tmp"
    printf '' > "${PREFIX-}/$initfs_bound" || return 1
    while read -r _ target _; do
        there="$there$target "
    done < "${PREFIX-}/proc/mounts"
    for dir in dev proc sys run; do
        case "$there" in *" $NEWROOT/$dir "*) continue ;; esac
        mount --rbind "${PREFIX-}/$dir" "$NEWROOT/$dir" 2> "${PREFIX-}/$initfs_errors" || return 1
        printf '%s\n' "$dir" >> "${PREFIX-}/$initfs_bound"
    done
}

initfs_unbind() {
    local dir list=""
    [ -e "${PREFIX-}/$initfs_bound" ] || return 0
    while read -r dir; do
        list="$dir $list"
    done < "${PREFIX-}/$initfs_bound"
    for dir in $list; do
        umount -l "$NEWROOT/$dir"
    done
    rm -f -- "${PREFIX-}/$initfs_bound"
}

# Below PREFIX: the root's tmpfs on /tmp was mounted by us, as init would have done later.
initfs_ramtmp=tmp/initfs.ramtmp

initfs_unmount_ramtmp() {
    [ -e "${PREFIX-}/$initfs_ramtmp" ] || return 0
    umount -l "$NEWROOT/tmp"
    rm -f -- "${PREFIX-}/$initfs_ramtmp"
}

# ---- what is done beside the boot

# Below NEWROOT: there from before the cleaning of /tmp begins until it has ended. initfs-supervise starts
# nothing meanwhile that needs /tmp.
initfs_cleaning=run/initfs/cleaning

# Waits until nobody cleans /tmp any more: for that process only, others are not ours. It ends by the time
# limit of what it calls.
initfs_end_cleaning() {
    [ -z "${initfs_cleaner-}" ] || wait "$initfs_cleaner"
    initfs_cleaner=""
    [ ! -e "$NEWROOT/$initfs_cleaning" ] || rm -f -- "$NEWROOT/$initfs_cleaning"
}
