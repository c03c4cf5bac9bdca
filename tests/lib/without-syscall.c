/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * without-syscall NAME=ERROR[@N][,…] COMMAND…: runs COMMAND and makes the system call NAME fail with
 * ERROR, all calls of it or from the N-th on; with @=N the N-th alone. Ends as COMMAND ends; 125
 * where it could not even be started so. It cannot be nested: the kernel allows one listener.
 *
 * A seccomp filter hands each such call to us (SECCOMP_RET_USER_NOTIF, going on with it since Linux
 * 5.5), so calls are counted over COMMAND and all its children, and nothing else is slowed down.
 * What a daemon of COMMAND calls after COMMAND has ended fails with ENOSYS: nobody is left to ask.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT 125
#define RULES_MAX 8

static const struct {
	const char *name;
	int number;
} calls[] = {
	{ "chdir", SYS_chdir },		  { "copy_file_range", SYS_copy_file_range },
	{ "fallocate", SYS_fallocate },	  { "fchdir", SYS_fchdir },
	{ "fchmod", SYS_fchmod },	  { "fchmodat", SYS_fchmodat },
	{ "fchown", SYS_fchown },	  { "fchownat", SYS_fchownat },
	{ "fgetxattr", SYS_fgetxattr },	  { "flistxattr", SYS_flistxattr },
	{ "fsconfig", SYS_fsconfig },	  { "fsetxattr", SYS_fsetxattr },
	{ "fsmount", SYS_fsmount },	  { "fsopen", SYS_fsopen },
	{ "fstatfs", SYS_fstatfs },	  { "fsync", SYS_fsync },
	{ "ftruncate", SYS_ftruncate },	  { "linkat", SYS_linkat },
	{ "mkdirat", SYS_mkdirat },	  { "mknodat", SYS_mknodat },
	{ "mount", SYS_mount },		  { "mount_setattr", SYS_mount_setattr },
	{ "move_mount", SYS_move_mount }, { "open_tree", SYS_open_tree },
	{ "openat", SYS_openat },	  { "openat2", SYS_openat2 },
	{ "pidfd_open", SYS_pidfd_open }, { "pwrite64", SYS_pwrite64 },
	{ "renameat", SYS_renameat },	  { "renameat2", SYS_renameat2 },
	{ "statx", SYS_statx },		  { "symlinkat", SYS_symlinkat },
	{ "syncfs", SYS_syncfs },	  { "umount2", SYS_umount2 },
	{ "unlinkat", SYS_unlinkat },	  { "utimensat", SYS_utimensat },
	{ "write", SYS_write },
};

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EACCES", EACCES },
	{ "EBUSY", EBUSY },
	{ "EDQUOT", EDQUOT },
	{ "EEXIST", EEXIST },
	{ "EINTR", EINTR },
	{ "EINVAL", EINVAL },
	{ "EIO", EIO },
	{ "ENODEV", ENODEV },
	{ "ENOENT", ENOENT },
	{ "ENOMEM", ENOMEM },
	{ "ENOSPC", ENOSPC },
	{ "ENOSYS", ENOSYS },
	{ "EOPNOTSUPP", EOPNOTSUPP },
	{ "EPERM", EPERM },
	{ "EROFS", EROFS },
	{ "EXDEV", EXDEV },
};

/* Which call fails, how, and when. */
struct rule {
	int call;
	int error;
	unsigned long from;
	bool is_once;
	unsigned long count; /* calls so far */
};

struct rules {
	size_t count;
	struct rule rule[RULES_MAX];
};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "without-syscall: %s: %s\n", what, strerror(errno));
	exit(CANNOT);
}

static int call_number(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strlen(calls[i].name) == length && strncmp(calls[i].name, name, length) == 0)
			return calls[i].number;
	return -1;
}

static int error_number(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strlen(errors[i].name) == length && strncmp(errors[i].name, name, length) == 0)
			return errors[i].number;
	return -1;
}

static int rule_parse(const char *text, struct rule *ret_rule)
{
	struct rule rule = { .from = 1 };
	const char *error = strchr(text, '=');
	const char *when;
	char *end;

	if (!error)
		return -1;
	rule.call = call_number(text, (size_t)(error - text));
	error++;
	when = error + strcspn(error, "@");
	rule.error = error_number(error, (size_t)(when - error));
	if (*when) {
		rule.is_once = when[1] == '=';
		when += rule.is_once ? 2 : 1;
		rule.from = strtoul(when, &end, 10);
		if (end == when || *end || rule.from == 0)
			return -1;
	}
	if (rule.call < 0 || rule.error < 0)
		return -1;
	*ret_rule = rule;
	return 0;
}

static int rules_parse(char *text, struct rules *ret_rules)
{
	char *rest = text;
	char *one;

	while ((one = strsep(&rest, ","))) {
		if (ret_rules->count == RULES_MAX ||
		    rule_parse(one, &ret_rules->rule[ret_rules->count++]) < 0)
			return -1;
	}
	return 0;
}

/* From here on each such call of this process and its children waits for us. */
static int filter_install(const struct rules *rules)
{
	/* The number, then for each rule "is it this one? ask", then "allow". */
	struct sock_filter filter[2 * RULES_MAX + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = 1, .filter = filter };

	for (size_t i = 0; i < rules->count; i++) {
		filter[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)rules->rule[i].call, 0, 1);
		filter[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

/* The listener goes through a socket: recvmsg and sendmsg are none of the calls that can fail. */
static void listener_send(int socket, int listener)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	if (sendmsg(socket, &message, 0) < 0)
		give_up("hand over the filter");
}

static int listener_receive(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	int listener;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0)
		exit(CANNOT); /* the child has said why */
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		exit(CANNOT);
	memcpy(&listener, CMSG_DATA(header), sizeof(int));
	return listener;
}

static _Noreturn void run(int socket, const struct rules *rules, char **command)
{
	int listener = filter_install(rules);

	if (listener < 0)
		give_up("install the filter");
	listener_send(socket, listener);
	execvp(command[0], command);
	give_up(command[0]);
}

/* Counts a call; the error it has to fail with, or 0. */
static int verdict(struct rules *rules, int call)
{
	int error = 0;

	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];

		if (rule->call != call)
			continue;
		rule->count++;
		if (rule->is_once ? rule->count == rule->from : rule->count >= rule->from)
			error = rule->error;
	}
	return error;
}

static void answer(int listener, struct rules *rules)
{
	struct seccomp_notif question = { 0 };
	struct seccomp_notif_resp response = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) < 0)
		return; /* the caller was killed before we looked */
	response.id = question.id;
	response.error = -verdict(rules, question.data.nr);
	if (response.error == 0)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* killed meanwhile */
}

/* Answers until the command has ended, and returns its status. */
static int serve(int listener, struct rules *rules, pid_t child)
{
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd fds[] = {
		{ .fd = listener, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	int status;

	if (pidfd < 0)
		give_up("watch the command");
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents & POLLIN)
			answer(listener, rules);
		else if (fds[1].revents)
			break;
	}
	if (waitpid(child, &status, 0) < 0)
		give_up("wait for the command");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct rules rules = { 0 };
	int sockets[2];
	pid_t child;

	if (argc < 3 || rules_parse(argv[1], &rules) < 0) {
		fprintf(stderr, "usage: without-syscall NAME=ERROR[@[=]N][,...] COMMAND...\n");
		return CANNOT;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		give_up("make a socket");
	child = fork();
	if (child < 0)
		give_up("fork");
	if (child == 0)
		run(sockets[1], &rules, argv + 2);
	close(sockets[1]);
	return serve(listener_receive(sockets[0]), &rules, child);
}
