#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes configure out of configure.ac; needed after a checkout, not in a release.
set -e
cd "$(dirname -- "$0")"
mkdir -p build-aux
exec autoreconf --install --force --warnings=all
