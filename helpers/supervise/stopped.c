/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a program that ends being stopped by its rc script? */
#include "config.h"

#include "supervise/stopped.h"
#include "common/fd.h"
#include "common/parse.h"
#include "common/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* An interpreter with its options, a script and an action. */
#define COMMAND_MAX 1024

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_script_of(const char *word, const struct words *services)
{
	const char *name = base_name(word);
	unsigned int i;

	for (i = 0; i < services->count; i++)
		if (strcmp(name, services->word[i]) == 0)
			return true;
	/* rc calls it by the link of a runlevel. */
	return name[0] == 'K' && isdigit((unsigned char)name[1]) &&
	       isdigit((unsigned char)name[2]) && is_script_of(name + 3, services);
}

/* force-reload restarts what cannot reload; condrestart and try-restart end like restart. */
static bool is_stop(const char *action)
{
	static const char restart[] = "restart";
	size_t length = strlen(action);

	return strcmp(action, "stop") == 0 || strcmp(action, "force-reload") == 0 ||
	       (length >= strlen(restart) &&
		strcmp(action + length - strlen(restart), restart) == 0);
}

bool is_stop_command(const char *words, size_t length, const struct words *services)
{
	const char *word = words, *end = words + length;

	while (word < end) {
		const char *next = word + strnlen(word, (size_t)(end - word)) + 1;

		if (next < end && is_stop(next) && is_script_of(word, services))
			return true;
		word = next;
	}
	return false;
}

bool is_being_stopped(const struct entry *entry)
{
	auto_closedir DIR *dir = entry->services.count ? opendir("/proc") : NULL;
	struct dirent *found;
	char words[COMMAND_MAX];
	uint64_t pid;
	ssize_t length;

	while (dir && (found = readdir(dir))) {
		if (parse_number(found->d_name, INT_MAX, &pid) < 0)
			continue;
		length = proc_read(AT_FDCWD, (pid_t)pid, "cmdline", words, sizeof(words));
		if (length > 0 && is_stop_command(words, (size_t)length, &entry->services))
			return true;
	}
	return false;
}
