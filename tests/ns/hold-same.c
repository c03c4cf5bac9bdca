/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a long list of operations in the directory it is given and prints what came of each: the
 * result, the error, and what the object is afterwards. Two file systems that print the same are
 * the same to programs. Numbers that have to differ (devices, inodes, times of today) are not shown.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *theme = "";

static void say(const char *what, long long result)
{
	printf("%s: %s: %lld%s%s\n", theme, what, result < 0 ? -1 : result, result < 0 ? " " : "",
	       result < 0 ? strerrorname_np(errno) : "");
}

/* SAY(call) prints the call itself and its result. */
#define SAY(call) say(#call, (long long)(call))

static void show(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		say(path, -1);
		return;
	}
	printf("%s: %s is %06o %u:%u links %u size %lld rdev %u:%u\n", theme, path, st.st_mode,
	       st.st_uid, st.st_gid, S_ISDIR(st.st_mode) ? 0 : (unsigned int)st.st_nlink,
	       S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size, major(st.st_rdev),
	       minor(st.st_rdev));
}

static void show_content(const char *path)
{
	char data[200];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data) - 1);
	int i;

	if (n < 0) {
		say(path, -1);
		return;
	}
	printf("%s: %s has ", theme, path);
	for (i = 0; i < n; i++)
		putchar(data[i] < ' ' ? '~' : data[i]);
	printf("\n");
	close(fd);
}

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0)
		say(path, -1);
	close(fd);
}

/* --- as somebody else */

struct who {
	uid_t uid;
	gid_t gid;
	gid_t extra; /* a supplementary group, or 0 */
	mode_t umask;
};

static const struct who root = { 0, 0, 0, 022 };
static const struct who user = { 1000, 1000, 0, 022 };
static const struct who member = { 1000, 1000, 2000, 022 };
static const struct who other = { 1001, 1001, 0, 027 };

static void as(const struct who *who, void (*act)(void))
{
	pid_t pid;
	int status;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgroups(who->extra ? 1 : 0, &who->extra) < 0 ||
		    setresgid(who->gid, who->gid, who->gid) < 0 ||
		    setresuid(who->uid, who->uid, who->uid) < 0)
			say("become", -1);
		(void)umask(who->umask);
		act();
		(void)fflush(stdout);
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	if (status)
		printf("%s: ended with %d\n", theme, status);
}

/* --- births */

static void make_all(void)
{
	static const mode_t modes[] = { 0666, 0777, 02770, 04755, 06777, 01777 };
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		(void)snprintf(name, sizeof(name), "f%u-%o", getuid(), modes[i]);
		SAY(open(name, O_RDWR | O_CREAT | O_EXCL, modes[i]) > 0);
		show(name);
		SAY(unlink(name));
		SAY(mkdir(name, modes[i]));
		show(name);
		SAY(rmdir(name));
		SAY(mknod(name, S_IFIFO | modes[i], 0));
		show(name);
		SAY(unlink(name));
	}
	SAY(symlink("target", "symlink-x"));
	show("symlink-x");
	SAY(unlink("symlink-x"));
	SAY(mknod("device", S_IFCHR | 0600, makedev(1, 3)));
	SAY(unlink("device"));
	SAY(mknod("plain", S_IFREG | 0642, 0));
	show("plain");
	SAY(unlink("plain"));
}

static void births(void)
{
	static const struct who odd = { 1000, 1000, 0, 077 };
	static const struct who none = { 0, 5, 0, 0 };

	as(&root, make_all);
	as(&user, make_all);
	as(&member, make_all);
	as(&odd, make_all);
	as(&none, make_all);
}

static void births_in(const char *dir, gid_t group, mode_t mode, const char *acl)
{
	char command[256];

	SAY(mkdir(dir, 0700));
	SAY(chown(dir, 0, group));
	SAY(chmod(dir, mode));
	if (acl) {
		(void)snprintf(command, sizeof(command), "setfacl %s %s", acl, dir);
		say(acl, system(command));
	}
	SAY(chdir(dir));
	births();
	as(&user, make_all);
	SAY(chdir(".."));
}

