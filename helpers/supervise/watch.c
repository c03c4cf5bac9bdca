/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs that were picked: looks at each, moves it on, and does what state.h answers. */
#include "config.h"

#include "supervise/watch.h"
#include "supervise/adopt.h"
#include "supervise/asked.h"
#include "supervise/console.h"
#include "supervise/needs.h"
#include "supervise/prepare.h"
#include "supervise/ready.h"
#include "supervise/root.h"
#include "supervise/runlevel.h"
#include "supervise/spawn.h"
#include "supervise/stopped.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/report.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The boot stands still for a device for no longer: udev has seen all there is before we begin. */
#define DEVICE_USEC (5 * 1000000ULL)
#define DIED "%s died %d times, and never lived for long; "
/* For what nobody waits for any more. */
#define SLOW_LOOK_USEC 1000000ULL

uint64_t watch_now(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}

/* --- what an action does */

static void mark(struct watch *watch, const char *event, const struct run *run, const char *key,
		 const char *value)
{
	timeline_mark(watch->timeline, event, "name", run->entry->name, key, value, NULL);
}

static int start(struct watch *watch, struct run *run, struct fault *fault)
{
	char pid[16];
	int r = prepare_entry(run->entry, fault);

	if (r == 0)
		r = prepare_sockets(run->entry, fault);
	probe_init(&run->probe, run->entry);
	if (r == 0)
		r = spawn_entry(run->entry, &run->pid, &run->pidfd, &run->probe.fd, fault);
	if (r < 0)
		return r;
	(void)snprintf(pid, sizeof(pid), "%d", (int)run->pid);
	mark(watch, "early.start", run, "pid", pid);
	if (run->entry->kind == ENTRY_SCREEN)
		(void)file_write_pid(AT_FDCWD, SCREEN_PID,
				     run->pid); /* inittab's line waits in vain */
	if (run->entry->writes_pid_file) {
		r = prepare_pid_file(run->entry, run->pid, fault);
		/* It runs all the same; but rc will not see that, and somebody has to know. */
		if (r < 0)
			(void)report(r, fault, EXIT_FAILED);
	}
	return 0;
}

static void give_up(struct watch *watch, struct run *run)
{
	timeline_mark(watch->timeline, "early.gave-up", "name", run->entry->name, NULL);
	if (run->entry->kind == ENTRY_SCREEN)
		run->owes_console = true;
	else
		report_line(DIED "it is not started again", run->entry->name, STATE_DEATHS_MAX);
}

/* A dead server that still has the screen would hide the console. */
static void look_at_gave_up(struct run *run)
{
	char text[160];

	if (leftover_is_there(&run->leftover, watch_now()))
		return;
	run->owes_console = false;
	(void)snprintf(text, sizeof(text), DIED "log in here, on the text console",
		       run->entry->name, STATE_DEATHS_MAX);
	report_line("%s", text);
	(void)console_restore(text); /* a machine without one has nothing to restore */
}

static void move_on(struct watch *watch, struct run *run, enum event event, int status);

/* Is there somebody by whom init itself starts the program again? */
static bool is_adopted(struct watch *watch, struct run *run)
{
	pid_t adopter = adopter_of(run->entry);
	char pid[16];

	if (!adopter)
		return false;
	(void)snprintf(pid, sizeof(pid), "%d", (int)adopter);
	(void)snprintf(run->why, sizeof(run->why), "init starts it, by pid %d", (int)adopter);
	mark(watch, "early.adopted", run, "pid", pid);
	return true;
}

static void act(struct watch *watch, struct run *run, enum action action)
{
	struct fault fault = { 0 };
	int r;

	switch (action) {
	case ACTION_START:
		r = start(watch, run, &fault);
		if (r < 0) {
			(void)report(r, &fault, EXIT_FAILED);
			move_on(watch, run, EVENT_EXITED, STATE_NOT_STARTED);
		}
		break;
	case ACTION_SAY_READY:
		probe_close(&run->probe);
		timeline_mark(watch->timeline, "early.ready", "name", run->entry->name, NULL);
		break;
	case ACTION_SAY_LATE:
		report_line("%s is not ready in time; nobody waits for it any more",
			    run->entry->name);
		timeline_mark(watch->timeline, "early.late", "name", run->entry->name, NULL);
		break;
	case ACTION_SAY_SKIPPED:
		report_line("%s is not started early: %s", run->entry->name, run->why);
		mark(watch, "early.skipped", run, "why", run->why);
		break;
	case ACTION_GIVE_UP:
		give_up(watch, run);
		break;
	case ACTION_SAY_STOPPED: /* early.exit has said it */
	case ACTION_SAY_RESTING:
	case ACTION_NONE:
		break;
	}
}

