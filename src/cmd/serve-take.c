/* SPDX-License-Identifier: MIT */
/* Options of serve that say more than a number. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../base/num.h"
#include "network.h"
#include "serve.h"

/* -- --option -------------------------------------------------------------------- */

const char *serve_take_option(void *group, const char *value, char why[OPTION_WHY])
{
	struct serve_group *g = group;

	return sockopt_add(g->options, value, why);
}

/* -- --allow, --deny ---------------------------------------------------------------- */

static const char *add_net(struct engine_net *list, int *count, const char *value,
                           char why[OPTION_WHY])
{
	if (*count == SERVE_NETS_MOST)
		return "more networks than there is room for";
	const char *wrong = network_read(&list[*count], value, why);
	*count += !wrong;
	return wrong;
}

const char *serve_take_allow(void *group, const char *value, char why[OPTION_WHY])
{
	struct serve_group *g = group;

	return add_net(g->allow, &g->is.allows, value, why);
}

const char *serve_take_deny(void *group, const char *value, char why[OPTION_WHY])
{
	struct serve_group *g = group;

	return add_net(g->deny, &g->is.denies, value, why);
}

/* -- --ready-fd ---------------------------------------------------------------------- */

const char *serve_take_ready_fd(void *serve, const char *value, char why[OPTION_WHY])
{
	struct serve *s = serve;
	uint64_t fd;

	(void)why;
	if (num_decimal(value, strlen(value), INT32_MAX, &fd) < 0)
		return "not a descriptor's number";
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return "this descriptor is not open";
	s->ready_fd = (int)fd;
	return NULL;
}
