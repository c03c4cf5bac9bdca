/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts that are served in place of files. */
#include "config.h"

#include "rcfilter/late.h"
#include "rcfilter/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPEND_LINE_MAX 1900

/*
 * Ends a stream over memory. Everything that was written went to memory, so one look at the end is
 * enough; frees the text and gives NULL where something failed.
 */
static char *finish(FILE *stream, char **text)
{
	bool failed = ferror(stream);

	if (fclose(stream) == EOF || failed) {
		free(*text);
		return NULL;
	}
	return *text;
}

/* Letters, digits and what file names and our sentences have; never a quote or a backslash. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(" ,.:;/_+-$@=[]*()", c));
}

static void put_quoted(FILE *stream, const char *text)
{
	(void)fputc('\'', stream);
	for (; *text; text++)
		if (is_plain(*text))
			(void)fputc(*text, stream);
	(void)fputc('\'', stream);
}

char *late_noop(const char *line)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	(void)fputs("#!/bin/sh\necho ", stream);
	put_quoted(stream, line);
	(void)fputs("\n:\n", stream);
	return finish(stream, &text);
}

/*
 * Under startpar the output is a terminal that goes away with startpar, so what may outlive it
 * writes to where startpar would have copied it. A shell gives what it puts into the background no
 * input, so that is said, too.
 */
char *late_leavable(void)
{
	return strdup("#!/bin/sh\n"
		      "# initfs: may go on behind the boot (init.d/functions)\n"
		      "if [ -t 1 ] && (exec >/dev/console) 2>/dev/null; then\n"
		      "\texec >/dev/console 2>&1\n"
		      "fi\n"
		      "trap 'exit 0' USR1\n"
		      "if [ -e /proc/self/fd/0 ]; then exec 3<&0; else exec 3</dev/null; fi\n"
		      "\"$0\" \"$@\" <&3 3<&- &\n"
		      "wait $!\n"
		      "exit $?\n");
}

/* A path that would not come through the quotes whole is not ours to run. */
static bool is_plain_path(const char *path)
{
	for (; *path; path++)
		if (!is_plain(*path))
			return false;
	return true;
}

char *late_script(const struct words *paths)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	size_t i;

	if (!stream)
		return NULL;
	/* RHEL 5 looks for the text init.d/functions in a script: without it, it prints more. */
	(void)fputs("#!/bin/sh\n# initfs: what had stepped aside and can start now "
		    "(init.d/functions)\n",
		    stream);
	for (i = 0; i < paths->count; i++) {
		if (!is_plain_path(paths->word[i]))
			continue;
		put_quoted(stream, paths->word[i]);
		(void)fputs(" start\n", stream);
	}
	(void)fputs("exit 0\n", stream);
	return finish(stream, &text);
}

/* "HEAD word word…", begun anew where it would get too long. */
static void put_list(FILE *stream, const char *head, const struct words *words, size_t from)
{
	size_t length = 0;
	size_t i;

	for (i = from; i < words->count; i++) {
		if (length && length + strlen(words->word[i]) + 1 > DEPEND_LINE_MAX) {
			(void)fputc('\n', stream);
			length = 0;
		}
		if (!length)
			length = (size_t)fprintf(stream, "%s", head);
		length += (size_t)fprintf(stream, " %s", words->word[i]);
	}
	(void)fprintf(stream, "%s\n", length ? "" : head);
}

static bool starts_with(const struct lines *lines, const char *word)
{
	size_t length = strlen(word);

	return lines->length >= length && memcmp(lines->line, word, length) == 0;
}

static int put_line(FILE *stream, const struct lines *lines, struct words *targets)
{
	struct words words = { 0 };
	int r = words_split(&words, lines->line, lines->length, " \t");
	size_t i;

	if (r == 0 && starts_with(lines, "TARGETS ="))
		for (i = 2; r == 0 && i < words.count; i++)
			r = words_add(targets, words.word[i], strlen(words.word[i]));
	else if (r == 0 && starts_with(lines, "INTERACTIVE ="))
		put_list(stream, "INTERACTIVE =", &words, 2);
	else if (r == 0 && words.count > 1)
		put_list(stream, words.word[0], &words, 1);
	words_free(&words);
	return r;
}

/* startpar wants to know all targets before the first rule, so the rules are kept until the end. */
char *late_depend(const char *text, size_t size, const char *node)
{
	struct lines lines = lines_of(text, size);
	struct words targets = { 0 };
	char *rules = NULL;
	char *all = NULL;
	size_t rules_size = 0;
	size_t all_size = 0;
	FILE *stream = open_memstream(&rules, &rules_size);
	char head[64];
	int r = stream ? 0 : -ENOMEM;

	while (r == 0 && lines_next(&lines))
		r = put_line(stream, &lines, &targets);
	if (r == 0 && node) {
		(void)snprintf(head, sizeof(head), "%s:", node);
		put_list(stream, head, &targets, 0);
		r = words_add(&targets, node, strlen(node));
	}
	if (stream)
		rules = finish(stream, &rules);
	stream = r == 0 && rules ? open_memstream(&all, &all_size) : NULL;
	if (stream) {
		put_list(stream, "TARGETS =", &targets, 0);
		(void)fputs(rules, stream);
		all = finish(stream, &all);
	}
	free(rules);
	words_free(&targets);
	return all;
}
