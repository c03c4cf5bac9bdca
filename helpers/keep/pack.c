/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a boot, as one piece of bytes. */
#include "config.h"

#include "keep/pack.h"
#include "common/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (PACK_PATH_MAX + 128)

char *pack_add(struct pack *pack, struct pack_file *file)
{
	char line[LINE_MAX_BYTES];
	size_t room = pack->size - pack->length;
	char *bytes;
	int n;

	if (room <= sizeof(line) || strchr(file->path, '\n'))
		return NULL;
	if (file->length > room - sizeof(line))
		file->length = room - sizeof(line);
	n = snprintf(line, sizeof(line), "%" PRIu64 " %zu %o %u %u %s\n", file->base, file->length,
		     file->mode, file->uid, file->gid, file->path);
	if (n < 0 || (size_t)n >= sizeof(line) || file->length == 0)
		return NULL;
	memcpy(pack->data + pack->length, line, (size_t)n);
	bytes = pack->data + pack->length + n;
	pack->length += (size_t)n + file->length;
	return bytes;
}

/* Nothing that leads out of /var/log. */
static bool is_good_path(const char *path)
{
	char absolute[PACK_PATH_MAX + 1];

	(void)snprintf(absolute, sizeof(absolute), "/%s", path);
	return is_clean_path(absolute) && absolute[1];
}

static bool parse_line(char *line, struct pack_file *file)
{
	uint64_t number[5];
	char *at = line;
	char *end;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		if (*at < '0' || *at > '9')
			return false;
		number[i] = strtoull(at, &end, i == 2 ? 8 : 10);
		if (*end != ' ')
			return false;
		at = end + 1;
	}
	if (number[2] > 07777 || strlen(at) >= PACK_PATH_MAX || !is_good_path(at))
		return false;
	*file = (struct pack_file){ .base = number[0],
				    .length = number[1],
				    .mode = (mode_t)number[2],
				    .uid = (uid_t)number[3],
				    .gid = (gid_t)number[4] };
	(void)snprintf(file->path, sizeof(file->path), "%s", at);
	return true;
}

const char *pack_next(const struct pack *pack, size_t *offset, struct pack_file *ret_file)
{
	const char *from = pack->data + *offset;
	size_t left = pack->length - *offset;
	const char *end = left ? memchr(from, '\n', left) : NULL;
	char line[LINE_MAX_BYTES];
	size_t length;

	if (!end || (size_t)(end - from) >= sizeof(line))
		return NULL;
	length = (size_t)(end - from);
	memcpy(line, from, length);
	line[length] = '\0';
	if (!parse_line(line, ret_file) || ret_file->length > left - length - 1)
		return NULL;
	*offset += length + 1 + ret_file->length;
	return end + 1;
}
