# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The scene of the benchmarks: a mount namespace of its own, images in /dev/shm, all of it gone
# at the end. Source it first. INITFS_BUILD is where the programs are.

set -euo pipefail
if [[ $(id -u) -ne 0 ]]; then
	echo "mounts: only root can run this" >&2
	exit 1
fi
if [[ ${BENCH_SCENE-} != yes ]]; then
	BENCH_SCENE=yes exec env --default-signal=PIPE unshare --mount --pid --fork --kill-child \
		--mount-proc --propagation private -- "$0" "$@"
fi

# shellcheck disable=SC2034 # for those who source it
HERE=$(cd -- "$(dirname -- "$0")" && pwd)
PATH=${INITFS_BUILD:?}:$INITFS_BUILD/tests/bench:$PATH
SCENE=$(mktemp -d /dev/shm/initfs-bench.XXXXXX)

scene_end() {
	local status=$?
	trap - EXIT
	cd /
	cut -d' ' -f2 /proc/self/mounts | tac | while read -r mount; do
		[[ $mount != "$SCENE"/* ]] || umount -l "$mount"
	done
	rm -rf -- "${SCENE:?}"
	exit "$status"
}
trap scene_end EXIT

# Figures of one contender are the lines of a file: wall and processor microseconds, KiB.
record() { # NAME COMMAND...
	local name=$1
	shift
	measure "$@" >>"$SCENE/$name.figures" 2>"$SCENE/said" || {
		echo "$name failed: $(tail -n 3 "$SCENE/said")" >&2
		exit 1
	}
}

median() { # COLUMN FILE
	cut -d' ' -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# The median of what one contender takes, divided by what another one takes in the same round.
ratio() { # NAME OTHER
	paste -d' ' <(cut -d' ' -f1 "$SCENE/$1.figures") <(cut -d' ' -f1 "$SCENE/$2.figures") |
		awk '{ printf "%.3f\n", $1 / $2 }' | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)\n", v[int((NR + 1) / 2)], v[1], v[NR] }'
}
