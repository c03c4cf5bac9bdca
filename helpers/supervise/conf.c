/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of an early.d file to a struct entry. */
#include "config.h"

#include "supervise/conf.h"
#include "supervise/conf-ready.h"
#include "common/parse.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A device that takes longer than this is one that the stock boot waits for as well. */
#define DEFAULT_BOUND_SECONDS 60
#define DEFAULT_READY_BOUND_SECONDS 30
#define SECONDS_MAX 3600

#define BLANK " \t\r"

static const char *const kinds[ENTRY_KINDS] = {
	[ENTRY_SYSLOG] = "syslog", [ENTRY_BUS] = "bus",		  [ENTRY_SEAT] = "seat",
	[ENTRY_SCREEN] = "screen", [ENTRY_RECOVERY] = "recovery", [ENTRY_UNLOCK] = "unlock",
	[ENTRY_OTHER] = "other",
};

/* Each reads value into field; what it returns is what is allowed instead, NULL when it is well. */
typedef const char *read_value(struct entry *entry, void *field, char *value);

static const char *read_line(struct entry *entry, void *field, char *value)
{
	if (!*value)
		return "a command";
	*(const char **)field = value;
	return NULL;
}

static const char *read_path(struct entry *entry, void *field, char *value)
{
	if (!is_clean_path(value))
		return "an absolute path";
	*(const char **)field = value;
	return NULL;
}

static const char *read_kind(struct entry *entry, void *field, char *value)
{
	unsigned int i;

	for (i = ENTRY_NO_KIND + 1; i < ENTRY_KINDS; i++) {
		if (strcmp(value, kinds[i]) == 0) {
			*(enum entry_kind *)field = (enum entry_kind)i;
			return NULL;
		}
	}
	return "syslog, bus, seat, screen, recovery, unlock or other";
}

static const char *read_bool(struct entry *entry, void *field, char *value)
{
	return parse_boolean(value, field) < 0 ? "yes or no" : NULL;
}

static const char *read_seconds(struct entry *entry, void *field, char *value)
{
	uint64_t seconds;

	if (parse_number(value, SECONDS_MAX, &seconds) < 0)
		return "seconds, at most 3600";
	*(uint64_t *)field = seconds * 1000000;
	return NULL;
}

static const char *add_word(struct words *words, const char *word)
{
	if (words->count == ENTRY_WORDS_MAX)
		return "at most eight of them";
	words->word[words->count++] = word;
	return NULL;
}

static const char *read_words(struct entry *entry, void *field, char *value)
{
	const char *wrong = NULL;
	char *rest = NULL;
	char *word;

	for (word = strtok_r(value, BLANK, &rest); word; word = strtok_r(NULL, BLANK, &rest))
		if (!wrong)
			wrong = add_word(field, word);
	return wrong;
}

static const char *read_one_more(struct entry *entry, void *field, char *value)
{
	return *value ? add_word(field, value) : "something";
}

static bool is_variable(const char *name, size_t length)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	size_t i;

	if (length == 0 || !strchr(letters, name[0]))
		return false;
	for (i = 1; i < length; i++)
		if (!strchr(letters, name[i]) && !(name[i] >= '0' && name[i] <= '9'))
			return false;
	return true;
}

static const char *read_environment(struct entry *entry, void *field, char *value)
{
	size_t length = strcspn(value, "=");

	if (value[length] != '=' || !is_variable(value, length))
		return "NAME=value";
	return add_word(field, value);
}

static const char *read_exports(struct entry *entry, void *field, char *value)
{
	const char *wrong = read_words(entry, field, value);
	struct words *words = field;
	unsigned int i;

	for (i = 0; i < words->count && !wrong; i++)
		if (!is_variable(words->word[i], strlen(words->word[i])))
			wrong = "names of variables";
	if (wrong)
		words->count = 0; /* they go to a shell: all or none */
	return wrong;
}

