# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
service xdm stop >/dev/null
expect "the screen is stopped" poll 120 nothing pidof xdm Xorg
expect "the record knows that it was on purpose" poll 120 \
	grep -qE ' early.exit name=xdm status=(0|signal-15)' /run/initfs/timeline
expect "its script says so" sh -c "! service xdm status"
