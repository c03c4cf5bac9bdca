/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the text of an early.d file to a struct entry. initfs-early.d(5) says what each key means. */
#ifndef INITFS_SUPERVISE_CONF_H
#define INITFS_SUPERVISE_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* More than any program has asked for; a line with more words is named, not cut in silence. */
#define ENTRY_WORDS_MAX 8
#define ENTRY_NAME_MAX 64

enum entry_kind {
	ENTRY_NO_KIND, /* the file said none, or one we do not know: not usable */
	ENTRY_SYSLOG,
	ENTRY_BUS,
	ENTRY_SEAT,
	ENTRY_SCREEN,
	ENTRY_RECOVERY, /* a screen for the time in which init asks for maintenance */
	ENTRY_UNLOCK, /* asks on the screen for what unlocks a disk, while init asks on the console */
	ENTRY_OTHER, /* started only where another entry asks for it */
	ENTRY_KINDS,
};

/* How a program shows that it can be used. */
enum entry_ready {
	ENTRY_READY_STARTED, /* it runs: that is all that can be seen */
	ENTRY_READY_PIDFILE, /* its pid file names it */
	ENTRY_READY_SOCKET, /* somebody listens at ready_path */
	ENTRY_READY_PATH, /* ready_path exists */
	ENTRY_READY_X11, /* the X server at ready_path answers: it listens long before it can draw */
	ENTRY_READY_NOTIFY, /* it writes a newline to descriptor notify_fd */
	ENTRY_READY_LINE, /* ready_line has come into the file ready_path since the start */
};

struct words {
	unsigned int count;
	const char *word[ENTRY_WORDS_MAX];
};

/* A directory or FIFO that has to be there before the start. */
struct entry_make {
	bool is_fifo;
	mode_t mode;
	const char *path;
	const char *owner; /* "user", "user:group" or NULL for root */
};

/* All strings point into text, which the entry owns. */
struct entry {
	char name[ENTRY_NAME_MAX]; /* the file's name without .conf */
	char *text;
	enum entry_kind kind;
	const char *program; /* decides whether it is installed, and who "it" is among processes */
	const char *exec; /* a line for sh, run as "exec LINE" */
	const char *defaults; /* a shell file that is read before, or NULL */
	const char *pid_file; /* or NULL */
	bool writes_pid_file; /* we write it, because the program does so only as a daemon */
	bool restarts;
	bool is_auto; /* may be chosen by auto */
	bool is_fallback; /* auto chooses it only where no other of its kind is installed */
	const char *
		only_while; /* a file: while it exists, auto prefers the entry; else there is none */
	const char *socket_dir; /* whose sockets have to outlive the RAM layer, or NULL */
	enum entry_ready ready;
	const char *ready_path;
	const char *ready_line;
	int notify_fd;
	uint64_t ready_bound_usec; /* after that, those who need it do without */
	uint64_t bound_usec; /* after that, needs and devices are not waited for any more */
	struct words exports; /* variables of defaults that the program is to see */
	struct words environment; /* KEY=value */
	struct words before; /* lines for sh, run before exec */
	struct words when_shown; /* lines for sh, run when the screen shows something */
	struct words needs; /* entries that have to be ready */
	struct words wants; /* entries that are waited for where they are installed */
	struct words also; /* entries that are started together with this one */
	struct words devices; /* one of them has to exist: paths with a pattern as last part */
	struct words writable; /* directories that have to be writable */
	struct words services; /* rc scripts that are the same service */
	struct words relay; /* "kernel" and files: what a syslog is handed */
	struct words relay_unless; /* texts, and files: with one of them in those, not "kernel" */
	unsigned int make_count;
	struct entry_make make[ENTRY_WORDS_MAX];
};

/* Called for each line that is wrong; the entry goes on without it. line 0: the file as a whole. */
typedef void conf_complain(void *context, const char *name, unsigned int line, const char *what);

/*
 * Takes text (allocated, ended by NUL) apart in place; *ret_entry owns it, also when -EINVAL says
 * that the entry cannot be used: it names no kind, program or command. entry_free it in any case.
 */
int conf_parse(const char *name, char *text, conf_complain *complain, void *context,
	       struct entry *ret_entry);

void entry_free(struct entry *entry);

/* "syslog", "screen", …: the word of the file. */
const char *entry_kind_name(enum entry_kind kind);

/* May name be an entry's? Letters, digits and "-_.+", not beginning with a dot. */
bool is_entry_name(const char *name);

#endif
