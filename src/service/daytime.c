/* SPDX-License-Identifier: MIT */
/*
 * The date and the time of day as one line for people, in the first form that
 * RFC 867 suggests, then the end; any datagram gets it. Local time, but always
 * in English: a protocol has no locale, hence no strftime.
 */
#include "service.h"

#include <stdio.h>
#include <time.h>

enum { LINE = 192 };    /* enough for any numbers, and zones of 32 characters */

static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
};

static const char *const months[] = {
	"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"
};

static bool say(struct conn *c)
{
	time_t now = (time_t)service_now();
	char text[LINE];
	struct tm t;

	if (!localtime_r(&now, &t))
		return false;
	int n = snprintf(text, sizeof text, "%s, %s %d, %d %02d:%02d:%02d-%.32s\r\n",
		days[t.tm_wday], months[t.tm_mon], t.tm_mday, 1900 + t.tm_year,
		t.tm_hour, t.tm_min, t.tm_sec, t.tm_zone);
	return service_say(c, text, (size_t)n);
}

/* Also when a stream takes bytes later: there may have been no room at first. */
static void tell(struct conn *c)
{
	if (!conn_written(c) && say(c))
		conn_finish(c);
}

static size_t bytes(struct conn *c, const char *in, size_t n)
{
	(void)in;
	if (conn_is_datagram(c))
		say(c);
	return n;
}

const struct service service_daytime = {
	.name = "daytime",
	.about = "tell the date and the time as a line of text",
	.port = 13,
	.nature = SERVICE_PACED,
	.opened = tell,
	.more = tell,
	.bytes = bytes
};
