/* SPDX-License-Identifier: MIT */
/*
 * Names that are not socket addresses: hosts backwards, services, protocols,
 * this machine, its interfaces. All in the caller's memory, where the C
 * library's older calls use their own.
 */
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <sockeye/addr.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lookup.h"
#include "wait.h"

/* Copy a name, or refuse: a name cut short is another name. */
static int copy(char *out, size_t room, const char *name)
{
	size_t n = strlen(name);

	if (!out)
		return 0;
	if (n >= room)
		return -ENOBUFS;
	memcpy(out, name, n + 1);
	return 0;
}

/* A public answer: value, with errno as it was before (the C library may make it 0), or -1. */
static int told(int err, int value, int before)
{
	errno = err ? -err : before;
	return err ? -1 : value;
}

int sock_addr_name(const struct sock_addr *addr, char *host, size_t host_room,
                   char *service, size_t service_room, int flags, int64_t limit, char *why)
{
	char h[NI_MAXHOST], serv[NI_MAXSERV], buf[64];
	struct sock_text at = sock_addr_text(addr);
	int gai, err, before = errno;

	if (!addr || !addr->len)
		return why_say(why, EINVAL, "name", at.s, NULL);
	err = lookup_addr((const struct sockaddr *)&addr->storage, addr->len, flags,
	                  flags & NI_NUMERICHOST ? PACE_FOREVER : pace_deadline(limit), h, serv, &gai);
	if (err)
		return why_say(why, -err, "name", at.s, lookup_words(err, gai, buf, sizeof buf));
	err = copy(host, host_room, h);
	if (!err)
		err = copy(service, service_room, serv);
	if (err)
		return why_say(why, -err, "name", at.s, "the name does not fit the buffer");
	return told(0, 0, before);
}

int sock_service_port(const char *service, const char *proto)
{
	struct servent entry, *found = NULL;
	int before = errno;
	char buf[2048];

	if (!service || getservbyname_r(service, proto, &entry, buf, sizeof buf, &found) || !found) {
		errno = service ? ENOENT : EINVAL;
		return -1;
	}
	return told(0, ntohs(found->s_port), before);
}

int sock_service_name(int port, const char *proto, char *out, size_t room)
{
	struct servent entry, *found = NULL;
	int before = errno;
	char buf[2048];

	if (port < 0 || port > 65535 || !out) {
		errno = EINVAL;
		return -1;
	}
	if (getservbyport_r(htons(port), proto, &entry, buf, sizeof buf, &found) || !found) {
		errno = ENOENT;
		return -1;
	}
	return told(copy(out, room, found->s_name), 0, before);
}

int sock_protocol(const char *name)
{
	struct protoent entry, *found = NULL;
	int before = errno;
	char buf[2048];

	if (!name || getprotobyname_r(name, &entry, buf, sizeof buf, &found) || !found) {
		errno = name ? ENOENT : EINVAL;
		return -1;
	}
	return told(0, found->p_proto, before);
}

int sock_hostname(char *out, size_t room)
{
	char name[256] = "";
	int before = errno;

	if (!out || gethostname(name, sizeof name - 1) < 0) {
		errno = EINVAL;
		return -1;
	}
	return told(copy(out, room, name), 0, before);
}

int sock_fqdn(char *out, size_t room)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME };
	struct addrinfo *list = NULL;
	char name[256];
	int gai, err, before = errno;

	if (sock_hostname(name, sizeof name) < 0)
		return -1;
	err = lookup_name(name, &hints, pace_deadline(wait_default()), &list, &gai);
	if (!err && list && list->ai_canonname)
		err = copy(out, room, list->ai_canonname);
	else
		err = copy(out, room, name);
	if (list)
		freeaddrinfo(list);
	return told(out ? err : -EINVAL, 0, before);
}

int sock_interfaces(struct sock_interface *list, int room)
{
	struct if_nameindex *all;
	int n = 0;

	if (room > 0 && !list) {
		errno = EINVAL;
		return -1;
	}
	all = if_nameindex();
	if (!all)
		return -1;
	for (; all[n].if_index; n++) {
		if (n >= room)
			continue;
		list[n].index = all[n].if_index;
		snprintf(list[n].name, sizeof list[n].name, "%s", all[n].if_name);
	}
	if_freenameindex(all);
	return n;
}