static const char *read_entries(struct entry *entry, void *field, char *value)
{
	const char *wrong = read_words(entry, field, value);
	struct words *words = field;
	unsigned int i;

	for (i = 0; i < words->count && !wrong; i++)
		if (!is_entry_name(words->word[i]))
			wrong = "names of entries";
	if (wrong)
		words->count = 0;
	return wrong;
}

static const char *read_paths(struct entry *entry, void *field, char *value)
{
	const char *wrong = read_words(entry, field, value);
	struct words *words = field;
	unsigned int i;

	for (i = 0; i < words->count && !wrong; i++)
		if (!is_clean_path(words->word[i]))
			wrong = "absolute paths";
	if (wrong)
		words->count = 0;
	return wrong;
}

static const char *read_relay(struct entry *entry, void *field, char *value)
{
	const char *wrong = read_words(entry, field, value);
	struct words *words = field;
	unsigned int i;

	for (i = 0; i < words->count && !wrong; i++)
		if (strcmp(words->word[i], "kernel") != 0 && !is_clean_path(words->word[i]))
			wrong = "kernel and absolute paths";
	if (wrong)
		words->count = 0;
	return wrong;
}

static const char *read_ready(struct entry *entry, void *field, char *value)
{
	return conf_read_ready(entry, value);
}

static int parse_mode(const char *text, mode_t *ret_mode)
{
	mode_t mode = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '7' && mode <= 07777; p++)
		mode = mode << 3 | (mode_t)(*p - '0');
	if (p == text || *p || mode > 07777)
		return -EINVAL;
	*ret_mode = mode;
	return 0;
}

static const char *read_make(struct entry *entry, bool is_fifo, char *value)
{
	static const char allowed[] = "PATH MODE [USER[:GROUP]]";
	char *rest = NULL;
	const char *path = strtok_r(value, BLANK, &rest);
	const char *mode = strtok_r(NULL, BLANK, &rest);
	const char *owner = strtok_r(NULL, BLANK, &rest);
	struct entry_make make = { .is_fifo = is_fifo, .path = path, .owner = owner };

	if (!path || !mode || !is_clean_path(path) || parse_mode(mode, &make.mode) < 0 ||
	    strtok_r(NULL, BLANK, &rest))
		return allowed;
	if (entry->make_count == ENTRY_WORDS_MAX)
		return "at most eight of them";
	entry->make[entry->make_count++] = make;
	return NULL;
}

static const char *read_make_dir(struct entry *entry, void *field, char *value)
{
	return read_make(entry, false, value);
}

static const char *read_make_fifo(struct entry *entry, void *field, char *value)
{
	return read_make(entry, true, value);
}

static const struct {
	const char *name;
	read_value *read;
	size_t offset;
} keys[] = {
	{ "Kind", read_kind, offsetof(struct entry, kind) },
	{ "Program", read_path, offsetof(struct entry, program) },
	{ "Exec", read_line, offsetof(struct entry, exec) },
	{ "Defaults", read_path, offsetof(struct entry, defaults) },
	{ "Export", read_exports, offsetof(struct entry, exports) },
	{ "Environment", read_environment, offsetof(struct entry, environment) },
	{ "Before", read_one_more, offsetof(struct entry, before) },
	{ "MakeDir", read_make_dir, 0 },
	{ "MakeFifo", read_make_fifo, 0 },
	{ "SocketDir", read_path, offsetof(struct entry, socket_dir) },
	{ "Needs", read_entries, offsetof(struct entry, needs) },
	{ "Wants", read_entries, offsetof(struct entry, wants) },
	{ "Also", read_entries, offsetof(struct entry, also) },
	{ "NeedsDevice", read_paths, offsetof(struct entry, devices) },
	{ "NeedsWritable", read_paths, offsetof(struct entry, writable) },
	{ "Bound", read_seconds, offsetof(struct entry, bound_usec) },
	{ "PidFile", read_path, offsetof(struct entry, pid_file) },
	{ "WritePidFile", read_bool, offsetof(struct entry, writes_pid_file) },
	{ "Ready", read_ready, 0 },
	{ "ReadyBound", read_seconds, offsetof(struct entry, ready_bound_usec) },
	{ "WhenShown", read_one_more, offsetof(struct entry, when_shown) },
	{ "Restart", read_bool, offsetof(struct entry, restarts) },
	{ "Auto", read_bool, offsetof(struct entry, is_auto) },
	{ "Fallback", read_bool, offsetof(struct entry, is_fallback) },
	{ "While", read_path, offsetof(struct entry, only_while) },
	{ "Service", read_words, offsetof(struct entry, services) },
	{ "Relay", read_relay, offsetof(struct entry, relay) },
	{ "RelayUnless", read_words, offsetof(struct entry, relay_unless) },
};

