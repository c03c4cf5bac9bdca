#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --dry-run says every change in one line each and touches nothing, not even a time.
. "$(dirname -- "$0")/merge-scene.sh"

scene
mkdir -p "$LOWER/d/gone" && echo 1 >"$LOWER/d/old" && echo 1 >"$LOWER/d/same"
view_up
echo 2 >"$VIEW/d/old" && rm -r "$VIEW/d/gone" && mkdir "$VIEW/d/new" && echo 3 >"$VIEW/d/new/f"
echo 4 >"$VIEW/$(printf 'two\nlines')"
view_down
expect_refused 0 merge --dry-run
sort "$SCENE/said" >"$SCENE/sorted"
diff - "$SCENE/sorted" <<'END' || fail "it says something else"
create  d/new/
create  d/new/f
create  two\x0alines
delete  d/gone
replace d/old
update  ./
update  d/
END
expect_exit 0 merge --verbose
expect_said '^replace d/old$'
expect_said '^4 names published'
expect_merged
