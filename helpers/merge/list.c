/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of directories and of file systems. */
#include "config.h"

#include "merge/list.h"
#include "common/mounted.h"
#include "common/parse.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int take_entry(struct list *list, char *line)
{
	char *tab = strchr(line, '\t');
	uint64_t number;

	if (!tab || list->count == LIST_MAX)
		return -EINVAL;
	*tab = '\0';
	if (parse_number(line, UINT32_MAX, &number) < 0 || !is_clean_path(tab + 1) || !tab[2])
		return -EINVAL;
	list->entries[list->count++] =
		(struct list_entry){ .number = (unsigned int)number, .directory = tab + 1 };
	return 0;
}

int list_parse(struct list *list, char *text)
{
	char *rest = text;
	char *line;

	*list = (struct list){ .text = text };
	while ((line = strsep(&rest, "\n")))
		if (*line && take_entry(list, line) < 0)
			return -EINVAL;
	return list->count ? 0 : -EINVAL;
}

void list_free(struct list *list)
{
	free(list->text);
	*list = (struct list){ 0 };
}

enum list_need list_need(const struct list *list, const struct fstab_line *line)
{
	const char *target = line->target;
	size_t i;

	if (*target != '/' || strcmp(line->type, "swap") == 0 ||
	    has_option(line->options, "noauto"))
		return NEED_NOT;
	for (i = 0; i < list->count; i++)
		if (is_at_or_below(list->entries[i].directory, target))
			return NEED_REQUIRED;
	if (!mounted_is_certain(line))
		return NEED_NOT;
	for (i = 0; i < list->count; i++)
		if (is_at_or_below(target, list->entries[i].directory))
			return NEED_WANTED;
	return NEED_NOT;
}
