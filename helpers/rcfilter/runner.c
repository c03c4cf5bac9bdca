/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is asking. */
#include "config.h"

#include "rcfilter/runner.h"
#include "common/proc.h"

#include <stdio.h>
#include <string.h>

#define CMDLINE_MAX 4096
#define ANCESTORS_MAX 16

static const char *const shells[] = { "sh",   "bash",  "dash", "ash",  "ksh",  "mksh",
				      "lksh", "pdksh", "zsh",  "yash", "hush", "busybox" };

/* The scripts that run scripts. rc.0, rc.6 and rcK stop things: to us they are nobody. */
static const struct {
	const char *name;
	char level;
	bool is_final;
} scripts[] = {
	{ "rc", 0, false },	     { "rcS", 'S', false },  { "rc.sysinit", 'S', false },
	{ "rc.sysvinit", 0, false }, { "rc.S", 'S', false }, { "rc.M", 0, true },
	{ "rc.multi", 0, true },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_shell(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

/* The word after word, or NULL at the end. Words end with a zero byte; the last one is made to. */
static const char *next_word(const char *word, const char *end)
{
	word += strlen(word) + 1;
	return word < end ? word : NULL;
}

static char level_of(const char *word)
{
	if (!word || !word[0] || word[1])
		return 0;
	if ((word[0] >= '0' && word[0] <= '6') || word[0] == 'S')
		return word[0];
	return word[0] == 's' ? 'S' : 0;
}

static struct runner startpar_of(const char *word, const char *end)
{
	struct runner runner = { .kind = RUNNER_STARTPAR };

	for (word = next_word(word, end); word; word = next_word(word, end)) {
		const char *value = next_word(word, end);

		if (value && strcmp(word, "-M") == 0)
			runner.stops = strcmp(value, "stop") == 0;
		if (value && strcmp(word, "-R") == 0)
			runner.level = level_of(value);
	}
	return runner;
}

static struct runner script_of(const char *word, const char *end)
{
	const char *name = base_name(word);
	struct runner runner = { .kind = RUNNER_NONE };
	size_t i;

	if (strcmp(name, LATE_NAME) == 0 || strcmp(name, LATE_ENTRY) == 0)
		runner.kind = RUNNER_LATE;
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (*word != '/' || strcmp(name, scripts[i].name) != 0)
			continue;
		runner.kind = RUNNER_SHELL;
		runner.level = scripts[i].level;
		runner.is_final = scripts[i].is_final;
	}
	if (runner.kind == RUNNER_SHELL && !runner.level && !runner.is_final)
		runner.level = level_of(next_word(word, end));
	return runner;
}

struct runner runner_of(const char *cmdline, size_t size)
{
	struct runner nobody = { .kind = RUNNER_NONE };
	char text[CMDLINE_MAX + 1];
	const char *word = text;
	const char *end;

	if (!size || size > CMDLINE_MAX)
		return nobody;
	memcpy(text, cmdline, size);
	text[size] = '\0';
	end = text + size;
	if (strcmp(base_name(word), "startpar") == 0)
		return startpar_of(word, end);
	if (!is_shell(base_name(word)))
		return nobody;
	do
		word = next_word(word, end);
	while (word && (*word == '-' || strcmp(word, "sh") == 0) && strcmp(word, "-c") != 0);
	return word && *word == '/' ? script_of(word, end) : nobody;
}

struct runner runner_at(int proc, pid_t pid)
{
	char text[CMDLINE_MAX + 1];
	ssize_t n = pid > 0 ? proc_read(proc, pid, "cmdline", text, sizeof(text)) : 0;

	return runner_of(text, n > 0 ? (size_t)n : 0);
}

static pid_t parent_of(int proc, pid_t pid)
{
	char text[1024];
	ssize_t n = proc_read(proc, pid, "status", text, sizeof(text));
	const char *line;
	int parent = 0;

	if (n <= 0)
		return 0;
	line = strstr(text, "\nPPid:");
	if (!line || sscanf(line, "\nPPid: %d", &parent) != 1)
		return 0;
	return parent;
}

/* Is it a shell that was given the script of that name, to start it? */
static bool is_shell_with(const char *text, const char *end, const char *name)
{
	const char *word = next_word(text, end);

	if (!is_shell(base_name(text)) || !word || strcmp(base_name(word), name) != 0)
		return false;
	word = next_word(word, end);
	return !word || strcmp(word, "start") == 0;
}

struct runner runner_of_shell(int proc, pid_t pid, const char *name)
{
	struct runner nobody = { .kind = RUNNER_NONE };
	char text[CMDLINE_MAX + 1];
	ssize_t n = pid > 0 ? proc_read(proc, pid, "cmdline", text, sizeof(text)) : 0;
	struct runner runner;

	if (n <= 0 || !is_shell_with(text, text + n, name))
		return nobody;
	runner = runner_at(proc, parent_of(proc, pid));
	return runner.is_final ? runner : nobody;
}

bool runner_of_name(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (strcmp(name, scripts[i].name) == 0)
			return true;
	return false;
}

bool runner_is_ls(int proc, pid_t pid)
{
	char text[CMDLINE_MAX + 1];
	ssize_t n = pid > 0 ? proc_read(proc, pid, "cmdline", text, sizeof(text)) : 0;

	if (n <= 0)
		return false;
	return strcmp(base_name(text), "ls") == 0 &&
	       runner_at(proc, parent_of(proc, pid)).kind != RUNNER_NONE;
}

pid_t runner_top(int proc, pid_t pid)
{
	pid_t top = 0;
	int i;

	for (i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (runner_at(proc, pid).kind == RUNNER_NONE)
			break;
		top = pid;
		pid = parent_of(proc, pid);
	}
	return top;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

const char *entry_script(const char *entry)
{
	if ((*entry != 'S' && *entry != 'K') || !is_digit(entry[1]))
		return NULL;
	for (entry++; is_digit(*entry); entry++)
		;
	return *entry ? entry : NULL;
}

char directory_level(const char *name)
{
	if (strncmp(name, "rc", 2) != 0 || strlen(name) != 5 || strcmp(name + 3, ".d") != 0)
		return 0;
	return name[2] == 'S' || (name[2] >= '0' && name[2] <= '6') ? name[2] : 0;
}
