/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in /run/initfs/own. */
#include "config.h"

#include "merge/own.h"
#include "common/fd.h"
#include "common/file.h"

#include <stdio.h>

#define NOTE_MAX 100

const char *own_name(const struct list_entry *entry, const char *suffix, char name[OWN_NAME_MAX])
{
	(void)snprintf(name, OWN_NAME_MAX, "own/%u%s", entry->number, suffix);
	return name;
}

int own_note(const struct list_entry *entry, int run, struct noted *ret_note)
{
	char name[OWN_NAME_MAX];
	auto_free char *text = NULL;
	ssize_t n = file_read(run, own_name(entry, ".device", name), NOTE_MAX, &text);

	return n < 0 ? (int)n : noted_parse(text, ret_note);
}
