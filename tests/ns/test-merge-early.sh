#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many new names are published before the seal, in slices, and no program sees it: what it removes,
# renames or changes after that is so in the view and on the disk, also if the merge dies in between.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /var /tmp
/usr/bin/python3 "${0%/*}/merge-early.py" "$root" || fail "see above"
