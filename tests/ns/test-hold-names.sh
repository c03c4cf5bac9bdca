#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rename and link with two paths never find one name in the view and the other on the disk (EXDEV).
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

dirs=(/var /tmp /srv /opt /data /mail)
scene_make "${dirs[@]}"
scene_up "${dirs[@]}"
/usr/bin/python3 -B "${0%/*}/hold-names.py" "$root" "$TEST_TMP" "${dirs[@]}" || fail "see above"
