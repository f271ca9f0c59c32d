/* SPDX-License-Identifier: MIT */
/*
 * What several services share: an answer that goes out whole, and the time of
 * day. It is no layer between engine and service: conn.h is the contract.
 */
#include "service.h"

#include <string.h>
#include <time.h>

int64_t (*service_now_source)(void);

bool service_say(struct conn *c, const void *bytes, size_t n)
{
	size_t room;
	char *out = conn_room(c, n, &room);

	if (!out || room < n)
		return false;
	memcpy(out, bytes, n);
	conn_commit(c, n);
	return true;
}

int64_t service_now(void)
{
	return service_now_source ? service_now_source() : (int64_t)time(NULL);
}
