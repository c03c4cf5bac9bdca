#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pjdfstest sees no difference between the bare overlay, a view, and a view that moves to the disk.
#
# PJDFSTEST is the folder of the built suite (https://github.com/pjd/pjdfstest). Runs only by name:
# tests/run suite-pjdfstest. Its tests sleep more than they work, so many run at a time.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

if [ ! -x "${PJDFSTEST:-}/pjdfstest" ]; then
	echo "PJDFSTEST is not the folder of a built pjdfstest"
	exit 77
fi
export PJDFSTEST
at_once=${PJDFSTEST_JOBS:-24}

# The suite leaves tests out by the type of the file system, which it asks df(1) for. One answer for all three
# runs, also for a directory that leads nowhere any more by its path because the view over it has gone.
mkdir "$TEST_TMP/bin"
printf '#!/bin/sh\necho Filesystem Type\necho x ext4\n' >"$TEST_TMP/bin/df"
chmod +x "$TEST_TMP/bin/df"
PATH=$TEST_TMP/bin:$PATH

files() { (cd "$PJDFSTEST/tests" && find . -name '*.t' -printf '%P\n' | sort); }

# suite PLACE NAME: all tests, each in a fresh directory; NAME/FILE is what it has said. It is entered by
# its path: of a directory that was entered before the switch, getcwd(3) does not know the path.
suite() {
	export results=$TEST_TMP/$2 place=$1
	mkdir "$results" "$1"
	(
		# shellcheck disable=SC2016 # the inner sh expands it
		files | xargs -P "$at_once" -I '{}' sh -c \
			'said=$results/$(echo {} | tr / -); mkdir "$place/${said##*/}" && cd "$place/${said##*/}"; sh "$PJDFSTEST/tests/{}" >"$said.now" 2>&1; mv "$said.now" "$said"'
	)
}

# Names in the texts are random; the number of a test and how it went are not.
summary() { # NAME
	(cd "$TEST_TMP/$1" && grep -oE '^(not ok|ok|1\.)[ .][0-9]+( # TODO)?' -- * | sort)
}

# An object's time of change is that of its move to the disk, which no program can set: a check that it has
# not changed fails when that comes in between. Everything else that is different counts.
is_explained() { # NAME
	local line file
	[ "$1" = moving ] || return 1
	[ "$(grep -c '^<' "$TEST_TMP/$1.diff")" = "$(grep -c '^>' "$TEST_TMP/$1.diff")" ] || return 1
	while read -r line; do
		file=${line%%:*}
		# shellcheck disable=SC2016 # it is a text of the suite
		[ "$line" != "${line#*:not ok }" ] &&
			grep -q 'eq \$ctime2' "$PJDFSTEST/tests/${file/-//}" || return 1
		echo "$1: $line compares a ctime over the move"
	done < <(sed -n 's/^> //p' "$TEST_TMP/$1.diff")
}

same_as_bare() { # NAME
	summary "$1" >"$TEST_TMP/$1.summary"
	diff "$TEST_TMP/bare.summary" "$TEST_TMP/$1.summary" >"$TEST_TMP/$1.diff" && return
	! is_explained "$1" || return 0
	grep '^>' "$TEST_TMP/$1.diff" | grep -o '[a-z_]*-[0-9]*\.t' | sort -u | while read -r file; do
		grep -H '^not ok' "$TEST_TMP/$1/$file" || true
	done >&2
	head -n 40 "$TEST_TMP/$1.diff" >&2
	fail "$1: not as on the bare overlay"
}

done_by_now() { find "$TEST_TMP/moving" -name '*.t' | wc -l; }
is_past() { [ "$(done_by_now)" -gt "$1" ]; }

IMAGE_SIZE=512M scene_make /var
initfs-overlay --size=256M -- "$root" /var || fail "no overlay"
initfs-hold -- "$root" || fail "no view"
initfs-merge --wait -- "$root" || fail "the merge does not wait"
total=$(files | wc -l)

suite "$state/layer/0/bare" bare
summary bare >"$TEST_TMP/bare.summary"
[ "$(grep -c ':ok' "$TEST_TMP/bare.summary")" -gt 8000 ] || fail "the suite does not run here"
suite "$root/var/view" view
same_as_bare view

suite "$root/var/moving" moving &
pid=$!
until_true 600 is_past $((total / 4)) || fail "the suite does not go on"
mount -o remount,rw "$root"
until_true 300 grep -q ' layer.gone' "$state/timeline" || fail "the layer stays"
at=$(done_by_now)
wait "$pid"
[ "$at" -lt "$total" ] || fail "the switch came after the last test"
same_as_bare moving
echo "$total files, $(grep -c ':ok' "$TEST_TMP/bare.summary") passed each time; the switch came after $at files"
