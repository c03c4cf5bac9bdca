#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file with two names that is written to while the merge is on its way is still one file afterwards,
# with what was written last, whichever of the names the merge came by before the change.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

IMAGE_SIZE=256M scene_make /var /tmp
scene_up /var /tmp
/usr/bin/python3 "${0%/*}/live-links.py" "$root" || fail "see above"
