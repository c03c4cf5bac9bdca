#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No input makes a parser of ours crash, overrun its text, leak or break its own rules.
#
#	test-parsers.sh [TARGET...]
#
# Builds the targets (fuzz-TARGET.c, by clang with libFuzzer, ASan and UBSan) and runs each for
# FUZZ_SECONDS, 4 if it says nothing, with the inputs of FUZZ_SEED: 1 if it says nothing, so that
# a change is not blamed for what others were lucky with, 0 for new ones each time. What it found
# interesting stays in FUZZ_CORPUS, if that is set, and is where the next run begins. A crash is
# printed as text, to be made a unit test.
set -euo pipefail

: "${INITFS_SRC:?}" "${INITFS_BUILD:?}" "${TEST_TMP:?}"
seconds=${FUZZ_SECONDS:-4}
seed=${FUZZ_SEED:-1}
helpers=$INITFS_SRC/helpers
corpus=${FUZZ_CORPUS:-$TEST_TMP/corpus}

# What each target is linked with, besides what all programs share.
declare -A sources=(
	[early]='supervise/{conf*,prepare,runlevel,spawn}.c cli/{layers,mounts,record,summary,view}.c'
	[hold]='hold/[abd-z]*.c passthrough/*.c'
	[merge]='merge/*.c'
	[rcfilter]='rcfilter/{busy,catalog,chkconfig,decide,facility,late,lsb,order,resolve,words}.c'
	[rccontrol]='rcfilter/{board,catalog,chkconfig,control,decide,evidence,facility,lsb,order,resolve,table,words}.c'
)
declare -A seeds=(
	[early]=$'2 12.5 a.b c="d e"\n'
	[hold]=$'seal\nstatus\nprepare 0\nswitch 0\nunseal\n'
	[merge]=$'0\t/var\n'
	[rcfilter]=$'### BEGIN INIT INFO\n# Provides: a\n# Required-Start: $network b\n### END INIT INFO\n'
	[rccontrol]=$'\4abcdefghijklmnopqrstuvwx\nservices\nservices 1\nexplain a0\noff\n'
)

build() { # TARGET
	local files=()
	# shellcheck disable=SC2086,SC2046 # patterns of ours, to be expanded
	mapfile -t files < <(cd "$helpers" && eval printf "'%s\n'" ${sources[$1]} | grep -v '/main\.c$')
	# shellcheck disable=SC2046 # options of libfuse and libmount are several words
	clang -g -O1 -std=gnu17 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -I "$INITFS_BUILD" -I "$helpers" \
		$(pkg-config --cflags fuse3 mount) -o "$TEST_TMP/fuzz-$1" \
		"$INITFS_SRC/tests/fuzz/fuzz-$1.c" "${files[@]/#/$helpers/}" "$helpers"/common/*.c \
		$(pkg-config --libs fuse3 mount)
}

run() { # TARGET
	mkdir -p "$corpus/$1"
	printf %s "${seeds[$1]}" >"$corpus/$1/seed"
	"$TEST_TMP/fuzz-$1" -seed="$seed" -max_total_time="$seconds" -max_len=2048 -timeout=20 -print_final_stats=1 \
		-artifact_prefix="$TEST_TMP/$1-" "$corpus/$1" >"$TEST_TMP/$1.log" 2>&1 && return
	tail -n 40 "$TEST_TMP/$1.log"
	for found in "$TEST_TMP/$1"-crash-* "$TEST_TMP/$1"-leak-* "$TEST_TMP/$1"-timeout-*; do
		[[ ! -e $found ]] || od -An -c "$found"
	done
	return 1
}

[[ $# -gt 0 ]] || set -- "${!sources[@]}"
pids=()
for target; do
	build "$target" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
for target; do
	run "$target" || exit 1
	printf '%s: %s inputs in %s s\n' "$target" \
		"$(sed -n 's/stat::number_of_executed_units: *//p' "$TEST_TMP/$target.log")" "$seconds"
done
