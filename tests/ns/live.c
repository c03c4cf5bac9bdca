/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live ROOT FOLDER [PACE]: starts the programs in ROOT (chroot), makes FOLDER/ready when all work;
 * when FOLDER/switched appears, lets all do as much again, ends them, and hears what each has found.
 * PACE: microseconds that each sleeps between two steps.
 */
#include "config.h"

#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 80
/* Before the merge, and after it again: so many steps of each. */
#define STEPS 12
/* Only for what hangs. */
#define LIMIT_SECONDS 240

struct shared {
	atomic_bool stop;
	_Atomic uint64_t steps[WORKERS_MAX];
};

static struct shared *shared;
static unsigned int pace = 8000;
static const struct role *const all[] = { live_files, live_others };

const char *live_text(const char *format, ...)
{
	static char buffers[8][256];
	static unsigned int next;
	char *buffer = buffers[next++ % 8];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(buffer, sizeof(buffers[0]), format, arguments);
	va_end(arguments);
	return buffer;
}

const char *live_path(const struct worker *worker, const char *name)
{
	return live_text("%s/%s", worker->home, name);
}

long long live_need(struct worker *worker, long long result, const char *call)
{
	if (result >= 0)
		return result;
	(void)fprintf(stderr, "%s %u: %s: %s\n", worker->role, worker->copy, call, strerror(errno));
	exit(1);
}

void live_expect(struct worker *worker, int holds, const char *condition, uint64_t n)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s %u: not true at %llu: %s\n", worker->role, worker->copy,
		      (unsigned long long)n, condition);
	exit(1);
}

size_t live_line(const struct worker *worker, uint64_t n, char line[LINE_MAX_LIVE])
{
	return (size_t)snprintf(line, LINE_MAX_LIVE, "%s %u: line %llu\n", worker->role,
				worker->copy, (unsigned long long)n);
}

uint64_t live_expect_lines(struct worker *worker, const char *path, uint64_t from, uint64_t to)
{
	FILE *file = fopen(path, "re");
	char wanted[LINE_MAX_LIVE], found[LINE_MAX_LIVE];
	uint64_t n = from;

	NEED(file ? 0 : -1);
	while (fgets(found, sizeof(found), file)) {
		(void)live_line(worker, n, wanted);
		EXPECT(strcmp(found, wanted) == 0, n);
		n++;
	}
	EXPECT(to == UINT64_MAX || n == to, n);
	(void)fclose(file);
	return n;
}

void live_expect_names(struct worker *worker, const char *directory, uint64_t count)
{
	DIR *dir = opendir(directory);
	uint64_t n = 0;

	NEED(dir ? 0 : -1);
	while (readdir(dir))
		n++;
	EXPECT(n == count + 2, n); /* "." and ".." */
	(void)closedir(dir);
}

static void nap(unsigned int microseconds)
{
	const struct timespec time = { .tv_nsec = (long)microseconds * 1000 };

	(void)nanosleep(&time, NULL);
}

static void make_directory(struct worker *worker, const char *path)
{
	if (mkdir(path, 01777) < 0 && errno != EEXIST)
		NEED(-1);
}

static void prepare(struct worker *worker, const struct role *role, unsigned int copy,
		    unsigned int number)
{
	*worker = (struct worker){
		.role = role->name, .number = number, .copy = copy, .fd = -1, .at = -1
	};
	worker->is_absolute = copy % 2;
	worker->shared = "/var/live/shared";
	(void)snprintf(worker->home, sizeof(worker->home), "/%s/live/%s-%u",
		       number % 2 ? "tmp" : "var", role->name, copy);
	make_directory(worker, "/var/live");
	make_directory(worker, "/tmp/live");
	make_directory(worker, worker->shared);
	make_directory(worker, worker->home);
}

_Noreturn static void work(struct worker *worker, const struct role *role)
{
	uint64_t n;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	worker->dir = (int)NEED(open(worker->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (role->begin)
		role->begin(worker);
	for (n = 0; !shared->stop;) {
		role->step(worker, n++);
		shared->steps[worker->number] = n;
		if (pace)
			nap(pace + worker->number % 7 * pace / 8);
	}
	if (role->end)
		role->end(worker, n);
	exit(0);
}

static pid_t pids[WORKERS_MAX];
static unsigned int count;

static void start_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct role *role;

		for (role = all[i]; role->name; role++) {
			unsigned int copy;

			for (copy = 0; copy < role->copies && count < WORKERS_MAX; copy++) {
				struct worker worker;

				prepare(&worker, role, copy, count);
				pids[count] = fork();
				if (pids[count] == 0)
					work(&worker, role);
				count++;
			}
		}
	}
}

static bool has_ended(unsigned int i)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pids[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

/* Until each has done more steps than at the call, or has ended, which its status will explain. */
static bool all_go_on(const char *when)
{
	uint64_t before[WORKERS_MAX];
	unsigned int i;
	long tries;

	for (i = 0; i < count; i++)
		before[i] = shared->steps[i];
	for (tries = LIMIT_SECONDS * 100; tries; tries--) {
		unsigned int behind = 0;

		for (i = 0; i < count; i++)
			if (shared->steps[i] < before[i] + STEPS && !has_ended(i))
				behind = i + 1;
		if (!behind)
			return true;
		if (tries == 1)
			(void)fprintf(stderr, "program %u hangs %s\n", behind - 1, when);
		nap(10000);
	}
	return false;
}

static int wait_for(int folder, const char *name)
{
	long tries;

	for (tries = LIMIT_SECONDS * 100; tries; tries--) {
		if (faccessat(folder, name, F_OK, 0) == 0)
			return 0;
		nap(10000);
	}
	(void)fprintf(stderr, "no %s\n", name);
	return -1;
}

static int end_all(void)
{
	unsigned int i, failed = 0;
	uint64_t least = UINT64_MAX, most = 0;

	shared->stop = true;
	for (i = 0; i < count; i++) {
		int status = 1;

		if (waitpid(pids[i], &status, 0) < 0 || status != 0)
			failed++;
		least = shared->steps[i] < least ? shared->steps[i] : least;
		most = shared->steps[i] > most ? shared->steps[i] : most;
	}
	(void)printf("%u programs, %u harmed, %llu to %llu steps of each\n", count, failed,
		     (unsigned long long)least, (unsigned long long)most);
	return failed ? -1 : 0;
}

/* In a process of its own: what does not hold ends it. */
static int sum_all(void)
{
	unsigned int number = 0;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct role *role;

		for (role = all[i]; role->name; role++) {
			struct worker worker;
			uint64_t steps = 0;
			unsigned int copy;

			for (copy = 0; copy < role->copies; copy++)
				steps += shared->steps[number++];
			if (!role->sum)
				continue;
			prepare(&worker, role, 0, number - role->copies);
			role->sum(&worker, steps);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int folder, r;

	if (argc < 3)
		return 2;
	if (argc > 3)
		pace = (unsigned int)strtoul(argv[3], NULL, 10);
	folder = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (folder < 0 || shared == MAP_FAILED || chroot(argv[1]) < 0 || chdir("/") < 0) {
		perror("live");
		return 1;
	}
	(void)umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	start_all();
	r = all_go_on("before the merge") ? 0 : -1;
	if (r == 0 && openat(folder, "ready", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0)
		r = -1;
	if (r == 0)
		r = wait_for(folder, "switched");
	if (r == 0 && !all_go_on("after the merge"))
		r = -1;
	if (end_all() < 0)
		r = -1;
	if (r == 0)
		r = sum_all();
	return r < 0;
}