static void keep_acl(void)
{
	put("acl-file", "x", 0640);
	SAY(mkdir("acl-dir", 0777));
	SAY(mknod("acl-fifo", S_IFIFO | 0666, 0));
}

/* --- setuid, setgid, capabilities */

static const char capability[20] = { 1, 0, 0, 2, 0, 4 }; /* VFS_CAP_REVISION_2, effective */

static void arm(const char *path)
{
	put(path, "#!/bin/true\n", 0755);
	SAY(chown(path, 1000, 2000));
	SAY(chmod(path, 06777));
	SAY(setxattr(path, "security.capability", capability, sizeof(capability), 0));
}

static void show_armed(const char *path)
{
	char value[64];

	show(path);
	SAY(getxattr(path, "security.capability", value, sizeof(value)));
}

static void write_armed(void)
{
	int fd = open("armed", O_WRONLY | O_APPEND);

	SAY(write(fd, "y", 1));
	close(fd);
}

static void truncate_armed(void)
{
	SAY(truncate("armed", 3));
}

static void open_trunc_armed(void)
{
	SAY(open("armed", O_WRONLY | O_TRUNC) > 0);
}

static void chown_armed(void)
{
	SAY(chown("armed", (uid_t)-1, 1000));
	SAY(chown("armed", 1001, (gid_t)-1));
}

static void chmod_armed(void)
{
	SAY(chmod("armed", 02755));
	show("armed");
	SAY(chmod("armed", 06711));
}

static void acl_armed(void)
{
	SAY(system("setfacl -m u:1005:rx armed"));
}

static void mapped_armed(void)
{
	int fd = open("armed", O_RDWR);
	char *map = mmap(NULL, 12, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	map[0] = '%';
	SAY(msync(map, 12, MS_SYNC));
	(void)munmap(map, 12);
	close(fd);
}

static void fallocate_armed(void)
{
	int fd = open("armed", O_RDWR);

	SAY(fallocate(fd, 0, 0, 100));
	close(fd);
}

static void copy_armed(void)
{
	int from = open("unarmed", O_RDONLY);
	int fd = open("armed", O_RDWR);

	SAY(copy_file_range(from, NULL, fd, NULL, 4, 0));
	close(from);
	close(fd);
}

/* Who has written to a file, and goes on when it gets its privileges. */
static void write_on_armed(void)
{
	int fd = open("armed", O_WRONLY | O_APPEND);
	struct stat st;

	SAY(write(fd, "y", 1));
	SAY(write(fd, "y", 1));
	SAY(chmod("armed", 06755));
	SAY(write(fd, "y", 1));
	SAY(fstat(fd, &st));
	printf("%s: afterwards %o\n", theme, st.st_mode);
	close(fd);
}

/* As root, but nobody whose writes leave setuid. */
static void become_unprivileged(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	SAY(syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1u << CAP_FSETID);
	SAY(syscall(SYS_capset, &header, data));
}

static void unprivileged_append(void)
{
	int fd = open("armed-program", O_WRONLY | O_APPEND);

	become_unprivileged();
	SAY(write(fd, "y", 1));
	close(fd);
}

static void unprivileged_write_armed(void)
{
	become_unprivileged();
	write_armed();
	show("armed");
	SAY(truncate("armed", 3));
}

static void run_program(void)
{
	(void)fflush(stdout);
	SAY(system("./armed-program -u"));
}

/* The kernel looks at the mode that it knows when it runs a program. */
static void run_armed(void)
{
	SAY(system("cp /usr/bin/id armed-program"));
	SAY(chown("armed-program", 1001, 2000));
	SAY(chmod("armed-program", 04755));
	as(&user, run_program);
	as(&root, unprivileged_append);
	as(&user, run_program);
	SAY(unlink("armed-program"));
}

/* A setgid that no group may run goes by other rules. */
static void write_locked_armed(void)
{
	int fd = open("armed", O_WRONLY | O_APPEND);

	SAY(fchmod(fd, 06766));
	SAY(write(fd, "y", 1));
	show("armed");
	SAY(ftruncate(fd, 3));
	close(fd);
}

static void privileges(void)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} acts[] = {
		{ "write", write_armed },
		{ "truncate", truncate_armed },
		{ "O_TRUNC", open_trunc_armed },
		{ "chown", chown_armed },
		{ "chmod", chmod_armed },
		{ "acl", acl_armed },
		{ "fallocate", fallocate_armed },
		{ "copy_file_range", copy_armed },
		{ "write on", write_on_armed },
		{ "write, not run by its group", write_locked_armed },
	};
	static const struct who *const who[] = { &root, &user, &member, &other };
	size_t i, j;

	put("unarmed", "#!/bin/false\n", 0755);
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		for (j = 0; j < sizeof(who) / sizeof(who[0]); j++) {
			printf("%s by %u:%u,%u\n", acts[i].name, who[j]->uid, who[j]->gid,
			       who[j]->extra);
			arm("armed");
			as(who[j], acts[i].act);
			show_armed("armed");
			SAY(unlink("armed"));
		}
	}
	arm("armed");
	as(&root, unprivileged_write_armed);
	show_armed("armed");
	SAY(unlink("armed"));
	run_armed();
	/*
	 * A change by mmap leaves setuid and setgid everywhere. It leaves capabilities on the bare
	 * file system too, and takes them in a view: so they are not looked at.
	 */
	arm("armed");
	as(&user, mapped_armed);
	show("armed");
	SAY(unlink("armed"));
}

