/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of an answer on stdout. */
#include "config.h"

#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>

void print_text(const char *text)
{
	for (; *text; text++)
		(void)putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

void print_size(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;
	uint64_t tenths = bytes * 10;

	while (tenths >= 10240 && unit < 4) {
		tenths /= 1024;
		unit++;
	}
	if (unit == 0)
		(void)printf("%" PRIu64 " bytes", bytes);
	else
		(void)printf("%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
}

void print_seconds(uint64_t usec)
{
	(void)printf("%" PRIu64 ".%03" PRIu64 " s", usec / 1000000, usec / 1000 % 1000);
}
