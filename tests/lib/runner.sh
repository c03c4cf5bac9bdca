# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Runs tests and keeps their results. The caller sets $work, the results' folder, and
# runner_patterns, the names that were asked for.
#
# A test is a command with a name and a promise. 0: kept; 77: skipped, with the reason in its last
# line; anything else: broken. Its output is in $work/logs/NAME.log, its own folder in $work/tmp. That
# goes when it has passed, but for the pictures in it, which go to $work/pictures.

: "${work:?}"
runner_patterns=()

# Only for a test that hangs; the longest takes a few minutes.
runner_limit=1800
# Lines of a failed test's log that are shown: in CI nobody can look at the log itself.
runner_tail=60

runner_start() {
	runner_began=$SECONDS
	rm -rf "$work/logs" "$work/tmp" "$work/results" "$work/pictures"
	mkdir -p "$work/logs" "$work/tmp"
	: >"$work/results"
}

runner_name() { # FILE prints the name of a test from its place below tests/
	local name=${1#"$INITFS_SRC/tests/"}
	name=${name%/test.py}
	name=${name%/test.sh}
	name=${name%.sh}
	echo "${name%.py}"
}

runner_promise() { # FILE prints the first comment line after #! and SPDX
	sed -n -e '/^#!/d' -e '/SPDX/d' -e '/^# */{s///;p;q}' "$1"
}

runner_wants() { # NAME: is it among those that were asked for?
	local pattern
	[[ ${#runner_patterns[@]} -gt 0 ]] || return 0
	for pattern in "${runner_patterns[@]}"; do
		[[ $1 == *"${pattern#tests/}"* ]] && return 0
	done
	return 1
}

# runner_run NAME PROMISE COMMAND...: one test, one line; returns whether it was kept
runner_run() {
	local name=$1 promise=$2 log=$work/logs/${1//\//-}.log status=0 began=$EPOCHREALTIME word reason=
	local folder=$work/tmp/${1//\//-}
	shift 2
	mkdir -p "$folder"
	# Waited for, so that a signal to the runner is heard at once and not when the test has ended.
	TEST_TMP=$folder timeout --kill-after=60 "$runner_limit" "$@" >"$log" 2>&1 </dev/null &
	wait $! || status=$?
	case $status in
	0) word=ok ;;
	77)
		word=skip
		reason=" ($(tail -n 1 "$log"))"
		[[ ${CI-} != true ]] || word=FAIL
		;;
	124 | 137) word=FAIL reason=" (hung for $runner_limit s)" ;;
	*) word=FAIL reason=" (status $status)" ;;
	esac
	echo "$word $name" >>"$work/results"
	runner_say "$word" "$(runner_seconds "$began")" "$name" "$promise$reason" "$log"
	[[ $word != FAIL ]] || return 1
	runner_keep_pictures "${name//\//-}" "$folder"
	rm -rf "$folder"
}

runner_keep_pictures() { # NAME FOLDER
	local picture
	for picture in "$2"/*.png; do
		[[ -f $picture ]] || continue
		mkdir -p "$work/pictures"
		mv "$picture" "$work/pictures/$1-${picture##*/}"
	done
}

# Tells how a test ended, and the end of its log when it failed. Tests run at the same time, and
# their lines must not get into each other.
runner_say() { # WORD SECONDS NAME PROMISE LOG
	(
		flock 9
		printf '%-4s %6s s  %-28s %s\n' "$1" "$2" "$3" "$4"
		[[ $1 == FAIL ]] || exit 0
		tail -n "$runner_tail" "$5" | cut -c1-300 | sed 's/^/                 | /'
		echo "                 the whole log: $5"
	) 9>"$work/printing"
}

runner_seconds() { # BEGAN prints the seconds since then, with a tenth
	local us=$((${EPOCHREALTIME/./} - ${1/./}))
	printf '%d.%d' $((us / 1000000)) $((us / 100000 % 10))
}

# runner_file FILE [COMMAND...]: runs FILE, by COMMAND if one is given, when it is wanted
runner_file() {
	local file=$1 name
	shift
	name=$(runner_name "$file")
	runner_wants "$name" || return 0
	runner_run "$name" "$(runner_promise "$file")" "$@" "$file" || true
}

# Ends what the runner has started and what that has started; timeout(1) hands it on to its group.
# Each stands still until its children have been told, or it would start the next test.
runner_stop() { # PID
	local child
	for child in $(pgrep -P "$1"); do
		kill -STOP "$child" 2>/dev/null
		runner_stop "$child"
		kill -TERM "$child" 2>/dev/null
		kill -CONT "$child" 2>/dev/null
	done
}

runner_count() { # WORD
	grep -c "^$1 " "$work/results" || true
}

# The closing line, the last of all output; returns 1 when something has failed.
runner_end() {
	local ok failed skipped
	ok=$(runner_count ok) failed=$(runner_count FAIL) skipped=$(runner_count skip)
	echo "logs and what failed tests have left: $work ($((SECONDS - runner_began)) s)"
	if [[ $((ok + failed + skipped)) -eq 0 ]]; then
		echo "no test is called like that: ${runner_patterns[*]-}" >&2
		failed=1
	fi
	printf '%d passed, %d failed' "$ok" "$failed"
	[[ $skipped -eq 0 ]] || printf ', %d skipped' "$skipped"
	printf '\n'
	[[ $failed -eq 0 ]]
}
