/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An early.d file is read to the letter; what is wrong is named with its line and left out. */
#include "config.h"

#include "check.h"
#include "supervise/conf.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>

static char complaints[2048];

static void note(void *context, const char *name, unsigned int line, const char *what)
{
	size_t used = strlen(complaints);

	(void)snprintf(complaints + used, sizeof(complaints) - used, "%s:%u: %s\n", name, line,
		       what);
}

static int parse(const char *name, const char *text, struct entry *entry)
{
	complaints[0] = '\0';
	return conf_parse(name, strdup(text), note, NULL, entry);
}

static void test_full(void)
{
	struct entry entry;

	CHECK_INT(parse("demo",
			"# a comment\n\n"
			"Kind = screen \n"
			"Program=/usr/sbin/demo\r\n"
			"Exec=/usr/sbin/demo -n \"$OPTIONS\"\n"
			"Defaults=/etc/default/demo\n"
			"Export=LANG LANGUAGE\n"
			"Environment=A=b c=d\n"
			"Environment=E=\n"
			"Before=/bin/true\n"
			"MakeDir=/run/demo 0755 demo:adm\n"
			"MakeFifo=/dev/xconsole 0640\n"
			"SocketDir=/tmp/.X11-unix\n"
			"Needs=dbus\nWants=elogind seatd\nAlso=klogd\n"
			"NeedsDevice=/dev/dri/card* /dev/fb0\n"
			"NeedsWritable=/var/log\n"
			"Bound=7\nReadyBound=3\n"
			"PidFile=/run/demo.pid\nWritePidFile=yes\n"
			"Ready=socket:/run/demo.sock\n"
			"Restart=no\nService=demo demo-x\n"
			"Relay=kernel /var/log/fsck/x\nRelayUnless=a=b /etc/x.conf",
			&entry),
		  0);
	CHECK_STR(complaints, "");
	CHECK_STR(entry.name, "demo");
	CHECK_INT(entry.kind, ENTRY_SCREEN);
	CHECK_STR(entry.program, "/usr/sbin/demo");
	CHECK_STR(entry.exec, "/usr/sbin/demo -n \"$OPTIONS\"");
	CHECK_STR(entry.defaults, "/etc/default/demo");
	CHECK_INT(entry.exports.count, 2);
	CHECK_INT(entry.relay.count, 2);
	CHECK_STR(entry.relay_unless.word[0], "a=b");
	CHECK_INT(entry.environment.count, 2);
	CHECK_STR(entry.environment.word[0], "A=b c=d");
	CHECK_STR(entry.before.word[0], "/bin/true");
	CHECK_INT(entry.make_count, 2);
	CHECK_STR(entry.make[0].path, "/run/demo");
	CHECK_STR(entry.make[0].owner, "demo:adm");
	CHECK_INT(entry.make[0].mode, 0755);
	CHECK(!entry.make[0].is_fifo);
	CHECK(entry.make[1].is_fifo);
	CHECK(!entry.make[1].owner);
	CHECK_STR(entry.socket_dir, "/tmp/.X11-unix");
	CHECK_STR(entry.wants.word[1], "seatd");
	CHECK_STR(entry.devices.word[0], "/dev/dri/card*");
	CHECK_INT(entry.bound_usec, 7000000);
	CHECK_INT(entry.ready_bound_usec, 3000000);
	CHECK(entry.writes_pid_file);
	CHECK_INT(entry.ready, ENTRY_READY_SOCKET);
	CHECK_STR(entry.ready_path, "/run/demo.sock");
	CHECK(!entry.restarts);
	CHECK_STR(entry.services.word[1], "demo-x");
	entry_free(&entry);
}

static void test_defaults(void)
{
	struct entry entry;

	CHECK_INT(parse("x", "Kind=syslog\nProgram=/x\nExec=/x", &entry), 0);
	CHECK(entry.restarts);
	CHECK(!entry.writes_pid_file);
	CHECK_INT(entry.ready, ENTRY_READY_STARTED);
	CHECK_INT(entry.bound_usec, 60000000);
	CHECK_INT(entry.ready_bound_usec, 30000000);
	CHECK(!entry.pid_file);
	entry_free(&entry);
}

