/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands a syslog daemon what it does not read itself. */
#include "config.h"

#include "supervise/relay.h"
#include "supervise/backlog.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define LOG_SOCKET "/dev/log"
#define FILE_MAX 65536 /* more than any fsck says that ends by itself */
#define CONFIG_MAX 262144
#define MESSAGE_MAX 8192
/* A daemon that does not read the kernel's log by itself is not waited for. It opens that at once. */
#define NO_READER_USEC (5 * 1000000ULL)
/* One that does has the lines of a whole boot before it. */
#define BEHIND_USEC (30 * 1000000ULL)

/* --- the daemon */

/* false: it does not take anything now. */
static bool send_message(struct relay *relay, const char *message, size_t length)
{
	ssize_t sent = send(relay->log, message, length, MSG_NOSIGNAL);

	if (sent >= 0 || errno == EMSGSIZE)
		return true; /* one that it can never take is not worth the others */
	if (errno != EAGAIN && errno != ENOBUFS)
		fd_close(&relay->log); /* it has gone; its successor binds another socket */
	return false;
}

static bool connect_log(struct relay *relay)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path =
		relay->entry->ready == ENTRY_READY_SOCKET ? relay->entry->ready_path : LOG_SOCKET;

	if (relay->log >= 0)
		return true;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	relay->log = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (relay->log >= 0 &&
	    connect(relay->log, (struct sockaddr *)&address, sizeof(address)) < 0)
		fd_close(&relay->log);
	return relay->log >= 0;
}

/* Is it still busy with the kernel's own lines from before its start? */
static bool is_busy(struct relay *relay, pid_t daemon)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC);
	uint64_t bound;

	if (relay->kmsg < 0)
		return false; /* it gets nothing that would have to stand behind those */
	if (relay->daemon != daemon) {
		relay->daemon = daemon;
		relay->is_even = false;
		relay->since = now;
	}
	if (relay->is_even)
		return false;
	switch (backlog_look(daemon)) {
	case BACKLOG_NO_READER:
		bound = NO_READER_USEC;
		break;
	case BACKLOG_BEHIND:
		bound = BEHIND_USEC;
		break;
	case BACKLOG_TAKEN:
	default:
		bound = 0;
	}
	relay->is_even = now - relay->since >= bound;
	return !relay->is_even;
}

/* --- the kernel's log */

/* The wall clock of an instant that the kernel's log gives: its clock stands still in a suspend, ours
 * does not matter before one. */
static void wall_clock(uint64_t usec, struct tm *ret_when)
{
	time_t now = time(NULL);
	uint64_t up = clock_usec(CLOCK_MONOTONIC);

	if (usec < up)
		now -= (time_t)((up - usec) / 1000000);
	if (!localtime_r(&now, ret_when))
		*ret_when = (struct tm){ .tm_mday = 1 };
}

/* Reads records until one is not the kernel's own; false: there is none. */
static bool next_record(struct relay *relay)
{
	ssize_t length;

	while (relay->kmsg >= 0 && !relay->has_record) {
		length = read(relay->kmsg, relay->memory, sizeof(relay->memory) - 1);
		if (length < 0 && (errno == EPIPE || errno == EINTR || errno == EINVAL))
			continue; /* overwritten before we came, or longer than any: the next one */
		if (length <= 0)
			return false;
		relay->memory[length] = '\0';
		relay->has_record = klog_parse(relay->memory, &relay->record) == 0 &&
				    !klog_is_kernels(&relay->record);
	}
	return relay->has_record;
}

/* --- files */

/* Only dots and dashes, or nothing: it parts others. */
static bool is_empty_line(const char *line)
{
	return line[strspn(line, "-. \t\r")] == '\0';
}

/* Hands on the whole lines of text, which begins at file->done. false: not all of them. */
static bool hand_on_lines(struct relay *relay, struct relay_file *file, char *text)
{
	const char *name = strrchr(file->path, '/') + 1;
	uint64_t now = clock_usec(CLOCK_MONOTONIC);
	char message[MESSAGE_MAX];
	struct tm when;
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		wall_clock(now, &when);
		if (!is_empty_line(text) &&
		    !send_message(relay, message,
				  klog_format_line(message, sizeof(message), name, text, &when)))
			return false;
		file->done += end + 1 - text;
	}
	return true;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Not kept open: the RAM layer has to be able to go. */
