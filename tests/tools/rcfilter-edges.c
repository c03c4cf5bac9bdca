/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rcfilter-edges INIT.D [INSSERV.CONF...]: prints what the rc filter makes of the scripts there, one
 * line each: "NAME LEVELS NETWORK: DEPENDENCY…", a "!" before what is required. For tests only.
 */
#include "config.h"

#include "rcfilter/catalog.h"
#include "rcfilter/resolve.h"
#include "common/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MAX (1 << 20)

/* The text of a regular file, owned by the caller; NULL where it is none. */
static char *text_of(int dirfd, const char *path, size_t *ret_size)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = malloc(TEXT_MAX);
	struct stat st;
	ssize_t n;

	if (fd < 0 || !text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	n = read(fd, text, TEXT_MAX);
	if (n < 0)
		return NULL;
	*ret_size = (size_t)n;
	return take_pointer(text);
}

static int add_directory(struct catalog *catalog, const char *path)
{
	auto_closedir DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		struct catalog_text script = { .name = entry->d_name };
		auto_free char *text = NULL;

		if (entry->d_name[0] == '.')
			continue;
		text = text_of(dirfd(dir), entry->d_name, &script.size);
		script.text = text;
		if (text && catalog_add(catalog, &script) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void print_service(const struct catalog *catalog, const struct service *service)
{
	const struct words *levels = &service->lsb.list[LSB_DEFAULT_START];
	size_t i;

	printf("%s ", service->name);
	for (i = 0; i < levels->count; i++)
		fputs(levels->word[i], stdout);
	printf("%s %s:", levels->count ? "" : "-",
	       service->needs_network ? service->needs_network : "-");
	for (i = 0; i < service->edges; i++)
		printf(" %s%s", service->edge[i].required ? "!" : "",
		       catalog->list[service->edge[i].to].name);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct catalog catalog = { 0 };
	size_t i;
	int k;

	if (argc < 2 || add_directory(&catalog, argv[1]) < 0)
		return 1;
	for (k = 2; k < argc; k++) {
		size_t size = 0;
		auto_free char *text = text_of(AT_FDCWD, argv[k], &size);

		if (text && facilities_add(&catalog.facilities, text, size) < 0)
			return 1;
	}
	if (resolve_edges(&catalog, false) < 0)
		return 1;
	for (i = 0; i < catalog.count; i++)
		print_service(&catalog, &catalog.list[i]);
	catalog_free(&catalog);
	return 0;
}