/* --- permissions */

static void trespass(void)
{
	SAY(open("closed/file", O_RDONLY));
	SAY(open("secret", O_RDONLY));
	SAY(open("group", O_RDONLY) > 0);
	SAY(open("group", O_WRONLY) > 0);
	SAY(access("group", R_OK));
	SAY(access("group", X_OK));
	SAY(chmod("group", 0777));
	SAY(chown("group", 1000, 1000));
	SAY(utimensat(AT_FDCWD, "group", NULL, 0));
	SAY(utimensat(AT_FDCWD, "group", (const struct timespec[]){ { 1, 2 }, { 3, 4 } }, 0));
	SAY(truncate("secret", 0));
	SAY(link("secret", "sticky/link"));
	SAY(unlink("sticky/of-root"));
	SAY(rename("sticky/of-root", "sticky/moved"));
	SAY(open("sticky/mine", O_CREAT | O_WRONLY, 0666) > 0);
	SAY(open("sticky/of-root", O_CREAT | O_WRONLY, 0666) > 0);
	SAY(mkdir("closed/dir", 0777));
	SAY(open("mine", O_CREAT | O_WRONLY, 0666));
	SAY(setxattr("group", "trusted.x", "1", 1, 0));
	SAY(getxattr("group", "trusted.x", NULL, 0));
	SAY(removexattr("secret", "user.x"));
	SAY(rmdir("closed"));
	SAY(unlink("secret"));
	show("secret");
}

static void permissions(void)
{
	SAY(mkdir("closed", 0700));
	put("closed/file", "x", 0666);
	put("secret", "secret", 0600);
	put("group", "group", 0640);
	SAY(chown("group", 0, 2000));
	SAY(mkdir("sticky", 0777));
	SAY(chmod("sticky", 01777));
	put("sticky/of-root", "x", 0666);
	as(&user, trespass);
	as(&member, trespass);
	SAY(unlink("sticky/mine"));
	as(&other, trespass);
}

/* --- names */

