#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints what the live view costs against the bare overlay, and that after the merge it costs nothing.
#
#	bench-view.sh [ROUNDS]
#
# In each round both do the same twice, in a new directory whose path is as long as the other's: one, the other, the
# other, one, because the second finds memory, caches and journal as the first has left them. PIN=CPU keeps initfs-hold and its clients on one processor:
# on many virtual machines waking another one is dearer than all the rest.
# shellcheck source-path=SCRIPTDIR source=scene.sh
. "${0%/*}/scene.sh"

rounds=${1:-7}
root=$SCENE/root state=$SCENE/root/run/initfs
pinned=()
[[ -z ${PIN-} ]] || pinned=(taskset -c "$PIN")

scene_up() {
	truncate -s 2G "$SCENE/image"
	mkfs.ext4 -q "$SCENE/image"
	mkdir "$root"
	mount -o loop "$SCENE/image" "$root"
	mkdir "$root"/{proc,dev,run,var}
	mount -o remount,ro "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmpfs "$root/run"
	mkdir "$state"
	initfs-overlay --size=1G -- "$root" /var
	"${pinned[@]}" initfs-hold -- "$root"
}

fio_one() { # DIRECTORY NAME OPTION...: prints NAME and microseconds for each operation
	local directory=$1 name=$2
	shift 2
	"${pinned[@]}" fio --name="$name" --directory="$directory" --size=64m --ioengine=psync --end_fsync=0 \
		--invalidate=0 --output-format=terse --terse-version=3 "$@" |
		awk -F';' -v name="$name" '{ iops = $8 + $49; if (iops) printf "%s %.2f\n", name, 1e6 / iops }'
}

load() { # DIRECTORY FIGURES
	mkdir "$1"
	"${pinned[@]}" view-load "$1" 2000 >>"$2"
	{
		fio_one "$1" write-128k --rw=write --bs=128k --filename=data
		fio_one "$1" write-4k --rw=randwrite --bs=4k --filename=data --size=16m
		fio_one "$1" read-128k --rw=read --bs=128k --filename=data
		fio_one "$1" read-4k --rw=randread --bs=4k --filename=data --size=16m
	} >>"$2"
	rm -r "$1"
}

compare() { # TITLE DIRECTORY OTHER
	local i what
	rm -f "$SCENE/one" "$SCENE/other"
	load "$2/x" "$SCENE/warm"
	load "$3/x" "$SCENE/warm"
	for ((i = 0; i < rounds; i++)); do
		load "$2/x" "$SCENE/one"
		load "$3/x" "$SCENE/other"
		load "$3/x" "$SCENE/other"
		load "$2/x" "$SCENE/one"
	done
	printf '\n%s\n%-12s %10s %10s   %s\n' "$1" '' 'us' 'bare, us' 'ratio (least to most)'
	while read -r what; do
		paste -d' ' <(grep "^$what " "$SCENE/one") <(grep "^$what " "$SCENE/other") |
			awk '{ one += $2; other += $4 }
				!(NR % 2) { print one / 2, other / 2, one / other; one = other = 0 }' >"$SCENE/pairs"
		printf '%-12s %10.2f %10.2f   %.2f (%.2f to %.2f)\n' "$what" "$(median 1 "$SCENE/pairs")" \
			"$(median 2 "$SCENE/pairs")" "$(median 3 "$SCENE/pairs")" \
			"$(cut -d' ' -f3 "$SCENE/pairs" | sort -n | head -n 1)" \
			"$(cut -d' ' -f3 "$SCENE/pairs" | sort -n | tail -n 1)"
	done < <(cut -d' ' -f1 "$SCENE/one" | awk '!seen[$0]++')
}

scene_up
mkdir "$root/var/load" "$state/layer/0/bare"
compare "The view against the bare overlay" "$root/var/load" "$state/layer/0/bare"
mount -o remount,rw "$root"
mkdir "$SCENE/disk"
mount --bind "$root" "$SCENE/disk"
initfs-merge --now -- "$root"
mkdir "$root/var/same"
compare "After the merge, against the disk" "$root/var/same" "$SCENE/disk/var/same"
