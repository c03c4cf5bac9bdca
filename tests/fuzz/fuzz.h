/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. */
#ifndef INITFS_FUZZ_H
#define INITFS_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * The input behind its first byte as text, in an exact copy on the heap, so that one byte too many
 * is seen. size is not 0; the caller frees it.
 */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size);

	if (!text)
		abort();
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	return text;
}

#endif