static int rename_flags(const char *from, const char *to, unsigned int flags)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void names(void)
{
	char longest[300];

	put("a", "a", 0644);
	put("b", "b", 0644);
	SAY(mkdir("d", 0755));
	SAY(mkdir("e", 0755));
	put("e/in", "in", 0644);
	SAY(rename_flags("a", "b", RENAME_NOREPLACE));
	SAY(rename_flags("a", "d", RENAME_EXCHANGE));
	show("a");
	show("d");
	SAY(rename_flags("a", "d", RENAME_EXCHANGE));
	SAY(rename_flags("a", "c", RENAME_WHITEOUT));
	SAY(rename_flags("a", "none", RENAME_EXCHANGE));
	SAY(rename("a", "b"));
	show_content("b");
	SAY(rename("b", "d"));
	SAY(rename("d", "b"));
	SAY(rename("d", "e"));
	SAY(rename("e", "d"));
	show("d/in");
	SAY(rename("d", "d/below"));
	SAY(rename("none", "x"));
	SAY(rename("lower-dir", "lower-moved"));
	SAY(mkdir("d", 0755));
	SAY(rmdir("d"));
	SAY(rmdir("b"));
	SAY(unlink("d"));
	SAY(unlink("d/in"));
	SAY(rmdir("d"));
	SAY(rmdir("d"));
	SAY(link("b", "b2"));
	show("b2");
	SAY(link("b", "b2"));
	SAY(link("log", "hard-dir"));
	SAY(linkat(AT_FDCWD, "symlink", AT_FDCWD, "symlink-2", 0));
	show("symlink-2");
	SAY(unlink("b"));
	show("b2");
	memset(longest, 'n', sizeof(longest));
	longest[255] = '\0';
	SAY(mkdir(longest, 0700));
	SAY(rmdir(longest));
	longest[255] = 'n';
	longest[256] = '\0';
	SAY(mkdir(longest, 0700));
	SAY(symlink("x", "symlink"));
	SAY(open("b2/below", O_RDONLY));
	SAY(open("deep/er/../er/file", O_RDONLY) > 0);
	SAY(unlink("deep/er/file"));
	show("deep/er/file");
	SAY(rmdir("deep/er"));
	SAY(mkdir("deep/er", 0711));
	show("deep/er");
	show("deep/er/file");
}

static void lower_links(void)
{
	int fd = open("link-a", O_RDWR);

	show("link-a");
	show("link-b");
	SAY(pwrite(fd, "A", 1, 0));
	show_content("link-a");
	show_content("link-b");
	show("link-a");
	show("link-b");
	SAY(link("link-a", "link-c"));
	SAY(pwrite(fd, "C", 1, 1));
	show_content("link-c");
	SAY(rename("link-b", "link-d"));
	show_content("link-d");
	SAY(truncate("link-d", 2));
	show_content("link-d");
	show_content("link-a");
	SAY(unlink("link-a"));
	show("link-c");
	SAY(pwrite(fd, "D", 1, 2));
	show_content("link-c");
	close(fd);
}

/* --- data */

static void flags(void)
{
	char data[64] = "";
	int fd;

	put("data", "0123456789", 0644);
	SAY(open("data", O_WRONLY | O_CREAT | O_EXCL, 0600));
	SAY(open("data", O_RDONLY | O_DIRECTORY));
	SAY(open("log", O_WRONLY));
	SAY(open("log", O_RDONLY | O_CREAT, 0600));
	SAY(open("symlink", O_RDONLY | O_NOFOLLOW));
	SAY(open("data", O_RDONLY | O_SYNC | O_NOATIME) > 0);
	fd = open("data", O_RDWR | O_APPEND);
	SAY(pwrite(fd, "A", 1, 0));
	show_content("data");
	SAY(fcntl(fd, F_SETFL, 0));
	SAY(pwrite(fd, "B", 1, 0));
	show_content("data");
	SAY(fcntl(fd, F_SETFL, O_APPEND));
	SAY(pwrite(fd, "C", 1, 0));
	show_content("data");
	SAY(pread(fd, data, 5, 3));
	SAY(pread(fd, data, 5, 100));
	SAY(ftruncate(fd, 5));
	SAY(ftruncate(fd, -1));
	SAY(lseek(fd, -1, SEEK_SET));
	SAY(lseek(fd, 0, SEEK_END));
	SAY(write(fd, "xyz", 3));
	show_content("data");
	SAY(fsync(fd));
	SAY(fdatasync(fd));
	SAY(pwritev2(fd, &(struct iovec){ data, 2 }, 1, 0, RWF_APPEND));
	show("data");
	close(fd);
	fd = open("data", O_RDONLY);
	SAY(write(fd, "x", 1));
	SAY(ftruncate(fd, 1));
	close(fd);
	fd = open("log", O_RDONLY | O_DIRECTORY);
	SAY(fsync(fd));
	SAY(read(fd, data, 1));
	close(fd);
	fd = open("data", O_WRONLY | O_TRUNC);
	show("data");
	SAY(read(fd, data, 1));
	close(fd);
}

