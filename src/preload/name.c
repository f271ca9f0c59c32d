/* SPDX-License-Identifier: MIT */
/* The calls that turn names into addresses and back. */
#include <netdb.h>

#include "real.h"
#include "tell.h"

static int answered(struct witness *w, int r)
{
	w->e.arg[0] = r;
	witness_done(w, r == EAI_SYSTEM ? -errno : 0);
	return r;
}

int (getaddrinfo)(const char *restrict host, const char *restrict service, const struct addrinfo *restrict hints,
                  struct addrinfo **restrict out)
{
	struct witness w;

	if (!tell_begin_new(&w, EVENT_GETADDRINFO))
		return REAL(getaddrinfo)(host, service, hints, out);
	w.e.text = host ? host : service;
	witness_enter(&w);
	return answered(&w, REAL(getaddrinfo)(host, service, hints, out));
}

int (getnameinfo)(const struct sockaddr *restrict addr, socklen_t len, char *restrict host, socklen_t host_room,
                  char *restrict service, socklen_t service_room, int flags)
{
	struct witness w;

	if (!tell_begin_new(&w, EVENT_GETNAMEINFO))
		return REAL(getnameinfo)(addr, len, host, host_room, service, service_room, flags);
	tell_addr(&w.e.peer, addr, len);
	witness_enter(&w);
	int r = REAL(getnameinfo)(addr, len, host, host_room, service, service_room, flags);
	if (r == 0)
		w.e.text = host && host_room ? host : service_room ? service : NULL;
	return answered(&w, r);
}
