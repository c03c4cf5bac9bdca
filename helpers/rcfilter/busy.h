/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How busy the disk is, by what the kernel writes about it. Pure. */
#ifndef INITFS_BUSY_H
#define INITFS_BUSY_H

#include <stddef.h>
#include <stdint.h>

/*
 * "some avg10=12.34 …" of /proc/pressure/io to 12: the share of the last ten seconds in which
 * somebody waited for a disk. 0 where the text is not that.
 */
unsigned int busy_pressure(const char *text, size_t size);

/*
 * For how many milliseconds the disk that has worked most was at work since the boot, by
 * /proc/diskstats. 0 where the text is not that.
 */
uint64_t busy_disk(const char *text, size_t size);

/* The share in percent, at most 100, of the one in the other. */
unsigned int busy_percent(uint64_t worked_msec, uint64_t passed_msec);

#endif
