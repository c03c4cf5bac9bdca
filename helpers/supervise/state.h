/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: what to do about one program, given what happened and when. Time is handed in. */
#ifndef INITFS_SUPERVISE_STATE_H
#define INITFS_SUPERVISE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Five lives in a row that together were shorter than a minute: it does not want to live, and
 * somebody is looking at the flicker. The rests do not count: once they are long, five deaths would
 * never come within a minute, and the flicker never end.
 */
#define STATE_DEATHS_MAX 5
#define STATE_DEATHS_USEC (60 * 1000000ULL)
/* The first rest is short, because a screen that comes back at once is hardly missed. */
#define STATE_REST_MIN_USEC 500000ULL
#define STATE_REST_MAX_USEC (16 * 1000000ULL)

/* A blink: shorter gains nothing that an eye sees, longer delays the screen. */
#define STATE_LOOK_USEC 50000ULL
/* Others wait for what is ready in a moment, and three blinks in a row are seen. */
#define STATE_LOOK_MIN_USEC 5000ULL
#define STATE_LOOK_PART 16

enum state {
	STATE_WAITING, /* for what it needs */
	STATE_STARTING, /* it runs, and is not ready */
	STATE_LATE, /* it runs, and was not ready in time: nobody waits for it any more */
	STATE_READY,
	STATE_RESTING, /* it died and will be started again */
	STATE_STOPPED, /* on purpose: nothing of ours any more */
	STATE_GAVE_UP, /* it died too often */
	STATE_SKIPPED, /* never started: rc does it, as ever */
	STATES,
};

enum event {
	EVENT_TICK, /* time has gone by */
	EVENT_ALLOWED, /* what it waits for is there */
	EVENT_IMPOSSIBLE, /* what it waits for will not come, or somebody else runs it */
	EVENT_READY,
	EVENT_EXITED, /* status is wait(2)'s, or STATE_NOT_STARTED */
	EVENT_EXITED_FINAL, /* the same while the machine goes down, or after it was told to stop */
};

/* A status that wait(2) never has: it could not be started at all. */
#define STATE_NOT_STARTED (-1)

enum action {
	ACTION_NONE,
	ACTION_START,
	ACTION_SAY_READY,
	ACTION_SAY_LATE,
	ACTION_SAY_SKIPPED,
	ACTION_SAY_STOPPED, /* it ended on purpose, or is not to be started again */
	ACTION_SAY_RESTING, /* it died and will be started again at the deadline */
	ACTION_GIVE_UP,
};

struct service {
	enum state state;
	bool restarts;
	uint64_t ready_bound_usec;
	uint64_t deadline; /* when EVENT_TICK has something to say; 0: never */
	uint64_t rest_usec; /* the next rest */
	uint64_t started;
	unsigned int deaths; /* how many of lived[] are set */
	uint64_t lived[STATE_DEATHS_MAX]; /* how long each time, oldest first */
};

/* A service that waits from now on, until bound_usec is over. */
void service_init(struct service *service, bool restarts, uint64_t bound_usec,
		  uint64_t ready_bound_usec, uint64_t now);

/* Moves on and answers what to do. An event that means nothing in this state is ACTION_NONE. */
enum action service_next(struct service *service, enum event event, int status, uint64_t now);

/*
 * In what time a service that waits or starts is to be looked at again: STATE_LOOK_USEC, and one that has just
 * been started after a STATE_LOOK_PART of its life, but STATE_LOOK_MIN_USEC at least.
 */
uint64_t service_look_usec(const struct service *service, uint64_t now);

/* Did it end because somebody wanted it to: exit status 0, or SIGTERM? */
bool is_on_purpose(int status);

/* Writes the status for the record: "0", "signal-9", "not-started". */
void state_describe_status(int status, char *text, size_t size);

/* Has it a process that is ours? */
bool is_running(const struct service *service);

/* Will nothing ever happen to it again? */
bool is_over(const struct service *service);

#endif
