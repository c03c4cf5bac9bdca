/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines about what was published. */
#include "config.h"

#include "merge/ours.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OURS_MAX (256 * 1024 * 1024)

static int parse_run(char *text, struct join_run *ret)
{
	char *plus = strchr(text, '+');

	if (!plus)
		return -EINVAL;
	*plus = '\0';
	if (parse_number(text, INT64_MAX, &ret->at) < 0 ||
	    parse_number(plus + 1, INT64_MAX, &ret->length) < 0)
		return -EINVAL;
	return 0;
}

static int parse_runs(struct our_object *object, char *text)
{
	struct join_runs *runs = &object->runs;
	char *word;

	object->is_joined = true;
	while ((word = strsep(&text, " "))) {
		const struct join_run *last = runs->count ? &runs->run[runs->count - 1] : NULL;
		struct join_run run;
		struct join_run *more;

		if (!*word)
			continue;
		if (parse_run(word, &run) < 0 || (last && run.at < last->at + last->length))
			return -EINVAL;
		more = reallocarray(runs->run, runs->count + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		runs->run = more;
		more[runs->count++] = run;
	}
	return 0;
}

static int parse_line(struct ours *ours, char *line)
{
	struct our_object object = { 0 };
	const char *number = strsep(&line, " ");
	struct our_object *more;
	int r = parse_number(number, UINT64_MAX, &object.ino) < 0 ? -EINVAL : 0;

	if (r == 0 && line)
		r = parse_runs(&object, line);
	more = r < 0 ? NULL : reallocarray(ours->list, ours->count + 1, sizeof(*more));
	if (!more) {
		join_runs_free(&object.runs);
		return r < 0 ? r : -ENOMEM;
	}
	ours->list = more;
	more[ours->count++] = object;
	return 0;
}

int ours_parse(struct ours *ours, char *text)
{
	char *line;
	int r = 0;

	*ours = (struct ours){ 0 };
	while (r == 0 && (line = strsep(&text, "\n")))
		if (*line)
			r = parse_line(ours, line);
	return r;
}

void ours_free(struct ours *ours)
{
	size_t i;

	for (i = 0; i < ours->count; i++)
		join_runs_free(&ours->list[i].runs);
	free(ours->list);
	*ours = (struct ours){ 0 };
}

const struct our_object *ours_find(const struct ours *ours, uint64_t ino)
{
	size_t i;

	for (i = ours->count; i-- > 0;)
		if (ours->list[i].ino == ino)
			return &ours->list[i];
	return NULL;
}

int ours_read(struct ours *ours, int dir, const char *name)
{
	auto_free char *text = NULL;
	ssize_t length = file_read(dir, name, OURS_MAX, &text);

	*ours = (struct ours){ 0 };
	if (length < 0)
		return length == -ENOENT ? 0 : (int)length;
	return ours_parse(ours, text);
}

int ours_write(FILE *file, uint64_t ino, const struct join_runs *runs)
{
	size_t i;

	if (fprintf(file, "%" PRIu64 "%s", ino, runs ? " " : "") < 0)
		return -errno;
	for (i = 0; runs && i < runs->count; i++)
		if (fprintf(file, "%s%" PRIu64 "+%" PRIu64, i ? " " : "", runs->run[i].at,
			    runs->run[i].length) < 0)
			return -errno;
	return fprintf(file, "\n") < 0 ? -errno : 0;
}