static void holes(void)
{
	int fd = open("holes", O_RDWR | O_CREAT, 0644);
	int to = open("copy", O_RDWR | O_CREAT, 0644);
	static char block[8192];

	memset(block, 'h', sizeof(block));
	SAY(pwrite(fd, block, sizeof(block), 1 << 20));
	SAY(lseek(fd, 0, SEEK_DATA));
	SAY(lseek(fd, 0, SEEK_HOLE));
	SAY(lseek(fd, 1 << 20, SEEK_HOLE));
	SAY(lseek(fd, 2 << 20, SEEK_DATA));
	SAY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 << 20, 4096));
	SAY(lseek(fd, 0, SEEK_DATA));
	SAY(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 << 20));
	SAY(fallocate(fd, 0, 0, 3 << 20));
	SAY(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096));
	SAY(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
	SAY(fallocate(fd, 0, -1, 10));
	show("holes");
	SAY(copy_file_range(fd, &(off_t){ (1 << 20) + 4096 }, to, &(off_t){ 10 }, 100, 0));
	show("copy");
	SAY(copy_file_range(fd, &(off_t){ 8 << 20 }, to, &(off_t){ 0 }, 100, 0));
	SAY(sendfile(to, fd, &(off_t){ 1 << 20 }, 5000));
	SAY(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	SAY(truncate("holes", 1000));
	SAY(truncate("holes", 100000));
	show("holes");
	close(fd);
	close(to);
}

static void mapping(void)
{
	int fd = open("mapped", O_RDWR | O_CREAT, 0644);
	char *shared, *private;

	SAY(ftruncate(fd, 10000));
	shared = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	memcpy(shared, "shared", 6);
	memcpy(private + 5000, "private", 7);
	SAY(msync(shared, 10000, MS_SYNC));
	show_content("mapped");
	SAY(pwrite(fd, "PW", 2, 100));
	SAY(memcmp(shared + 100, "PW", 2));
	(void)munmap(shared, 10000);
	(void)munmap(private, 10000);
	close(fd);
}

static void unlinked(void)
{
	int fd = open("unlinked", O_RDWR | O_CREAT, 0644);
	int dir, inside;
	char path[32], data[8];
	struct stat st;

	SAY(unlink("unlinked"));
	SAY(write(fd, "still", 5));
	SAY(pread(fd, data, 5, 0));
	SAY(fstat(fd, &st));
	SAY(st.st_nlink);
	SAY(fchmod(fd, 0600));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	SAY(linkat(AT_FDCWD, path, AT_FDCWD, "again", AT_SYMLINK_FOLLOW));
	SAY(open(path, O_RDONLY) > 0);
	close(fd);
	SAY(mkdir("rm-dir", 0755));
	dir = open("rm-dir", O_RDONLY | O_DIRECTORY);
	SAY(rmdir("rm-dir"));
	inside = openat(dir, "x", O_CREAT | O_WRONLY, 0600);
	say("a file in a removed directory", inside);
	SAY(fstat(dir, &st));
	SAY(st.st_nlink);
	close(dir);
}

static void nameless(void)
{
	int fd = open("spool", O_TMPFILE | O_RDWR, 0642);
	int lost = open("spool", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	struct stat st = { 0 };
	char path[32];

	SAY(fd > 0);
	SAY(fstat(fd, &st));
	SAY(st.st_mode);
	SAY(st.st_nlink);
	SAY(write(fd, "nameless", 8));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	SAY(linkat(AT_FDCWD, path, AT_FDCWD, "spool/named", AT_SYMLINK_FOLLOW));
	show("spool/named");
	SAY(write(fd, ", named", 7));
	show_content("spool/named");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", lost);
	SAY(linkat(AT_FDCWD, path, AT_FDCWD, "spool/lost", AT_SYMLINK_FOLLOW));
	SAY(open("spool", O_TMPFILE | O_RDONLY, 0600));
	SAY(open("big", O_TMPFILE | O_RDWR, 0600));
	close(fd);
	close(lost);
}

static void nameless_of_others(void)
{
	as(&member, nameless);
	SAY(chown("spool", 1000, 2000));
	SAY(chmod("spool", 02775));
	as(&user, nameless);
	SAY(unlink("spool/named"));
	as(&member, nameless);
}

/* --- attributes */

static void show_times(const char *path)
{
	struct stat st = { 0 };

	SAY(lstat(path, &st));
	printf("%s: %s atime %lld.%09ld mtime %lld.%09ld\n", theme, path,
	       (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long long)st.st_mtim.tv_sec,
	       st.st_mtim.tv_nsec);
}

/* A clock of the file system's goes by ticks, so it is asked for more than once. */
static int is_touched_by_chown(const char *path)
{
	struct stat before, now;
	int tries;

	if (lstat(path, &before) < 0)
		return 0;
	for (tries = 0; tries < 500; tries++) {
		if (lchown(path, (uid_t)-1, (gid_t)-1) < 0 || lstat(path, &now) < 0)
			return 0;
		if (now.st_ctim.tv_sec != before.st_ctim.tv_sec ||
		    now.st_ctim.tv_nsec != before.st_ctim.tv_nsec)
			return 1;
		usleep(2000);
	}
	return 0;
}

static void times(void)
{
	static const struct timespec set[2] = { { 1000000000, 123456789 }, { -5, 987654321 } };
	static const struct timespec half[2] = { { 0, UTIME_OMIT }, { 77, 7 } };
	static const struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };
	static const char *const paths[] = { "timed", "log", "symlink", "fifo" };
	struct stat st;
	size_t i;

	put("timed", "x", 0644);
	for (i = 0; i < 4; i++) {
		SAY(utimensat(AT_FDCWD, paths[i], set, AT_SYMLINK_NOFOLLOW));
		show_times(paths[i]);
		SAY(utimensat(AT_FDCWD, paths[i], half, AT_SYMLINK_NOFOLLOW));
		show_times(paths[i]);
		SAY(utimensat(AT_FDCWD, paths[i], now, AT_SYMLINK_NOFOLLOW));
		SAY(lstat(paths[i], &st));
		SAY(st.st_atim.tv_sec > 1500000000 && st.st_mtim.tv_sec == 77);
		SAY(is_touched_by_chown(paths[i]));
	}
}

static void xattrs_of(const char *path)
{
	char value[100];

	printf("xattrs of %s\n", path);
	SAY(lsetxattr(path, "user.x", "1", 1, 0));
	SAY(lsetxattr(path, "trusted.x", "12345", 5, XATTR_REPLACE));
	SAY(lsetxattr(path, "trusted.x", "12345", 5, XATTR_CREATE));
	SAY(lsetxattr(path, "trusted.x", "123", 3, XATTR_CREATE));
	SAY(lsetxattr(path, "trusted.empty", "", 0, 0));
	SAY(lsetxattr(path, "trusted.overlay.opaque", "y", 1, 0));
	SAY(lgetxattr(path, "trusted.x", value, sizeof(value)));
	SAY(lgetxattr(path, "trusted.x", NULL, 0));
	SAY(lgetxattr(path, "trusted.x", value, 2));
	SAY(lgetxattr(path, "trusted.empty", value, sizeof(value)));
	SAY(lgetxattr(path, "trusted.none", value, sizeof(value)));
	SAY(lgetxattr(path, "nonsense", value, sizeof(value)));
	SAY(llistxattr(path, NULL, 0));
	SAY(llistxattr(path, value, sizeof(value)));
	SAY(llistxattr(path, value, 3));
	SAY(lremovexattr(path, "trusted.x"));
	SAY(lremovexattr(path, "trusted.x"));
	SAY(lremovexattr(path, "trusted.empty"));
}

static void xattrs(void)
{
	xattrs_of("big");
	xattrs_of("spool");
	xattrs_of("symlink");
	xattrs_of("fifo");
}

static void inode_flags(void)
{
	int value = 0;
	int fd;

	put("flagged", "x", 0644);
	fd = open("flagged", O_RDONLY);
	SAY(ioctl(fd, FS_IOC_GETFLAGS, &value));
	SAY(value);
	value = FS_IMMUTABLE_FL;
	SAY(ioctl(fd, FS_IOC_SETFLAGS, &value));
	SAY(ioctl(fd, FS_IOC_GETFLAGS, &value));
	SAY(value);
	SAY(unlink("flagged"));
	SAY(open("flagged", O_WRONLY));
	SAY(chmod("flagged", 0600));
	value = 0;
	SAY(ioctl(fd, FS_IOC_SETFLAGS, &value));
	SAY(unlink("flagged"));
	SAY(ioctl(fd, BLKGETSIZE, &value));
	close(fd);
}

static void file_system(void)
{
	struct statvfs fs;

	SAY(statvfs(".", &fs));
	SAY(fs.f_bsize);
	SAY(fs.f_namemax);
	SAY(fs.f_blocks);
	SAY(fs.f_files);
}

/* --- between processes */

static int lock(int fd, int command, short type, off_t start, off_t length, pid_t *ret_pid)
{
	struct flock lk = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};
	int r = fcntl(fd, command, &lk);

	if (ret_pid)
		*ret_pid = lk.l_type == F_UNLCK ? -2 : lk.l_pid;
	return r;
}