/* One wrong line in an otherwise good file: it is named with its number, and the rest counts. */
static void check_wrong(const char *line, const char *complaint)
{
	struct entry entry;
	char text[512];

	(void)snprintf(text, sizeof(text), "Kind=bus\nProgram=/x\n%s\nExec=/x y\n", line);
	CHECK_INT(parse("w", text, &entry), 0);
	CHECK_STR(complaints, complaint);
	CHECK_STR(entry.exec, "/x y");
	entry_free(&entry);
}

static void test_wrong_lines(void)
{
	check_wrong("Colour=blue", "w:3: there is no key 'Colour'; the line is left out\n");
	check_wrong("exec=/y", "w:3: there is no key 'exec'; the line is left out\n");
	check_wrong("hello", "w:3: 'hello' is not KEY=value; the line is left out\n");
	check_wrong("Restart=maybe", "w:3: Restart= takes yes or no; the line is left out\n");
	check_wrong("Bound=1m", "w:3: Bound= takes seconds, at most 3600; the line is left out\n");
	check_wrong("Bound=3601",
		    "w:3: Bound= takes seconds, at most 3600; the line is left out\n");
	check_wrong("PidFile=x.pid",
		    "w:3: PidFile= takes an absolute path; the line is left out\n");
	check_wrong("PidFile=/run/../x",
		    "w:3: PidFile= takes an absolute path; the line is left out\n");
	check_wrong("Needs=../x", "w:3: Needs= takes names of entries; the line is left out\n");
	check_wrong("NeedsDevice=dri",
		    "w:3: NeedsDevice= takes absolute paths; the line is left out\n");
	check_wrong("Export=A;rm", "w:3: Export= takes names of variables; the line is left out\n");
	check_wrong("Environment=novalue",
		    "w:3: Environment= takes NAME=value; the line is left out\n");
	check_wrong("MakeDir=/run/x 0999",
		    "w:3: MakeDir= takes PATH MODE [USER[:GROUP]]; the line is left out\n");
	check_wrong("MakeDir=/run/x",
		    "w:3: MakeDir= takes PATH MODE [USER[:GROUP]]; the line is left out\n");
	check_wrong("MakeDir=/run/x 0755 a b",
		    "w:3: MakeDir= takes PATH MODE [USER[:GROUP]]; the line is left out\n");
	check_wrong("Service=1 2 3 4 5 6 7 8 9",
		    "w:3: Service= takes at most eight of them; the line is left out\n");
	check_wrong("Ready=soon", "w:3: Ready= takes started, pidfile, socket:PATH, path:PATH, "
				  "x11:PATH, notify:FD or line:PATH TEXT; the line is left out\n");
	check_wrong("Ready=started:/x",
		    "w:3: Ready= takes started, pidfile, socket:PATH, path:PATH, "
		    "x11:PATH, notify:FD or line:PATH TEXT; the line is left out\n");
	check_wrong("Ready=notify:2", "w:3: Ready= takes a descriptor, 3 to 9, behind the colon; "
				      "the line is left out\n");
	check_wrong("Ready=notify:10", "w:3: Ready= takes a descriptor, 3 to 9, behind the colon; "
				       "the line is left out\n");
	check_wrong("Ready=line:/var/log/x",
		    "w:3: Ready= takes a path and a piece of a line behind the colon; "
		    "the line is left out\n");
	check_wrong("Ready=line:x started",
		    "w:3: Ready= takes an absolute path behind the colon; the line is left out\n");
	check_wrong("Auto=perhaps", "w:3: Auto= takes yes or no; the line is left out\n");
	check_wrong("Fallback=2", "w:3: Fallback= takes yes or no; the line is left out\n");
	check_wrong("While=flag", "w:3: While= takes an absolute path; the line is left out\n");
	check_wrong("Ready=socket:here",
		    "w:3: Ready= takes an absolute path behind the colon; the line is left out\n");
}

