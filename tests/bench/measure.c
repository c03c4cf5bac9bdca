/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command and prints what it took on one line: wall microseconds, processor microseconds,
 * and the memory of its largest process in KiB. What the command says goes to stderr.
 *
 *	measure COMMAND...
 */
#include "config.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t micros(const struct timespec *t)
{
	return t->tv_sec * INT64_C(1000000) + t->tv_nsec / 1000;
}

static int64_t used(const struct timeval *t)
{
	return t->tv_sec * INT64_C(1000000) + t->tv_usec;
}

/* Stdout carries our line only. */
static int start(pid_t *pid, char **command)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	/* Not fork: a child that shares our memory would count it as its own peak. */
	if (r == 0)
		r = posix_spawnp(pid, command[0], &actions, NULL, command, environ);
	return r;
}

int main(int argc, char **argv)
{
	struct timespec before, after;
	struct rusage usage;
	int status;
	pid_t pid;
	int r;

	if (argc < 2) {
		(void)fprintf(stderr, "measure: no command\n");
		return 2;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	r = start(&pid, argv + 1);
	if (r) {
		(void)fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(r));
		return 1;
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 1;
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	(void)printf("%lld %lld %ld\n", (long long)(micros(&after) - micros(&before)),
		     (long long)(used(&usage.ru_utime) + used(&usage.ru_stime)), usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
