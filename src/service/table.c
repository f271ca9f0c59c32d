/* SPDX-License-Identifier: MIT */
/*
 * Which services there are. This is the whole list: nothing registers itself.
 * A new service is a file beside this one, a name in service.h, and a row here.
 */
#include "service.h"

#include <string.h>

const struct service *const service_list[] = {
	&service_echo,
	&service_upper,
	&service_hello,
	&service_accept,
	&service_discard,
	&service_chargen,
	&service_daytime,
	&service_time,
	NULL
};

const struct service *service_find(const char *name)
{
	for (const struct service *const *s = service_list; *s; s++)
		if (!strcmp((*s)->name, name))
			return *s;
	return NULL;
}
