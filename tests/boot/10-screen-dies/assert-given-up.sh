# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
message='lightdm died 5 times, and never lived for long; log in here, on the text console'
expect "no X server is left" nothing pidof Xorg
expect "nothing of the screen is left" nothing pidof lightdm
expect "the first console is shown" equal tty1 "$(cat /sys/class/tty/tty0/active)"
expect "it has one line about it" equal 1 "$(tr '\0' ' ' </dev/vcs1 | fold -w "$(stty -F /dev/tty1 size | cut -d' ' -f2)" | grep -c "$message")"
expect "the kernel's log has one" equal 1 "$(dmesg | grep -c "$message")"
service lightdm start >/dev/null
expect "rc's own start works" poll 120 pidof Xorg