static void locks_of_child(void)
{
	int fd = open("locked", O_RDWR);
	pid_t pid;

	SAY(lock(fd, F_SETLK, F_WRLCK, 15, 1, NULL));
	SAY(lock(fd, F_SETLK, F_RDLCK, 15, 1, NULL));
	SAY(lock(fd, F_SETLK, F_RDLCK, 45, 1, NULL));
	SAY(lock(fd, F_SETLK, F_WRLCK, 45, 1, NULL));
	SAY(lock(fd, F_SETLK, F_WRLCK, 30, 5, NULL));
	SAY(lock(fd, F_GETLK, F_WRLCK, 15, 1, &pid));
	SAY(pid == getppid());
	SAY(lock(fd, F_GETLK, F_WRLCK, 30, 5, &pid));
	SAY(pid);
	SAY(lockf(fd, F_TEST, 1000)); /* before OFD locks: see docs/view.md for who holds those */
	SAY(lock(fd, F_OFD_SETLK, F_WRLCK, 15, 1, NULL));
	SAY(lock(fd, F_OFD_SETLK, F_WRLCK, 60, 1, NULL));
	SAY(flock(fd, LOCK_SH | LOCK_NB));
	SAY(flock(fd, LOCK_EX | LOCK_NB));
	close(fd);
}

