#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything a program can do in a view ends as it does on the bare overlay, errors included.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

for tool in setfacl getfacl getfattr setpriv; do
	command -v "$tool" >/dev/null || {
		echo "needs $tool"
		exit 77
	}
done
# /srv is never used through its view: its overlay is what the one of /var is compared with.
scene_make /var /srv
scene_up /var /srv
chmod 755 "$TEST_TMP"

dump() { # DIR: what is there in the end, with all that can be seen of it
	(
		cd "$1"
		find . -printf '%P %y %m %U:%G %l\n' | sort
		find . -type f ! -links 0 -printf '%P %n %s\n' | sort
		find . -type f -print0 | sort -z | xargs -0 sha256sum
		find . -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex 2>/dev/null
		find . ! -type l -print0 | sort -z | xargs -0 getfacl -pn
	)
}

hold-same "$state/layer/1" >"$TEST_TMP/bare.said" 2>&1 || fail "on the bare overlay: $?"
hold-same "$root/var" >"$TEST_TMP/view.said" 2>&1 || fail "in the view: $?"
diff -u "$TEST_TMP/bare.said" "$TEST_TMP/view.said" || fail "the view behaves differently"
lines=$(wc -l <"$TEST_TMP/view.said")
[ "$lines" -gt 900 ] || fail "only $lines results: the list was cut short"

# What the view's programs left, seen from behind, and through the view.
dump "$state/layer/1" >"$TEST_TMP/bare.dump"
dump "$state/layer/0" >"$TEST_TMP/behind.dump"
dump "$root/var" >"$TEST_TMP/view.dump"
diff -u "$TEST_TMP/bare.dump" "$TEST_TMP/behind.dump" || fail "it left something else"
diff -u "$TEST_TMP/behind.dump" "$TEST_TMP/view.dump" || fail "the view shows something else"
echo "$lines results and $(wc -l <"$TEST_TMP/view.dump") lines of the tree are the same"
