/* SPDX-License-Identifier: MIT */
/*
 * Socket options of a command line. Each is checked as far as it can be without
 * a socket, so that a slip is a matter of the command line and not of the first
 * connection.
 */
#include "sockopt.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "../sock/option-table.h"
#include "../sock/option-value.h"

static const char *unknown(const char *name, char why[OPTION_WHY])
{
	const char *near = option_nearest(name);

	if (!near)
		return "no such socket option: see sock_option(3)";
	snprintf(why, OPTION_WHY, "no such socket option: did you mean %s?", near);
	return why;
}

/* One NAME or NAME=VALUE. NULL, or what is wrong with it. */
static const char *wrong_item(char *item, char why[OPTION_WHY])
{
	char *equals = strchr(item, '=');
	struct option_value value;
	const char *reason = NULL;

	if (equals)
		*equals++ = '\0';
	const struct option_row *row = option_row(item, strlen(item));
	if (!row)
		return unknown(item, why);
	if (!equals && row->shape != OPTION_FLAG) {
		snprintf(why, OPTION_WHY, "%s needs a value: %s=...", row->is.name, row->is.name);
		return why;
	}
	if (option_of_text(&value, row->shape, equals ? equals : "on", &reason) == 0)
		return NULL;
	snprintf(why, OPTION_WHY, "%s: %s", row->is.name, reason ? reason : "not a value of it");
	return why;
}

static const char *wrong_list(const char *list, char why[OPTION_WHY])
{
	for (const char *at = list;; at++) {
		size_t n = strcspn(at, ",");
		char item[SOCKEYE_WHY];

		if (!n || n >= sizeof item)
			return n ? "too long" : "an option's name is missing";
		memcpy(item, at, n);
		item[n] = '\0';
		const char *wrong = wrong_item(item, why);
		if (wrong || !at[n])
			return wrong;
		at += n;
	}
}

const char *sockopt_add(char list[SOCKOPT_ROOM], const char *value, char why[OPTION_WHY])
{
	size_t used = strlen(list), n = strlen(value);
	const char *wrong = wrong_list(value, why);

	if (wrong)
		return wrong;
	if (used + n + 2 > SOCKOPT_ROOM)
		return "more options than there is room for";
	snprintf(list + used, SOCKOPT_ROOM - used, "%s%s", used ? "," : "", value);
	return NULL;
}

static bool suits(int level, const struct address *a)
{
	int family = sock_addr_family(&a->addr);
	bool host_name = !a->addr.len;
	bool inet = family == AF_INET || family == AF_INET6 || host_name;

	if (level == IPPROTO_TCP)
		return inet && a->type == SOCK_STREAM;
	if (level == IPPROTO_UDP)
		return inet && a->type == SOCK_DGRAM;
	return inet || (level != IPPROTO_IP && level != IPPROTO_IPV6);
}

const char *sockopt_misfit(const char *options, const struct address *a)
{
	while (*options) {
		const struct option_row *row = option_row(options, strcspn(options, "=,"));

		if (row && !suits(row->is.level, a))
			return row->is.name;
		options += strcspn(options, ",");
		options += *options == ',';
	}
	return NULL;
}