static void locks(void)
{
	int fd = open("locked", O_RDWR | O_CREAT, 0666);
	int second = open("locked", O_RDWR);
	int reader = open("big", O_RDONLY);

	SAY(lock(fd, F_SETLK, F_WRLCK, 10, 10, NULL));
	SAY(lock(fd, F_SETLK, F_RDLCK, 40, 10, NULL));
	SAY(lock(fd, F_SETLK, F_RDLCK, -5, 10, NULL));
	SAY(lock(reader, F_SETLK, F_RDLCK, 0, 0, NULL));
	SAY(lock(reader, F_SETLK, F_WRLCK, 0, 0, NULL));
	SAY(flock(fd, LOCK_SH));
	as(&root, locks_of_child);
	SAY(flock(fd, LOCK_EX | LOCK_NB));
	as(&root, locks_of_child);
	SAY(flock(second, LOCK_SH | LOCK_NB));
	SAY(flock(fd, LOCK_UN));
	SAY(flock(second, LOCK_EX | LOCK_NB));
	/* Any close of the file by this process drops its POSIX locks on it. */
	close(second);
	as(&root, locks_of_child);
	/* OFD locks belong to the descriptor, and conflict within the process. */
	second = open("locked", O_RDWR);
	SAY(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 5, NULL));
	SAY(lock(second, F_OFD_SETLK, F_WRLCK, 0, 5, NULL));
	close(fd);
	SAY(lock(second, F_OFD_SETLK, F_WRLCK, 0, 5, NULL));
	close(second);
	close(reader);
}

