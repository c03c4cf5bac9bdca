/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that were in RAM and on the disk: what the merge made of them. */
#ifndef INITFS_CLI_NAMED_H
#define INITFS_CLI_NAMED_H

#include "cli/record.h"

/* Prints a line for each, the first one behind the label "both". */
void named_print(const struct record *record);

#endif
