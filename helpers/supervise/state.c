/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do about one program, given what happened and when. */
#include "config.h"

#include "supervise/state.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void service_init(struct service *service, bool restarts, uint64_t bound_usec,
		  uint64_t ready_bound_usec, uint64_t now)
{
	*service = (struct service){
		.state = STATE_WAITING,
		.restarts = restarts,
		.ready_bound_usec = ready_bound_usec,
		.deadline = now + bound_usec,
		.rest_usec = STATE_REST_MIN_USEC,
	};
}

bool is_on_purpose(int status)
{
	if (status == STATE_NOT_STARTED)
		return false;
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	       (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

void state_describe_status(int status, char *text, size_t size)
{
	if (status == STATE_NOT_STARTED)
		(void)snprintf(text, size, "not-started");
	else if (WIFSIGNALED(status))
		(void)snprintf(text, size, "signal-%d", WTERMSIG(status));
	else
		(void)snprintf(text, size, "%d", WEXITSTATUS(status));
}

bool is_running(const struct service *service)
{
	return service->state == STATE_STARTING || service->state == STATE_LATE ||
	       service->state == STATE_READY;
}

bool is_over(const struct service *service)
{
	return service->state == STATE_STOPPED || service->state == STATE_GAVE_UP ||
	       service->state == STATE_SKIPPED;
}

uint64_t service_look_usec(const struct service *service, uint64_t now)
{
	uint64_t part = (now - service->started) / STATE_LOOK_PART;

	if (service->state != STATE_STARTING || part > STATE_LOOK_USEC)
		return STATE_LOOK_USEC;
	return part > STATE_LOOK_MIN_USEC ? part : STATE_LOOK_MIN_USEC;
}

static enum action enter(struct service *service, enum state state, uint64_t deadline,
			 enum action action)
{
	service->state = state;
	service->deadline = deadline;
	return action;
}

static enum action start(struct service *service, uint64_t now)
{
	service->started = now;
	return enter(service, STATE_STARTING, now + service->ready_bound_usec, ACTION_START);
}

/* Notes a death and says whether the last STATE_DEATHS_MAX lives were shorter than STATE_DEATHS_USEC. */
static bool is_too_often(struct service *service, uint64_t now)
{
	uint64_t sum = 0;
	unsigned int i;

	if (service->deaths == STATE_DEATHS_MAX)
		memmove(service->lived, service->lived + 1,
			(STATE_DEATHS_MAX - 1) * sizeof(service->lived[0]));
	else
		service->deaths++;
	service->lived[service->deaths - 1] = now - service->started;
	for (i = 0; i < service->deaths; i++)
		sum += service->lived[i];
	return service->deaths == STATE_DEATHS_MAX && sum < STATE_DEATHS_USEC;
}

static enum action rest(struct service *service, uint64_t now)
{
	uint64_t rest_usec = service->rest_usec;

	service->rest_usec *= 2;
	if (service->rest_usec > STATE_REST_MAX_USEC)
		service->rest_usec = STATE_REST_MAX_USEC;
	return enter(service, STATE_RESTING, now + rest_usec, ACTION_SAY_RESTING);
}

static enum action die(struct service *service, int status, uint64_t now)
{
	if (is_on_purpose(status) || !service->restarts)
		return enter(service, STATE_STOPPED, 0, ACTION_SAY_STOPPED);
	/* Who has lived for long is forgiven: its next rest is short again. */
	if (now - service->started >= STATE_DEATHS_USEC)
		service->rest_usec = STATE_REST_MIN_USEC;
	if (is_too_often(service, now))
		return enter(service, STATE_GAVE_UP, 0, ACTION_GIVE_UP);
	return rest(service, now);
}

static enum action next_waiting(struct service *service, enum event event, uint64_t now)
{
	if (event == EVENT_ALLOWED)
		return start(service, now);
	if (event == EVENT_IMPOSSIBLE || (event == EVENT_TICK && now >= service->deadline))
		return enter(service, STATE_SKIPPED, 0, ACTION_SAY_SKIPPED);
	return ACTION_NONE;
}

static enum action next_running(struct service *service, enum event event, int status, uint64_t now)
{
	if (event == EVENT_EXITED)
		return die(service, status, now);
	if (event == EVENT_READY && service->state != STATE_READY)
		return enter(service, STATE_READY, 0, ACTION_SAY_READY);
	if (event == EVENT_TICK && service->state == STATE_STARTING && now >= service->deadline)
		return enter(service, STATE_LATE, 0, ACTION_SAY_LATE);
	return ACTION_NONE;
}

enum action service_next(struct service *service, enum event event, int status, uint64_t now)
{
	if (is_over(service))
		return ACTION_NONE;
	if (event == EVENT_EXITED_FINAL)
		return enter(service, STATE_STOPPED, 0, ACTION_SAY_STOPPED);
	if (service->state == STATE_WAITING)
		return next_waiting(service, event, now);
	if (is_running(service))
		return next_running(service, event, status, now);

	/* Resting. While it rested, somebody else may have started it. */
	if (event == EVENT_IMPOSSIBLE)
		return enter(service, STATE_STOPPED, 0, ACTION_SAY_STOPPED);
	if (event == EVENT_TICK && now >= service->deadline)
		return start(service, now);
	return ACTION_NONE;
}
