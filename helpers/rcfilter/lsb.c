/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LSB header of a start script. */
#include "config.h"

#include "rcfilter/lsb.h"
#include "rcfilter/lines.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define DELIMITERS " ,;\t\r"

/* A part of a key: '-' stands for one or more of "-_", as in insserv's expressions. */
static const struct {
	const char *name;
	bool vendor; /* "X-NAME-" may stand before it */
} keys[LSB_KEYS] = {
	[LSB_PROVIDES] = { "provides", false },
	[LSB_REQUIRED_START] = { "required-start", false },
	[LSB_REQUIRED_STOP] = { "required-stop", false },
	[LSB_SHOULD_START] = { "should-start", true },
	[LSB_SHOULD_STOP] = { "should-stop", true },
	[LSB_START_BEFORE] = { "start-before", true },
	[LSB_STOP_AFTER] = { "stop-after", true },
	[LSB_DEFAULT_START] = { "default-start", false },
	[LSB_DEFAULT_STOP] = { "default-stop", false },
	[LSB_INTERACTIVE] = { "interactive", true },
	[LSB_DESCRIPTION] = { "description", false },
};

static bool is_dash(char c)
{
	return c == '-' || c == '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is text (length bytes) name, in either case, with any run of dashes for each dash? */
static bool matches(const char *text, size_t length, const char *name)
{
	size_t i = 0;

	for (; *name; name++) {
		if (i >= length)
			return false;
		if (*name == '-') {
			if (!is_dash(text[i]))
				return false;
			while (i < length && is_dash(text[i]))
				i++;
		} else if (lower(text[i++]) != *name) {
			return false;
		}
	}
	return i == length;
}

static bool is_vendor_byte(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || is_dash(c);
}

/* Is text "X-…" and then name? Anything of letters, digits and dashes may stand between. */
static bool matches_vendor(const char *text, size_t length, const char *name)
{
	size_t i;

	if (length < 2 || lower(text[0]) != 'x' || !is_dash(text[1]))
		return false;
	for (i = 2; i < length; i++) {
		if (matches(text + i, length - i, name))
			return true;
		if (!is_vendor_byte(text[i]))
			return false;
	}
	return false;
}

/* The key that a line begins with, and where its value is; LSB_KEYS for a line that has none. */
static enum lsb_key key_of(const char *line, size_t length, const char **ret_value,
			   size_t *ret_length)
{
	const char *colon;
	size_t key;

	if (!length || *line != '#')
		return LSB_KEYS;
	colon = memchr(line, ':', length);
	if (!colon)
		return LSB_KEYS;
	*ret_value = colon + 1;
	*ret_length = length - (size_t)(colon + 1 - line);
	lines_trim(ret_value, ret_length);
	for (line++; is_blank(*line); line++)
		;
	length = (size_t)(colon - line);
	for (key = 0; key < LSB_KEYS; key++)
		if (matches(line, length, keys[key].name) ||
		    (keys[key].vendor && matches_vendor(line, length, keys[key].name)))
			break;
	return (enum lsb_key)key;
}

static bool contains(const char *line, size_t length, const char *mark)
{
	return memmem(line, length, mark, strlen(mark)) != NULL;
}

/* The first occurrence of a key counts. */
static int take_line(struct lsb *lsb, const char *line, size_t length)
{
	const char *value;
	size_t size;
	enum lsb_key key = key_of(line, length, &value, &size);

	if (key == LSB_KEYS || lsb->present[key])
		return 0;
	lsb->present[key] = true;
	if (key == LSB_DESCRIPTION)
		return words_add(&lsb->list[key], value, size);
	return words_split(&lsb->list[key], value, size, DELIMITERS);
}

static enum lsb_form form_of(const struct lsb *lsb, bool ended)
{
	if (!ended)
		return LSB_UNENDED;
	if (!lsb->list[LSB_PROVIDES].count || !lsb->present[LSB_REQUIRED_START] ||
	    !lsb->present[LSB_REQUIRED_STOP] || !lsb->present[LSB_DEFAULT_START] ||
	    !lsb->present[LSB_DEFAULT_STOP])
		return LSB_INCOMPLETE;
	return LSB_WHOLE;
}

int lsb_parse(const char *text, size_t size, struct lsb *ret_lsb)
{
	struct lines lines = lines_of(text, size);
	struct lsb lsb = { .form = LSB_NONE };
	bool begun = false;
	bool ended = false;
	int r = 0;

	while (r == 0 && !ended && lines_next(&lines)) {
		if (!begun) {
			begun = contains(lines.line, lines.length, "### BEGIN INIT INFO");
			continue;
		}
		r = take_line(&lsb, lines.line, lines.length);
		ended = contains(lines.line, lines.length, "### END INIT INFO");
	}
	if (r < 0) {
		lsb_free(&lsb);
		return r;
	}
	if (begun)
		lsb.form = form_of(&lsb, ended);
	lsb.interactive = lsb.list[LSB_INTERACTIVE].count == 1 &&
			  strcmp(lsb.list[LSB_INTERACTIVE].word[0], "true") == 0;
	*ret_lsb = lsb;
	return 0;
}

void lsb_free(struct lsb *lsb)
{
	size_t key;

	for (key = 0; key < LSB_KEYS; key++)
		words_free(&lsb->list[key]);
	*lsb = (struct lsb){ .form = LSB_NONE };
}