static void move_on(struct watch *watch, struct run *run, enum event event, int status)
{
	char text[32];

	if (event == EVENT_EXITED || event == EVENT_EXITED_FINAL) {
		state_describe_status(status, text, sizeof(text));
		mark(watch, "early.exit", run, "status", text);
	}
	act(watch, run, service_next(&run->service, event, status, watch_now()));
}

/* --- one look */

static void look_at_waiting(struct watch *watch, struct run *run)
{
	enum need need = needs_look(watch, run);

	if (need == NEED_LOST || is_taken(run, true))
		move_on(watch, run, EVENT_IMPOSSIBLE, 0);
	else if (need == NEED_MET)
		move_on(watch, run, EVENT_ALLOWED, 0);
	else
		move_on(watch, run, EVENT_TICK, 0);
}

static void send_signal(int pidfd, int signal_number)
{
	if (pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0U);
}

static void look_at_resting(struct watch *watch, struct run *run)
{
	/* Asked first: what is left gets its time while the rest lasts. */
	if (leftover_is_there(&run->leftover, watch_now()) || watch_now() < run->service.deadline)
		return;
	run->why[0] = '\0';
	if (is_going_down(root_runlevel_now()) || is_taken(run, false) || is_adopted(watch, run)) {
		if (run->why[0])
			report_line("%s is not started again: %s", run->entry->name, run->why);
		move_on(watch, run, EVENT_IMPOSSIBLE, 0);
	} else {
		move_on(watch, run, EVENT_TICK, 0);
	}
}

static bool is_worth_a_look(const struct run *run)
{
	return run->entry->kind == ENTRY_SCREEN && run->service.state == STATE_READY &&
	       !run->is_looked_at;
}

/* What has shown nothing by then is not waited for any longer. */
static uint64_t look_deadline(const struct run *run)
{
	return run->service.started + run->entry->ready_bound_usec;
}

/* The server answers long before the greeter has drawn; this sees the first window. */
static void look_at_screen(struct watch *watch, struct run *run)
{
	int r = -ENOTSUP;

	if (run->entry->ready == ENTRY_READY_X11)
		r = shown_look(&run->shown, run->entry->ready_path);
	if (r == 0 && watch_now() < look_deadline(run))
		return;
	run->is_looked_at = true;
	shown_close(&run->shown);
	if (r > 0)
		timeline_mark(watch->timeline, "early.shown", "name", run->entry->name, NULL);
	spawn_when_shown(
		run->entry); /* also where it is not known: whoever waits for it waits no more */
}

static void look_at(struct watch *watch, struct run *run)
{
	if (run->service.state == STATE_WAITING)
		look_at_waiting(watch, run);
	else if (run->service.state == STATE_RESTING)
		look_at_resting(watch, run);
	else if (run->owes_console)
		look_at_gave_up(run);
	else if (is_running(&run->service) && run->service.state != STATE_READY)
		move_on(watch, run,
			is_ready(run->entry, run->pid, &run->probe) ? EVENT_READY : EVENT_TICK, 0);
	/* From the turn on in which it became ready: then whoever looks at it ends our wait. */
	if (is_worth_a_look(run))
		look_at_screen(watch, run);
}

void watch_look(struct watch *watch)
{
	unsigned int i;

	asked_look(watch);
	for (i = 0; i < watch->count; i++)
		if (!waits_to_be_asked(watch, &watch->runs[i]))
			look_at(watch, &watch->runs[i]);
}

/* A machine without a screen has a display manager more often than one thinks. */
static bool may_come_soon(const struct watch *watch, const struct run *run)
{
	return run->service.state == STATE_WAITING &&
	       !(run->lacks_device && watch_now() >= watch->began + DEVICE_USEC);
}

