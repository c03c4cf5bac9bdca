/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chart of a boot as a picture: SVG 1.1, one file, no script, readable in any browser. */
#ifndef INITFS_CLI_SVG_H
#define INITFS_CLI_SVG_H

#include "cli/chart.h"

#include <stdio.h>

/*
 * Writes the picture of chart to out. Over each bar a browser shows the event and what is known about it.
 * Errors of writing are left to the caller's fflush.
 */
void svg_print(FILE *out, const struct chart *chart);

#endif
