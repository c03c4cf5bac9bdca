/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of /dev/kmsg to messages for a syslog daemon. */
#include "config.h"

#include "supervise/klog.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACILITY_SHIFT 3
#define FACILITY_KERNEL 0
#define PRIORITY_MAX (127 << FACILITY_SHIFT | 7)
/* daemon.info: what a file's line says is read by people, and is no alarm */
#define LINE_PRIORITY 30
/* RFC 3164: a tag is at most 32 letters long. */
#define TAG_MAX 32

/* English, as RFC 3164 has it: the locale has no say. */
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* The kernel writes what is not plain ASCII, and the backslash, as \xHH; in place. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] == 'x' && hex_digit(text[2]) >= 0 &&
		    hex_digit(text[3]) >= 0) {
			int byte = hex_digit(text[2]) << 4 | hex_digit(text[3]);

			*to++ = (char)(byte ? byte : ' ');
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

int klog_parse(char *record, struct klog_record *ret_record)
{
	char *text = strchr(record, ';');
	char *end;
	unsigned long priority;

	if (!text || !isdigit((unsigned char)record[0]))
		return -EINVAL;
	*text++ = '\0';
	priority = strtoul(record, &end, 10);
	if (*end != ',' || priority > PRIORITY_MAX)
		return -EINVAL;
	(void)strtoull(end + 1, &end, 10); /* the sequence number: who reads on needs it not */
	if (*end != ',' || !isdigit((unsigned char)end[1]))
		return -EINVAL;
	ret_record->usec = strtoull(end + 1, &end, 10);
	ret_record->priority = (unsigned int)priority;
	text[strcspn(text, "\n")] = '\0'; /* what follows is about devices */
	unescape(text);
	ret_record->text = text;
	return 0;
}

bool klog_is_kernels(const struct klog_record *record)
{
	return record->priority >> FACILITY_SHIFT == FACILITY_KERNEL;
}

/* How long the name is that line begins with, as "dracut" in "dracut: text"; 0: none. */
static size_t tag_length(const char *line)
{
	size_t length = strcspn(line, ": \t");

	return length <= TAG_MAX && line[length] == ':' && line[length + 1] == ' ' ? length : 0;
}

static size_t written(int n, size_t size)
{
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* A control character in the middle of a line is for nobody to see. */
static void make_plain(char *message)
{
	for (; *message; message++)
		if (iscntrl((unsigned char)*message))
			*message = ' ';
}

size_t klog_format(char *message, size_t size, const struct klog_record *record, const char *line,
		   const struct tm *when)
{
	size_t tag = tag_length(line);
	size_t length =
		written(snprintf(message, size,
				 "<%u>%s %2d %02d:%02d:%02d %.*s: [%5" PRIu64 ".%06" PRIu64 "] %s",
				 record->priority, months[when->tm_mon], when->tm_mday,
				 when->tm_hour, when->tm_min, when->tm_sec, tag ? (int)tag : 4,
				 tag ? line : "kmsg", record->usec / 1000000,
				 record->usec % 1000000, line + (tag ? tag + 2 : 0)),
			size);

	make_plain(message);
	return length;
}

size_t klog_format_line(char *message, size_t size, const char *name, const char *line,
			const struct tm *when)
{
	size_t length =
		written(snprintf(message, size, "<%d>%s %2d %02d:%02d:%02d %.*s: %s", LINE_PRIORITY,
				 months[when->tm_mon], when->tm_mday, when->tm_hour, when->tm_min,
				 when->tm_sec, TAG_MAX, name, line),
			size);

	make_plain(message);
	return length;
}

/* Does the line that begins at text say word, from its first letter or a later one on? */
static bool line_says(const char *text, const char *word)
{
	for (; *text && *text != '\n' && *text != '#'; text++) {
		const char *at = text;
		const char *want = word;

		while (*want && *at && !strchr("\n#", *at)) {
			if (strchr(" \t\"'", *at))
				at++;
			else if (tolower((unsigned char)*at++) != tolower((unsigned char)*want++))
				break;
			else if (!*want)
				return true;
		}
	}
	return false;
}

bool klog_says(const char *text, const char *word)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (line_says(text, word))
			return true;
	return false;
}
