/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of lines. */
#include "config.h"

#include "merge/logtime.h"

#include <string.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

/* What is left of a line. */
struct text {
	const char *at;
	const char *end;
};

static bool take(struct text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

/* Between least and most digits, of which nine are enough for everything here. */
static bool take_number(struct text *text, size_t least, size_t most, int64_t *ret)
{
	int64_t value = 0;
	size_t n;

	for (n = 0; n < most && text->at < text->end && *text->at >= '0' && *text->at <= '9'; n++)
		value = value * 10 + (*text->at++ - '0');
	*ret = value;
	return n >= least;
}

/* ".5": microseconds; what is finer is passed over. Without a point there are none. */
static bool take_fraction(struct text *text, int64_t *ret_usec)
{
	int64_t scale = SECOND / 10;

	*ret_usec = 0;
	if (!take(text, '.'))
		return true;
	if (text->at == text->end || *text->at < '0' || *text->at > '9')
		return false;
	for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
		*ret_usec += (*text->at - '0') * scale;
		scale /= 10;
	}
	return true;
}

/* hh:mm:ss */
static bool take_clock(struct text *text, int64_t *ret_usec)
{
	int64_t hour, minute, second;

	if (!take_number(text, 2, 2, &hour) || !take(text, ':') ||
	    !take_number(text, 2, 2, &minute) || !take(text, ':') ||
	    !take_number(text, 2, 2, &second))
		return false;
	*ret_usec = ((hour * 60 + minute) * 60 + second) * SECOND;
	return hour < 24 && minute < 60 && second <= 60;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970 to the first of that month (1…12). */
static int64_t days_before(int64_t year, int64_t month)
{
	static const int days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t before = year - 1;

	return (year - 1970) * 365 + (before / 4 - before / 100 + before / 400) - 477 +
	       days[month - 1] + (month > 2 && is_leap(year));
}

static bool is_day(int64_t year, int64_t month, int64_t day)
{
	if (month < 1 || month > 12 || day < 1)
		return false;
	if (month == 12)
		return day <= 31;
	return days_before(year, month) + day <= days_before(year, month + 1);
}

/* Z, +hh:mm, or nothing. What it is ahead of UTC. */
static bool take_zone(struct text *text, int64_t none, int64_t *ret_usec)
{
	int64_t hours, minutes, sign = 1;

	*ret_usec = none;
	if (take(text, 'Z') || take(text, 'z')) {
		*ret_usec = 0;
		return true;
	}
	if (take(text, '-'))
		sign = -1;
	else if (!take(text, '+'))
		return true;
	if (!take_number(text, 2, 2, &hours) || !take(text, ':') ||
	    !take_number(text, 2, 2, &minutes))
		return false;
	*ret_usec = sign * (hours * 60 + minutes) * 60 * SECOND;
	return hours < 24 && minutes < 60;
}

static bool read_full(struct text text, const struct logtime_base *base, int64_t *ret)
{
	int64_t year, month, day, clock, fraction, zone;

	if (!take_number(&text, 4, 4, &year) || !take(&text, '-') ||
	    !take_number(&text, 2, 2, &month) || !take(&text, '-') ||
	    !take_number(&text, 2, 2, &day) || !(take(&text, 'T') || take(&text, ' ')) ||
	    !take_clock(&text, &clock) || !take_fraction(&text, &fraction) ||
	    !take_zone(&text, base->zone, &zone) || year < 1970 || !is_day(year, month, day))
		return false;
	*ret = (days_before(year, month) + day - 1) * DAY + clock + fraction - zone;
	return true;
}

static int64_t month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t month;

	for (month = 1; month <= 12; month++)
		if (memcmp(name, names + 3 * (month - 1), 3) == 0)
			return month;
	return 0;
}

/* The year of a time, well enough to begin looking with the next one. */
static int64_t year_of(int64_t usec)
{
	return 1970 + usec / (365 * DAY + DAY / 4);
}

static bool read_yearless(struct text text, const struct logtime_base *base, int64_t *ret)
{
	int64_t number, day, clock, month, year, tries;

	if (take(&text, '<') && (!take_number(&text, 1, 3, &number) || !take(&text, '>')))
		return false;
	if (text.end - text.at < 4)
		return false;
	month = month_of(text.at);
	text.at += 3;
	if (!month || !take(&text, ' '))
		return false;
	(void)take(&text, ' '); /* "Nov  2" */
	if (!take_number(&text, 1, 2, &day) || !take(&text, ' ') || !take_clock(&text, &clock))
		return false;
	/* The 29th of February has to go back to a leap year: eight years at most. */
	year = year_of(base->latest) + 1;
	for (tries = 0; tries < 10; tries++, year--) {
		if (!is_day(year, month, day))
			continue;
		*ret = (days_before(year, month) + day - 1) * DAY + clock - base->zone;
		if (*ret <= base->latest + DAY)
			return true;
	}
	return false;
}

static bool read_boot(struct text text, const struct logtime_base *base, int64_t *ret)
{
	int64_t second, fraction;

	if (!take(&text, '['))
		return false;
	while (take(&text, ' '))
		;
	if (!take_number(&text, 1, 9, &second) || text.at == text.end || *text.at != '.' ||
	    !take_fraction(&text, &fraction) || !take(&text, ']'))
		return false;
	*ret = base->boot + second * SECOND + fraction;
	return true;
}

bool logtime_read(const char *line, size_t length, const struct logtime_base *base,
		  int64_t *ret_time)
{
	struct text text = { line, line + (length < LOGTIME_MAX ? length : LOGTIME_MAX) };
	int64_t time;

	if (!read_yearless(text, base, &time) && !read_full(text, base, &time) &&
	    !read_boot(text, base, &time))
		return false;
	*ret_time = time;
	return true;
}
