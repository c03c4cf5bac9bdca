// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest half of the lab's command channel: lab-agent [PORT]
 *
 * Reads requests from the virtio-serial port named PORT (lab.root unless told otherwise) and
 * answers them one after the other; the host half is tests/lib/lab/agent.py.
 *
 *	PING ID				PONG ID BOOTTIME REALTIME	(seconds)
 *	RUN ID SECONDS LENGTH + text	OUT ID LENGTH + bytes, any number; END ID STATUS
 *	QUIT ID				END ID 0, and the agent ends
 *
 * The text is given to /bin/sh. What runs longer than SECONDS is killed and has status 124.
 * Static and without files of its own, because it also runs inside of an initramfs.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX (100 * 1024) /* one argument of execve may have 128 KiB */
#define STATUS_TIMEOUT 124

static int port = -1;

static double seconds(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
}

/* Gives all of buf to the host. Without a port there is nobody to tell: the agent ends. */
static void put(const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			exit(1);
		p += n;
		len -= (size_t)n;
	}
}

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	char line[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	put(line, (size_t)n);
}

/* Reads len bytes. While no host is connected the port reads as ended, so that is waited out. */
static void get(void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		ssize_t n = read(port, p, len);

		if (n < 0 && errno != EINTR)
			exit(1);
		if (n == 0)
			nap();
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

static void get_line(char *line, size_t size)
{
	size_t i = 0;

	for (;;) {
		get(line + i, 1);
		if (line[i] == '\n')
			break;
		if (i + 1 < size)
			i++;
	}
	line[i] = '\0';
}

/* Opens the port whose name is name; returns -1 while there is none. The node comes from devtmpfs. */
static int port_open(const char *name)
{
	const char *class = "/sys/class/virtio-ports";
	DIR *dir = opendir(class);
	struct dirent *e;
	int found = -1;

	while (dir && found < 0 && (e = readdir(dir))) {
		char path[512], has[128] = "";
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s/name", class, e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(has, sizeof(has), f))
			has[strcspn(has, "\n")] = '\0';
		fclose(f);
		if (strcmp(has, name) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		found = open(path, O_RDWR | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return found;
}

static pid_t shell_start(const char *text, int out)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setsid();
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

/* Hands on what the pipe holds; returns 0 once it has ended. */
static int forward(const char *id, int out)
{
	char buf[4096];
	ssize_t n = read(out, buf, sizeof(buf));

	if (n > 0) {
		say("OUT %s %zd\n", id, n);
		put(buf, (size_t)n);
	}
	return n != 0;
}

static int wait_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the shell leaves running may keep the pipe: the end of the shell is the end of the answer. */
static int follow(const char *id, pid_t pid, int out, double limit)
{
	double end = seconds(CLOCK_MONOTONIC) + limit;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN }, { .fd = out, .events = POLLIN } };
	int status = STATUS_TIMEOUT;

	for (;;) {
		double left = end - seconds(CLOCK_MONOTONIC);

		if (left <= 0) {
			kill(-pid, SIGKILL);
			break;
		}
		if (poll(p, 2, (int)(left * 1000) + 1) < 0)
			continue;
		if (p[1].revents && !forward(id, out))
			p[1].fd = -1;
		if (p[0].revents && !(p[1].revents & POLLIN)) {
			status = wait_status(pid);
			break;
		}
	}
	close(pidfd);
	return status;
}

static void run(const char *id, double limit, size_t len)
{
	static char text[TEXT_MAX + 1];
	int out[2], status = 126;
	pid_t pid;

	if (len > TEXT_MAX)
		exit(1);
	get(text, len);
	text[len] = '\0';
	if (pipe2(out, O_CLOEXEC) == 0) {
		pid = shell_start(text, out[1]);
		close(out[1]);
		if (pid > 0)
			status = follow(id, pid, out[0], limit);
		close(out[0]);
	}
	say("END %s %d\n", id, status);
}

int main(int argc, char *argv[])
{
	const char *name = argc > 1 ? argv[1] : "lab.root";
	int null = open("/dev/null", O_RDWR);
	char line[128], id[32];
	double limit;
	size_t len;

	setsid();
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 0);
	while ((port = port_open(name)) < 0)
		nap();
	for (;;) {
		get_line(line, sizeof(line));
		if (sscanf(line, "PING %31s", id) == 1) {
			say("PONG %s %.6f %.6f\n", id, seconds(CLOCK_BOOTTIME),
			    seconds(CLOCK_REALTIME));
		} else if (sscanf(line, "RUN %31s %lf %zu", id, &limit, &len) == 3) {
			run(id, limit, len);
		} else if (sscanf(line, "QUIT %31s", id) == 1) {
			say("END %s 0\n", id);
			return 0;
		}
	}
}