static void sockets(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	const struct sockaddr *at = (const struct sockaddr *)&address;
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	SAY(bind(server, at, sizeof(address)));
	show("socket");
	SAY(listen(server, 1));
	SAY(connect(client, at, sizeof(address)));
	SAY(open("socket", O_RDONLY));
	SAY(bind(client, at, sizeof(address)));
	close(server);
	close(client);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	SAY(connect(client, at, sizeof(address)));
	SAY(unlink("socket"));
	close(client);
}

static void programs(void)
{
	char program[] = "sleep", long_enough[] = "1000";
	char *const sleep_argv[] = { program, long_enough, NULL };
	pid_t pid = -1;
	int fd, r;

	SAY(system("cp /usr/bin/id id && chown 1005:1006 id && chmod 6755 id"));
	SAY(system("setpriv --reuid 1000 --regid 1000 --clear-groups ./id"));
	put("script", "#!/bin/sh\necho from a script\n", 0755);
	SAY(system("./script"));
	SAY(chmod("script", 0644));
	SAY(system("./script 2>/dev/null"));
	SAY(system("cp /bin/sleep ."));
	r = posix_spawn(&pid, "./sleep", NULL, NULL, sleep_argv, environ); /* returns after exec */
	SAY(r);
	fd = open("sleep", O_WRONLY);
	say("write to a running program", fd);
	SAY(kill(pid, SIGKILL));
	(void)waitpid(pid, NULL, 0);
	SAY(system("mkfifo f2; cat f2 & echo through a FIFO >f2; wait"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void listing(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);
	int i;

	for (i = 0; i < n; i++) {
		printf("%s: %s/%s type %d\n", theme, path, list[i]->d_name, list[i]->d_type);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} themes[] = {
		{ "births", births },
		{ "privileges", privileges },
		{ "permissions", permissions },
		{ "names", names },
		{ "lower links", lower_links },
		{ "flags", flags },
		{ "holes", holes },
		{ "mapping", mapping },
		{ "unlinked", unlinked },
		{ "nameless", nameless },
		{ "nameless of others", nameless_of_others },
		{ "times", times },
		{ "xattrs", xattrs },
		{ "inode flags", inode_flags },
		{ "file system", file_system },
		{ "locks", locks },
		{ "sockets", sockets },
		{ "programs", programs },
	};
	size_t i;

	if (argc != 2 || chdir(argv[1]) < 0)
		return 2;
	(void)umask(022);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(themes) / sizeof(themes[0]); i++) {
		theme = themes[i].name;
		themes[i].act();
	}
	theme = "setgid directory";
	births_in("setgid", 2000, 02777, NULL);
	theme = "default ACL";
	births_in("default", 0, 0777, "-m d:u:1003:rwx,d:g:2000:r,d:m:rwx,d:o:-");
	theme = "default ACL and setgid";
	births_in("both", 2000, 02777, "-m u:1000:rwx,d:u:1003:rx,d:o:r");
	SAY(chdir("both"));
	as(&user, keep_acl);
	SAY(chdir(".."));
	theme = "listing";
	listing(".");
	listing("log");
	listing("spool");
	listing("both");
	return 0;
}
