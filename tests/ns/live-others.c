/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that lock, map, and talk to each other. */
#include "config.h"

#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- several add to one number under a lock that they wait for */

static void count_begin(struct worker *worker)
{
	const char *path = live_text("%s/%s", worker->shared, worker->role);

	worker->fd = (int)NEED(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644));
}

static void add_one(struct worker *worker, int fd, uint64_t n)
{
	uint64_t value = 0;

	EXPECT(NEED(pread(fd, &value, sizeof(value), 0)) % (long long)sizeof(value) == 0, n);
	value++;
	EXPECT(NEED(pwrite(fd, &value, sizeof(value), 0)) == sizeof(value), n);
}

static void flock_step(struct worker *worker, uint64_t n)
{
	NEED(flock(worker->fd, LOCK_EX));
	add_one(worker, worker->fd, n);
	NEED(flock(worker->fd, LOCK_UN));
}

static void record_lock(struct worker *worker, int command, uint64_t n)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 9 };

	NEED(fcntl(worker->fd, command, &lock));
	add_one(worker, worker->fd, n);
	lock.l_type = F_UNLCK;
	NEED(fcntl(worker->fd, command, &lock));
}

static void posix_step(struct worker *worker, uint64_t n)
{
	record_lock(worker, F_SETLKW, n);
}

static void ofd_step(struct worker *worker, uint64_t n)
{
	record_lock(worker, F_OFD_SETLKW, n);
}

static void count_sum(struct worker *worker, uint64_t count)
{
	uint64_t value = 0;

	count_begin(worker);
	EXPECT(NEED(pread(worker->fd, &value, sizeof(value), 0)) == sizeof(value), count);
	EXPECT(value == count, value);
}

/* --- has one lock from the beginning to the end; nobody else may get it, whatever the path */

static void keep_begin(struct worker *worker)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	worker->fd = (int)NEED(openat(worker->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644));
	if (worker->copy == 0)
		NEED(flock(worker->fd, LOCK_EX | LOCK_NB));
	else
		NEED(fcntl(worker->fd, F_OFD_SETLK, &lock));
}

static void keep_step(struct worker *worker, uint64_t n)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = (int)NEED(open(live_path(worker, "lock"), O_RDWR | O_CLOEXEC));
	int r;

	if (worker->copy == 0)
		r = flock(fd, LOCK_EX | LOCK_NB);
	else
		r = fcntl(fd, F_OFD_SETLK, &lock);
	EXPECT(r < 0 && errno == EAGAIN, n);
	NEED(close(fd));
}

/* --- writes into a shared mapping; what it has synced is in the file by its path */

#define MAP_PAGES 16
#define MAP_BYTES (MAP_PAGES * 4096)

static void map_begin(struct worker *worker)
{
	worker->fd = (int)NEED(
		openat(worker->dir, "mapped", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
	NEED(ftruncate(worker->fd, MAP_BYTES));
	worker->memory = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, worker->fd, 0);
	NEED(worker->memory == MAP_FAILED ? -1 : 0);
}

static uint64_t map_value(const struct worker *worker, uint64_t n)
{
	return n * 1000 + worker->number + 1;
}

static size_t map_slot(uint64_t n)
{
	return n * 611 % (MAP_BYTES / sizeof(uint64_t));
}

static void map_step(struct worker *worker, uint64_t n)
{
	uint64_t *words = worker->memory;
	uint64_t found = 0;
	int fd;

	words[map_slot(n)] = map_value(worker, n);
	if (n)
		EXPECT(words[map_slot(n - 1)] == map_value(worker, n - 1), n);
	if (n % 4 != worker->copy % 4)
		return;
	NEED(msync(words, MAP_BYTES, MS_SYNC));
	fd = (int)NEED(open(live_path(worker, "mapped"), O_RDONLY | O_CLOEXEC));
	NEED(pread(fd, &found, sizeof(found), (off_t)(map_slot(n) * sizeof(found))));
	EXPECT(found == map_value(worker, n), n);
	NEED(close(fd));
}

static void map_end(struct worker *worker, uint64_t count)
{
	const size_t slots = MAP_BYTES / sizeof(uint64_t);
	uint64_t *found = malloc(MAP_BYTES);
	uint64_t n;
	int fd;

	NEED(msync(worker->memory, MAP_BYTES, MS_SYNC));
	NEED(munmap(worker->memory, MAP_BYTES));
	fd = (int)NEED(open(live_path(worker, "mapped"), O_RDONLY | O_CLOEXEC));
	EXPECT(found && NEED(read(fd, found, MAP_BYTES)) == MAP_BYTES, count);
	for (n = count > slots ? count - slots : 0; n < count; n++)
		EXPECT(found[map_slot(n)] == map_value(worker, n), n);
	free(found);
}

/* --- a server and its clients: who connects by its name reaches it */

static struct sockaddr_un address_of(const struct worker *worker)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (worker->copy % 4 == 3) /* in the top of a protected directory */
		(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/%s-%u",
			       worker->role, worker->copy);
	else
		(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
			       worker->home);
	return address;
}

