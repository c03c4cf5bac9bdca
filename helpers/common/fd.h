/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owning a descriptor or a piece of memory, and giving it away. */
#ifndef INITFS_FD_H
#define INITFS_FD_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes *fd if there is one, sets it to -EBADF ("none") and keeps errno. */
static inline void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd); /* Linux closes also where it reports an error: nothing to try again. */
	*fd = -EBADF;
	errno = saved;
}

/* Gives *fd away: the caller owns what is returned, *fd owns nothing. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

static inline void fd_free_pointer(void *pointer)
{
	void **p = pointer;
	int saved = errno;

	free(*p);
	*p = NULL;
	errno = saved;
}

static inline void fd_close_dir(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	*dir = NULL;
	errno = saved;
}

static inline void fd_close_file(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file); /* For reading only: a writer has to look at the result itself. */
	*file = NULL;
	errno = saved;
}

#define auto_close __attribute__((cleanup(fd_close)))
#define auto_free __attribute__((cleanup(fd_free_pointer)))
#define auto_closedir __attribute__((cleanup(fd_close_dir)))
#define auto_fclose __attribute__((cleanup(fd_close_file)))

/* Gives *pointer away: evaluates to it and leaves NULL behind. */
#define take_pointer(pointer)                                  \
	__extension__({                                        \
		__typeof__(pointer) *taken_from_ = &(pointer); \
		__typeof__(pointer) taken_ = *taken_from_;     \
		*taken_from_ = NULL;                           \
		taken_;                                        \
	})

#endif
