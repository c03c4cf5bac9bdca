/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a boot: writing and reading lines of /run/initfs/timeline. */
#include "config.h"

#include "common/clock.h"
#include "common/timeline.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int timeline_open(int dirfd)
{
	int fd = openat(dirfd, TIMELINE_FILE,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? -errno : fd;
}

/* A buffer that takes what fits; one byte is kept for the newline. */
struct text {
	char *at;
	size_t left;
};

static void put(struct text *text, const char *bytes, size_t length)
{
	if (length > text->left)
		length = text->left;
	memcpy(text->at, bytes, length);
	text->at += length;
	text->left -= length;
}

static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

static bool needs_quotes(const char *value)
{
	const char *p;

	for (p = value; *p; p++)
		if (!is_plain(*p) && !((unsigned char)*p >= 0x80))
			return true;
	return false;
}

/* One byte of a quoted value, escaped. Returns the length. */
static size_t escape(char c, char bytes[5])
{
	if (c == '"' || c == '\\')
		return (size_t)snprintf(bytes, 5, "\\%c", c);
	if ((unsigned char)c < ' ' || c == 0x7f)
		return (size_t)snprintf(bytes, 5, "\\x%02x", (unsigned char)c);
	bytes[0] = c;
	return 1;
}

/* What does not fit is cut behind a whole byte, and the quotes are closed: it has to be readable. */
static void put_value(struct text *text, const char *value)
{
	const char *p;
	char bytes[5];

	if (!needs_quotes(value)) {
		put(text, value, strlen(value));
		return;
	}
	put(text, "\"", 1);
	for (p = value; *p; p++) {
		size_t length = escape(*p, bytes);

		if (length + 1 > text->left)
			break;
		put(text, bytes, length);
	}
	put(text, "\"", 1);
}

size_t timeline_format(char *line, size_t size, uint64_t usec, const char *event, va_list pairs)
{
	struct text text = { line, size - 1 };
	const char *key;
	char stamp[32];

	(void)snprintf(stamp, sizeof(stamp), "%" PRIu64 ".%06" PRIu64 " ", usec / 1000000,
		       usec % 1000000);
	put(&text, stamp, strlen(stamp));
	put(&text, event, strlen(event));
	while ((key = va_arg(pairs, const char *))) {
		/* A blank, the key, "=", and quotes with nothing between them. */
		if (strlen(key) + 4 > text.left)
			break;
		put(&text, " ", 1);
		put(&text, key, strlen(key));
		put(&text, "=", 1);
		put_value(&text, va_arg(pairs, const char *));
	}
	*text.at++ = '\n';
	return (size_t)(text.at - line);
}

void timeline_mark(int fd, const char *event, ...)
{
	char line[TIMELINE_LINE_MAX];
	va_list pairs;
	size_t length;

	if (fd < 0)
		return;
	va_start(pairs, event);
	length = timeline_format(line, sizeof(line), clock_usec(CLOCK_BOOTTIME), event, pairs);
	va_end(pairs);
	if (write(fd, line, length) < 0)
		return; /* A full /run: the boot is worth more than its record. */
}

/* Reads "12.345678" into microseconds; rest points behind it. */
static int parse_stamp(char *line, uint64_t *ret_usec, char **ret_rest)
{
	char *dot = strchr(line, '.');
	char *space = strchr(line, ' ');
	uint64_t seconds, micros;

	if (!dot || !space || space != dot + 7)
		return -EINVAL;
	*dot = '\0';
	*space = '\0';
	if (parse_number(line, UINT64_MAX / 1000000 - 1, &seconds) < 0 ||
	    parse_number(dot + 1, 999999, &micros) < 0)
		return -EINVAL;
	*ret_usec = seconds * 1000000 + micros;
	*ret_rest = space + 1;
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -EINVAL;
}

/* Unescapes the quoted value at *text in place; leaves *text behind the closing quote. */
static int unquote(char **text, const char **ret_value)
{
	char *from = *text + 1;
	char *to = *text;

	*ret_value = to;
	while (*from != '"') {
		if (!*from)
			return -EINVAL;
		if (*from != '\\') {
			*to++ = *from++;
		} else if (from[1] == 'x' && hex(from[2]) >= 0 && hex(from[3]) >= 0) {
			*to++ = (char)(hex(from[2]) << 4 | hex(from[3]));
			from += 4;
		} else if (from[1]) {
			*to++ = from[1];
			from += 2;
		} else {
			return -EINVAL;
		}
	}
	*text = from + 1;
	*to = '\0';
	return 0;
}

static int parse_pair(char **text, struct timeline_event *event)
{
	char *key = *text;
	char *equals = key + strcspn(key, " =");
	const char *value = equals + 1;
	char *end;

	if (*equals != '=' || equals == key || event->pairs == TIMELINE_PAIRS_MAX)
		return -EINVAL;
	*equals = '\0';
	end = equals + 1;
	if (*end == '"') {
		if (unquote(&end, &value) < 0)
			return -EINVAL;
	} else {
		end += strcspn(end, " ");
	}
	if (*end && *end != ' ')
		return -EINVAL;
	if (*end)
		*end++ = '\0';
	event->pair[event->pairs].key = key;
	event->pair[event->pairs++].value = value;
	*text = end;
	return 0;
}

int timeline_parse(char *line, struct timeline_event *ret_event)
{
	struct timeline_event event = { 0 };
	char *rest;
	int r = parse_stamp(line, &event.usec, &rest);

	if (r < 0)
		return r;
	event.event = rest;
	rest += strcspn(rest, " ");
	if (rest == event.event)
		return -EINVAL;
	if (*rest)
		*rest++ = '\0';
	while (*rest) {
		r = parse_pair(&rest, &event);
		if (r < 0)
			return r;
	}
	*ret_event = event;
	return 0;
}

const char *timeline_value(const struct timeline_event *event, const char *key)
{
	size_t i;

	for (i = 0; i < event->pairs; i++)
		if (strcmp(event->pair[i].key, key) == 0)
			return event->pair[i].value;
	return NULL;
}
