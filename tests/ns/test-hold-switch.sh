#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program keeps all it has in its hands when the view is moved to the disk under it.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var
scene_up /var
/usr/bin/python3 -B "${0%/*}/hold-switch.py" "$root" "$TEST_TMP" || fail "see above"