static bool look_at_file(struct relay *relay, struct relay_file *file)
{
	auto_free char *text = NULL;
	struct stat st;
	ssize_t length;

	if (stat(file->path, &st) < 0 || !S_ISREG(st.st_mode))
		return true;
	if (is_same_time(&file->modified, &st.st_mtim) && file->size == st.st_size)
		return true;
	if (st.st_size < file->done)
		file->done = 0;
	length = file_read(AT_FDCWD, file->path, FILE_MAX, &text);
	if (length < file->done)
		return true; /* somebody writes it this instant, or it is too long for a log */
	if (!hand_on_lines(relay, file, text + file->done))
		return false;
	file->modified = st.st_mtim;
	file->size = st.st_size;
	return true;
}

static bool hand_on_files(struct relay *relay)
{
	unsigned int i;

	for (i = 0; i < relay->file_count; i++)
		if (!look_at_file(relay, &relay->files[i]))
			return false;
	return true;
}

/* --- both */

/*
 * A record is handed on as soon as it is there, a file only when it is looked at: so before a record,
 * as that of the merge, comes what the files have, as fsck's result. Only the records from before our
 * start are older than any file of this boot.
 */
static bool hand_on_records(struct relay *relay)
{
	char message[MESSAGE_MAX];
	struct tm when;

	while (next_record(relay)) {
		char *text = relay->record.text;
		char *end = strchr(text, '\n');

		if (relay->is_level && !hand_on_files(relay))
			return false;
		if (end)
			*end = '\0';
		wall_clock(relay->record.usec, &when);
		if (*text && !send_message(relay, message,
					   klog_format(message, sizeof(message), &relay->record,
						       text, &when))) {
			if (end)
				*end = '\n';
			return false;
		}
		relay->has_record = end != NULL;
		relay->record.text = end ? end + 1 : text;
	}
	relay->is_level = true;
	return true;
}

/* --- the whole */

static bool takes_by_itself(const struct entry *entry)
{
	const struct words *words = &entry->relay_unless;
	bool found = false;
	glob_t files = { 0 };
	unsigned int i, word;
	size_t f;

	for (i = 0; i < words->count; i++)
		if (words->word[i][0] == '/')
			(void)glob(words->word[i], GLOB_NOSORT | (files.gl_pathc ? GLOB_APPEND : 0),
				   NULL, &files);
	for (f = 0; f < files.gl_pathc; f++) {
		auto_free char *text = NULL;

		if (file_read(AT_FDCWD, files.gl_pathv[f], CONFIG_MAX, &text) < 0)
			continue;
		for (word = 0; word < words->count; word++)
			found = found ||
				(words->word[word][0] != '/' && klog_says(text, words->word[word]));
	}
	globfree(&files);
	return found;
}

static void add_file(struct relay *relay, const char *path)
{
	struct relay_file *file = &relay->files[relay->file_count++];
	struct stat st;

	*file = (struct relay_file){ .path = path };
	if (stat(path, &st) == 0) {
		file->modified = st.st_mtim;
		file->size = st.st_size;
	}
}

void relay_init(struct relay *relay, const struct entry *entry)
{
	unsigned int i;

	*relay = (struct relay){ .kmsg = -EBADF, .log = -EBADF };
	if (!entry || entry->relay.count == 0)
		return;
	relay->entry = entry;
	for (i = 0; i < entry->relay.count; i++) {
		if (entry->relay.word[i][0] == '/')
			add_file(relay, entry->relay.word[i]);
		else if (!takes_by_itself(entry))
			relay->kmsg =
				open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
}

bool relay_look(struct relay *relay, pid_t daemon)
{
	if (!relay->entry || !daemon)
		return true;
	return !is_busy(relay, daemon) && connect_log(relay) && hand_on_records(relay) &&
	       hand_on_files(relay);
}

int relay_fd(const struct relay *relay)
{
	return relay->log >= 0 ? relay->kmsg : -EBADF;
}

bool relay_is_on(const struct relay *relay)
{
	return relay->entry != NULL;
}

void relay_close(struct relay *relay)
{
	fd_close(&relay->kmsg);
	fd_close(&relay->log);
	relay->entry = NULL;
}
