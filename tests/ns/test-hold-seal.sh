#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A seal always ends, whoever dies; what cannot be switched is refused, and programs go on in RAM.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /srv
scene_up /var /srv
/usr/bin/python3 -B "${0%/*}/hold-seal.py" "$root" "$TEST_TMP" || fail "see above"