struct reader {
	struct entry *entry;
	conf_complain *complain;
	void *context;
};

static void complain(const struct reader *reader, unsigned int line, const char *format,
		     const char *key, const char *detail)
{
	char what[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(what, sizeof(what), format, key, detail);
#pragma GCC diagnostic pop
	reader->complain(reader->context, reader->entry->name, line, what);
}

static void parse_key(const struct reader *reader, unsigned int line, const char *key, char *value)
{
	const char *allowed;
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].name) != 0)
			continue;
		allowed =
			keys[i].read(reader->entry, (char *)reader->entry + keys[i].offset, value);
		if (allowed)
			complain(reader, line, "%s= takes %s; the line is left out", key, allowed);
		return;
	}
	complain(reader, line, "there is no key '%s'; the line is left out%s", key, "");
}

/* Cuts blanks from both ends, in place. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANK);
	for (end = text + strlen(text); end > text && strchr(BLANK, end[-1]); end--)
		;
	*end = '\0';
	return text;
}

static void parse_line(const struct reader *reader, unsigned int number, char *line)
{
	char *equals;

	line = trim(line);
	if (!*line || *line == '#')
		return;
	equals = strchr(line, '=');
	if (!equals) {
		complain(reader, number, "'%s' is not KEY=value; the line is left out%s", line, "");
		return;
	}
	*equals = '\0';
	parse_key(reader, number, trim(line), trim(equals + 1));
}

static int check_whole(const struct reader *reader)
{
	const struct entry *entry = reader->entry;
	const char *missing = entry->kind == ENTRY_NO_KIND ? "Kind"
			      : !entry->program		   ? "Program"
			      : !entry->exec		   ? "Exec"
							   : NULL;

	if (missing) {
		complain(reader, 0, "it has no %s=%s; the entry cannot be used", missing, "");
		return -EINVAL;
	}
	if (!entry->pid_file && (entry->writes_pid_file || entry->ready == ENTRY_READY_PIDFILE)) {
		complain(reader, 0, "it speaks of a pid file without PidFile=%s%s", "", "");
		return -EINVAL;
	}
	return 0;
}

int conf_parse(const char *name, char *text, conf_complain *complain_to, void *context,
	       struct entry *ret_entry)
{
	const struct reader reader = { ret_entry, complain_to, context };
	unsigned int number = 0;
	char *line = text;

	*ret_entry = (struct entry){
		.text = text,
		.restarts = true,
		.is_auto = true,
		.bound_usec = DEFAULT_BOUND_SECONDS * 1000000ULL,
		.ready_bound_usec = DEFAULT_READY_BOUND_SECONDS * 1000000ULL,
	};
	(void)snprintf(ret_entry->name, sizeof(ret_entry->name), "%s", name);
	while (line) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		parse_line(&reader, ++number, line);
		line = next;
	}
	return check_whole(&reader);
}

void entry_free(struct entry *entry)
{
	free(entry->text);
	*entry = (struct entry){ 0 };
}

const char *entry_kind_name(enum entry_kind kind)
{
	return kinds[kind] ? kinds[kind] : "nothing";
}

bool is_entry_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.+";
	size_t length = strlen(name);

	return length > 0 && length < ENTRY_NAME_MAX && name[0] != '.' &&
	       strspn(name, allowed) == length;
}
