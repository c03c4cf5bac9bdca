/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The display manager that Red Hat's /etc/sysconfig/desktop chooses. */
#include "config.h"

#include "supervise/desktop.h"

#include <stdio.h>
#include <string.h>

#define KEY "DISPLAYMANAGER="

/* As prefdm reads them; what is none of these is a program. */
static const struct {
	const char *word;
	const char *name;
} words[] = {
	{ "GNOME", "gdm" },
	{ "KDE", "kdm" },
	{ "WDM", "wdm" },
	{ "XDM", "xdm" },
};

/* The value of a line of shell: to the end of its quotes, or of its word. */
static void read_value(const char *value, char *name, size_t size)
{
	const char *ends = *value == '"' ? "\"\n" : *value == '\'' ? "'\n" : " \t\r\n;#";
	const char *slash;
	size_t length;
	size_t i;

	value += *value == '"' || *value == '\'';
	length = strcspn(value, ends);
	slash = memrchr(value, '/', length);
	if (slash) {
		length -= (size_t)(slash + 1 - value);
		value = slash + 1;
	}
	(void)snprintf(name, size, "%.*s", (int)length, value);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(name, words[i].word) == 0)
			(void)snprintf(name, size, "%s", words[i].name);
}

void desktop_choice(const char *text, char *name, size_t size)
{
	name[0] = '\0';
	while (*text) {
		text += strspn(text, " \t");
		if (strncmp(text, KEY, strlen(KEY)) == 0)
			read_value(text + strlen(KEY), name, size);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}
