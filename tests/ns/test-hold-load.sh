#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs at work lose nothing and get no error while the view is sealed and switched under them.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var
scene_up /var
/usr/bin/python3 -B "${0%/*}/hold-load.py" "$root" "$TEST_TMP" || fail "see above"
