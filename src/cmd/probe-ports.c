/* SPDX-License-Identifier: MIT */
/*
 * Ports in lists and ranges. Strict, like sock/where.c, which still judges all
 * that stands before them: what is no port is refused before anything is sent.
 */
#include "probe-ports.h"

#include <errno.h>
#include <sockeye/addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/num.h"
#include "../sock/where.h"
#include "out.h"

enum { NAME_MOST = 63, PORT_MOST = 65535 };

static int refuse(char why[SOCKEYE_WHY], const char *item, size_t n, const char *words)
{
	char text[OUT_SHOWN + 1], shown[OUT_SHOWN];

	snprintf(text, sizeof text, "%.*s", (int)(n < OUT_SHOWN ? n : OUT_SHOWN), item);
	snprintf(why, SOCKEYE_WHY, "\"%s\" %s", out_shown(shown, text), words);
	return -1;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(const char *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_letter(item[i]) && !strchr("0123456789-_.+", item[i]))
			return false;
	return n && n <= NAME_MOST && is_letter(item[0]);
}

static int read_name(struct probe_span *span, const char *item, size_t n, const char *proto,
                     char why[SOCKEYE_WHY])
{
	char name[NAME_MOST + 1];

	memcpy(name, item, n);
	name[n] = '\0';
	span->first = span->last = sock_service_port(name, proto);
	return span->first > 0 ? 0 : refuse(why, item, n, "is not a service this machine knows");
}

static int read_number(int *port, const char *item, size_t n)
{
	uint64_t value;

	if (num_decimal(item, n, PORT_MOST, &value) < 0)
		return -1;
	*port = (int)value;
	return 0;
}

/* One item of the list: a port, a range, or a service's name alone. */
static int read_item(struct probe_span *span, const char *item, size_t n, const char *proto,
                     char why[SOCKEYE_WHY])
{
	const char *hyphen = memchr(item, '-', n);
	size_t head = hyphen ? (size_t)(hyphen - item) : n;

	if (!n)
		return refuse(why, item, n, "is not a port: the list has an empty place");
	if (is_name(item, n))
		return read_name(span, item, n, proto, why);
	if (read_number(&span->first, item, head) < 0 ||
	    (hyphen && read_number(&span->last, hyphen + 1, n - head - 1) < 0))
		return refuse(why, item, n, "is not a port: 1 to 65535, a range such as 20-25, "
		              "or a service name");
	if (!hyphen)
		span->last = span->first;
	if (span->first == 0)
		return refuse(why, item, n, "begins with port 0, which nobody can call");
	if (span->first > span->last)
		return refuse(why, item, n, "goes down: write the lower port first");
	return 0;
}

static int read_list(struct probe_ports *p, const char *list, const char *proto,
                     char why[SOCKEYE_WHY])
{
	size_t items = 1;

	for (const char *c = list; *c; c++)
		items += *c == ',';
	p->spans = calloc(items, sizeof *p->spans);
	if (!p->spans) {
		snprintf(why, SOCKEYE_WHY, "no memory for so many ports");
		return -1;
	}
	for (const char *item = list; items; items--) {
		struct probe_span *span = &p->spans[p->n];
		size_t n = strcspn(item, ",");

		if (read_item(span, item, n, proto, why) < 0)
			return -1;
		p->count += (uint64_t)(span->last - span->first + 1);
		p->n++;
		item += n + 1;
	}
	return 0;
}

static bool has_ports(const char *text)
{
	return (strncmp(text, "tcp", 3) == 0 || strncmp(text, "udp", 3) == 0) && strstr(text, "://");
}

/* The colon before the ports; NULL if there is none. */
static const char *colon_of(const char *text)
{
	const char *rest = strstr(text, "://") + 3;
	const char *colon = strrchr(rest, ':'), *bracket = strrchr(rest, ']');

	return bracket && colon && colon < bracket ? NULL : colon;
}

/* Is what stands before the port right? text is a whole address. */
static int check(const char *text, char why[SOCKEYE_WHY])
{
	struct where w;

	if (where_parse(&w, text, NULL) == 0)
		return 0;
	snprintf(why, SOCKEYE_WHY, "%s", w.reason);
	return -1;
}

int probe_ports_read(struct probe_ports *p, const char *text, char why[SOCKEYE_WHY])
{
	const char *colon = has_ports(text) ? colon_of(text) : NULL;
	size_t n = colon ? (size_t)(colon + 1 - text) : strlen(text);
	char first[PROBE_PLACE + 8];

	*p = (struct probe_ports){ .count = colon ? 0 : 1 };
	if (n >= PROBE_PLACE)
		return refuse(why, text, n, "is too long for an address");
	memcpy(p->place, text, n);
	p->place[n] = '\0';
	snprintf(first, sizeof first, "%s%s", p->place, colon && colon[1] ? "1" : "");
	if (check(first, why) < 0)
		return -1;
	return colon ? read_list(p, colon + 1, *text == 'u' ? "udp" : "tcp", why) : 0;
}

void probe_ports_free(struct probe_ports *p)
{
	free(p->spans);
	p->spans = NULL;
	p->n = 0;
}

int probe_ports_next(const struct probe_ports *p, struct probe_place *at)
{
	if (!p->spans) {
		at->port = at->port ? 0 : -1;
		return at->port;
	}
	if (at->port && at->port < p->spans[at->span].last)
		return ++at->port;
	if (at->port)
		at->span++;
	at->port = at->span < p->n ? p->spans[at->span].first : 0;
	return at->port;
}