bool watch_screen_comes(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++) {
		const struct run *run = &watch->runs[i];

		if (run->entry->kind == ENTRY_SCREEN &&
		    (may_come_soon(watch, run) || run->service.state == STATE_STARTING ||
		     is_worth_a_look(run)))
			return true;
	}
	return false;
}

bool watch_has_work(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		if (!is_over(&watch->runs[i].service) || watch->runs[i].owes_console)
			return true;
	return false;
}

/* --- signals and ends */

/* In reverse: the screen before the bus. */
void watch_stop(struct watch *watch, int signal_number)
{
	unsigned int i;

	watch->is_ending = true;
	for (i = watch->count; i-- > 0;) {
		struct run *run = &watch->runs[i];

		send_signal(run->pidfd, signal_number);
		(void)snprintf(run->why, sizeof(run->why), "the early start was undone");
		if (!is_running(&run->service))
			move_on(watch, run, EVENT_IMPOSSIBLE, 0);
	}
}

/* waitid's answer in the form of wait's, which is how the world writes statuses. */
static int wait_status(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8 : info->si_status & 0x7f;
}

void watch_collect(struct watch *watch, struct run *run, bool is_final)
{
	siginfo_t info = { 0 };
	int pidfd = run->pidfd;

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return;
	/* Before it is collected: see there. */
	is_final = is_final || (!is_on_purpose(wait_status(&info)) && is_being_stopped(run->entry));
	(void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG); /* it has ended */
	fd_close(&run->pidfd);
	probe_close(&run->probe);
	shown_close(&run->shown);
	prepare_pid_file_undo(run->entry, run->pid);
	run->pid = 0;
	if (file_read_pid(AT_FDCWD, SCREEN_PID) == info.si_pid)
		(void)unlink(SCREEN_PID); /* who reads a stale one looks for its process */
	if (run->entry->kind == ENTRY_SCREEN && !is_on_purpose(wait_status(&info)))
		leftover_end(&run->leftover, run->entry, info.si_pid, watch_now());
	is_final = is_final || is_going_down(root_runlevel_now()) || is_adopted(watch, run);
	move_on(watch, run, is_final ? EVENT_EXITED_FINAL : EVENT_EXITED, wait_status(&info));
}

/* --- the whole */

uint64_t watch_next(const struct watch *watch, uint64_t now)
{
	uint64_t next = 0;
	unsigned int i;

	for (i = 0; i < watch->count; i++) {
		const struct service *service = &watch->runs[i].service;
		uint64_t due = 0;

		if (waits_to_be_asked(watch, &watch->runs[i]))
			due = now + SLOW_LOOK_USEC;
		else if (service->state == STATE_WAITING || service->state == STATE_STARTING ||
			 watch->runs[i].owes_console)
			due = now + service_look_usec(service, now);
		else if (is_worth_a_look(&watch->runs[i]))
			due = look_deadline(&watch->runs[i]); /* who looks ends before */
		else if (service->state == STATE_LATE)
			due = now + SLOW_LOOK_USEC;
		else if (service->state == STATE_RESTING)
			due = now + STATE_LOOK_USEC; /* at what is left behind, too */
		if (due && (!next || due < next))
			next = due;
	}
	return next;
}

void watch_init(struct watch *watch, const struct candidate *candidates, const struct picks *picks,
		uint64_t now)
{
	unsigned int i;

	watch->count = picks->count;
	watch->began = now;
	for (i = 0; i < watch->count; i++) {
		struct run *run = &watch->runs[i];

		*run = (struct run){ .pidfd = -EBADF,
				     .probe = { .fd = -EBADF },
				     .shown = { .pidfd = -EBADF } };
		leftover_init(&run->leftover);
		run->entry = &candidates[picks->pick[i]].entry;
		service_init(&run->service, run->entry->restarts, run->entry->bound_usec,
			     run->entry->ready_bound_usec, now);
	}
}

void watch_close(struct watch *watch, bool undo)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++) {
		struct fault fault = { 0 };
		int r = undo ? prepare_sockets_undo(watch->runs[i].entry, &fault) : 0;

		if (r < 0)
			(void)report(r, &fault, EXIT_FAILED);
		fd_close(&watch->runs[i].pidfd);
		probe_close(&watch->runs[i].probe);
		shown_close(&watch->runs[i].shown);
		leftover_close(&watch->runs[i].leftover);
	}
}