/* A wrong Ready= leaves the one before it as it was. */
static void test_ready(void)
{
	struct entry entry;

	CHECK_INT(parse("r",
			"Kind=screen\nProgram=/x\nExec=/x\nAuto=no\nWhenShown=/bin/one\n"
			"While=/flag\nFallback=yes\n"
			"WhenShown=/bin/two\nReady=notify:3\nReady=notify:0",
			&entry),
		  0);
	CHECK_INT(entry.ready, ENTRY_READY_NOTIFY);
	CHECK_INT(entry.notify_fd, 3);
	CHECK(!entry.ready_path);
	CHECK(!entry.is_auto);
	CHECK(entry.is_fallback);
	CHECK_STR(entry.only_while, "/flag");
	CHECK_STR(entry.when_shown.word[1], "/bin/two");
	entry_free(&entry);

	CHECK_INT(parse("r", "Kind=bus\nProgram=/x\nExec=/x\nReady=line:/var/log/x  is up: now \n",
			&entry),
		  0);
	CHECK_STR(complaints, "");
	CHECK_INT(entry.ready, ENTRY_READY_LINE);
	CHECK_STR(entry.ready_path, "/var/log/x");
	CHECK_STR(entry.ready_line, "is up: now");
	CHECK(entry.is_auto);
	entry_free(&entry);
}

static void check_unusable(const char *text, const char *complaint)
{
	struct entry entry;

	CHECK_INT(parse("u", text, &entry), -EINVAL);
	CHECK_STR(complaints, complaint);
	entry_free(&entry);
}

static void test_unusable(void)
{
	check_unusable("", "u:0: it has no Kind=; the entry cannot be used\n");
	check_unusable("Kind=bus\nExec=/x", "u:0: it has no Program=; the entry cannot be used\n");
	check_unusable("Kind=bus\nProgram=/x", "u:0: it has no Exec=; the entry cannot be used\n");
	check_unusable("Kind=bus\nProgram=/x\nExec=/x\nReady=pidfile",
		       "u:0: it speaks of a pid file without PidFile=\n");
	check_unusable("Kind=bus\nProgram=/x\nExec=/x\nWritePidFile=yes",
		       "u:0: it speaks of a pid file without PidFile=\n");
	check_unusable("Kind=tree\nProgram=/x\nExec=/x",
		       "u:1: Kind= takes syslog, bus, seat, screen, recovery, unlock or other; the "
		       "line is "
		       "left out\n"
		       "u:0: it has no Kind=; the entry cannot be used\n");
}

static void test_names(void)
{
	CHECK(is_entry_name("gdm3"));
	CHECK(is_entry_name("syslog-ng"));
	CHECK(!is_entry_name(""));
	CHECK(!is_entry_name(".hidden"));
	CHECK(!is_entry_name("a/b"));
	CHECK(!is_entry_name("a b"));
	CHECK_STR(entry_kind_name(ENTRY_SCREEN), "screen");
}

/* What we ship has nothing to complain about. */
static void test_shipped(void)
{
	char path[512];
	auto_closedir DIR *dir = NULL;
	struct dirent *file;
	unsigned int count = 0;

	(void)snprintf(path, sizeof(path), "%s/helpers/supervise/early.d",
		       getenv("INITFS_SRC") ? getenv("INITFS_SRC") : ".");
	dir = opendir(path);
	CHECK(dir);
	while (dir && (file = readdir(dir))) {
		auto_close int fd = openat(dirfd(dir), file->d_name, O_RDONLY | O_CLOEXEC);
		char text[4096];
		struct entry entry;
		ssize_t n = read(fd, text, sizeof(text) - 1);

		if (n <= 0)
			continue; /* "." and ".." */
		text[n] = '\0';
		CHECK_INT(parse(file->d_name, text, &entry), 0);
		CHECK_STR(complaints, "");
		CHECK(entry.services.count > 0 || !entry.is_auto || entry.is_fallback ||
		      entry.only_while || entry.kind == ENTRY_RECOVERY ||
		      entry.kind == ENTRY_UNLOCK);
		entry_free(&entry);
		count++;
	}
	CHECK(count >= 20);
}

int main(void)
{
	test_full();
	test_defaults();
	test_wrong_lines();
	test_ready();
	test_unusable();
	test_names();
	test_shipped();
	return check_result();
}