static void bind_it(struct worker *worker, int type)
{
	const struct sockaddr_un address = address_of(worker);

	worker->fd = (int)NEED(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
	NEED(bind(worker->fd, (const struct sockaddr *)&address, sizeof(address)));
	if (type != SOCK_DGRAM)
		NEED(listen(worker->fd, 4));
}

static int connect_it(struct worker *worker, int type)
{
	const struct sockaddr_un address = address_of(worker);
	int fd = (int)NEED(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));

	NEED(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
	return fd;
}

static void expect_message(struct worker *worker, int from, int to, uint64_t n)
{
	uint64_t found = 0;

	EXPECT(NEED(send(from, &n, sizeof(n), 0)) == sizeof(n), n);
	EXPECT(NEED(recv(to, &found, sizeof(found), 0)) == sizeof(n), n);
	EXPECT(found == n, n);
}

static void connection_step(struct worker *worker, int type, uint64_t n)
{
	int client = connect_it(worker, type);
	int server = (int)NEED(accept4(worker->fd, NULL, NULL, SOCK_CLOEXEC));

	expect_message(worker, client, server, n);
	expect_message(worker, server, client, n);
	if (worker->at >= 0) { /* one connection that stays */
		NEED(close(client));
		NEED(close(server));
		expect_message(worker, worker->at, (int)worker->parts, n);
		return;
	}
	worker->at = client;
	worker->parts = (unsigned int)server;
}

static void stream_begin(struct worker *worker)
{
	bind_it(worker, SOCK_STREAM);
}

static void stream_step(struct worker *worker, uint64_t n)
{
	connection_step(worker, SOCK_STREAM, n);
}

static void packet_begin(struct worker *worker)
{
	bind_it(worker, SOCK_SEQPACKET);
}

static void packet_step(struct worker *worker, uint64_t n)
{
	connection_step(worker, SOCK_SEQPACKET, n);
}

static void datagram_begin(struct worker *worker)
{
	bind_it(worker, SOCK_DGRAM);
}

static void datagram_step(struct worker *worker, uint64_t n)
{
	int client = connect_it(worker, SOCK_DGRAM);

	expect_message(worker, client, worker->fd, n);
	NEED(close(client));
}

/* The server ends as servers do: it closes, and removes its name. */
static void socket_end(struct worker *worker, uint64_t count)
{
	const struct sockaddr_un address = address_of(worker);

	NEED(close(worker->fd));
	if (worker->copy % 4 !=
	    3) /* a name in the top may be busy for a moment: see docs/view.md */
		NEED(unlink(address.sun_path));
}

/* --- a FIFO that is kept open at one end, and opened by its name at the other */

static void fifo_begin(struct worker *worker)
{
	NEED(mkfifoat(worker->dir, "fifo", 0600));
	worker->fd = (int)NEED(openat(worker->dir, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

static void fifo_step(struct worker *worker, uint64_t n)
{
	int fd = (int)NEED(open(live_path(worker, "fifo"), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	uint64_t found = 0;

	EXPECT(NEED(write(fd, &n, sizeof(n))) == sizeof(n), n);
	EXPECT(NEED(read(worker->fd, &found, sizeof(found))) == sizeof(n), n);
	EXPECT(found == n, n);
	NEED(close(fd));
}

static void fifo_end(struct worker *worker, uint64_t count)
{
	NEED(close(worker->fd));
	NEED(unlink(live_path(worker, "fifo")));
}

const struct role live_others[] = {
	{ "flock", 3, count_begin, flock_step, NULL, count_sum },
	{ "posix", 3, count_begin, posix_step, NULL, count_sum },
	{ "ofd", 3, count_begin, ofd_step, NULL, count_sum },
	{ "keep", 2, keep_begin, keep_step, NULL, NULL },
	{ "map", 3, map_begin, map_step, map_end, NULL },
	{ "stream", 4, stream_begin, stream_step, socket_end, NULL },
	{ "packet", 1, packet_begin, packet_step, socket_end, NULL },
	{ "datagram", 1, datagram_begin, datagram_step, socket_end, NULL },
	{ "fifo", 2, fifo_begin, fifo_step, fifo_end, NULL },
	{ NULL, 0, NULL, NULL, NULL, NULL },
};
