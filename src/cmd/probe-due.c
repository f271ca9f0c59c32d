/* SPDX-License-Identifier: MIT */
/* A list of deadlines in their order, linked both ways, for most are cancelled. */
#include "probe-due.h"

#include <stddef.h>

void probe_due_cancel(struct probe_due *d)
{
	struct probe_due_list *list = d->list;

	if (!list)
		return;
	*(d->before ? &d->before->next : &list->first) = d->next;
	*(d->next ? &d->next->before : &list->last) = d->before;
	*d = (struct probe_due){ .list = NULL };
}

void probe_due_set(struct probe_due_list *list, struct probe_due *d, int64_t now)
{
	probe_due_cancel(d);
	*d = (struct probe_due){ .list = list, .before = list->last, .at = now + list->far };
	*(list->last ? &list->last->next : &list->first) = d;
	list->last = d;
}

int64_t probe_due_first(const struct probe_due_list *list)
{
	return list->first ? list->first->at : INT64_MAX;
}

struct probe_due *probe_due_take(struct probe_due_list *list, int64_t now)
{
	struct probe_due *d = list->first;

	if (!d || d->at > now)
		return NULL;
	probe_due_cancel(d);
	return d;
}
