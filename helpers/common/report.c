/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only stderr and /dev/kmsg of the project. */
#include "config.h"

#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000 /* the kernel cuts a record of /dev/kmsg at 1024 */

/* The voice is one for the process, as stderr is; everything else is passed. */
static const char *program = "initfs";
static int kmsg = -EBADF;

/* What an errno means where its usual text would send the reader to the wrong place. */
static const struct {
	int error;
	const char *step; /* a part of the step, so that open does not get mount's text */
	const char *meaning;
} meanings[] = {
	{ ENOSPC, "mount", "too many mounts (fs.mount-max)" },
	{ EXDEV, "open", "it leads out of the directory it has to be in" },
	{ ELOOP, "open", "a symbolic link where none may be" },
	{ EMEDIUMTYPE, "", "it is not on a file system of the kind needed" },
};

void report_name(const char *name)
{
	program = name;
}

void report_to_kernel_log(void)
{
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

/*
 * Names are anybody's: none may begin a line of its own, or tell the terminal anything. In UTF-8 the
 * kernel's console takes U+009B, too, for the beginning of a sequence.
 */
static void make_plain(char *text)
{
	unsigned char before = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			*text = '?';
		if (before == 0xc2 && c >= 0x80 && c < 0xa0)
			text[-1] = *text = '?';
		before = c;
	}
}

/* One write each: lines of several programs do not mix. Nobody is left to tell about a failure. */
static void print_line(char *text)
{
	char line[LINE_MAX_BYTES + 64];
	int n;

	make_plain(text);
	n = snprintf(line, sizeof(line), "%s: %.*s\n", program, LINE_MAX_BYTES - 64, text);

	if (n < 0)
		return;
	if (write(STDERR_FILENO, line, (size_t)n) < 0 && kmsg < 0)
		return;
	if (kmsg >= 0) {
		/* <4> is a warning: on the console where loglevel allows, in every log. */
		n = snprintf(line, sizeof(line), "<4>%s: %.*s\n", program, LINE_MAX_BYTES - 64,
			     text);
		if (n > 0 && write(kmsg, line, (size_t)n) < 0)
			return;
	}
}

static const char *meaning_of(int error, const char *step)
{
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].error == error && strstr(step, meanings[i].step))
			return meanings[i].meaning;
	return NULL;
}

void report_text(char *line, unsigned long size, int error, const struct fault *fault)
{
	const char *step = fault->step ? fault->step : "go on";
	const char *meaning = meaning_of(-error, step);
	const char *object = fault->object;
	const char *detail = fault->detail;

	(void)snprintf(line, size, "cannot %s%s%s%s: %s%s%s%s%s%s", step, *object ? " '" : "",
		       object, *object ? "'" : "", meaning ? meaning : strerror(-error),
		       meaning ? " (" : "", meaning ? strerror(-error) : "", meaning ? ")" : "",
		       *detail ? ": " : "", detail);
}

int report(int error, const struct fault *fault, enum exit_code exit_code)
{
	char text[LINE_MAX_BYTES];

	report_text(text, sizeof(text), error, fault);
	print_line(text);
	return exit_code;
}

void report_line(const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line(text);
}

void report_note(const char *format, ...)
{
	char text[LINE_MAX_BYTES - 64];
	char line[LINE_MAX_BYTES];
	va_list args;
	int n;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_plain(text);
	n = snprintf(line, sizeof(line), "<6>%s: %s\n", program, text);
	if (n > 0 && (size_t)n < sizeof(line) && kmsg >= 0 && write(kmsg, line, (size_t)n) < 0)
		return; /* nobody is left to tell */
}

int report_usage(const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - (size_t)n, " (Try '%s --help'.)", program);
	print_line(text);
	return EXIT_USAGE;
}
