/* SPDX-License-Identifier: MIT */
/*
 * Addresses of the command line. How they are taken apart is sock/where.c; here
 * is what follows from it.
 */
#include "address.h"

#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sockeye/option.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "../engine/source.h"
#include "../sock/where.h"

enum { CID_LOCAL = 1 };

static bool is_local(const struct sock_addr *addr)
{
	struct sockaddr_vm vm;

	memcpy(&vm, &addr->storage, sizeof vm);
	switch (sock_addr_family(addr)) {
	case AF_UNIX:
		return true;
	case AF_VSOCK:
		return vm.svm_cid == CID_LOCAL;
	case AF_INET:
	case AF_INET6:
		return source_is_loopback(addr);
	default:
		return false;
	}
}

static bool is_chosen(const struct sock_addr *addr)
{
	if (sock_addr_family(addr) == AF_UNIX)
		return addr->len <= offsetof(struct sockaddr_un, sun_path);
	return sock_addr_port(addr) == 0;
}

/* Every interface, as a socket would name it. */
static struct sock_addr every(const struct where *w)
{
	in_port_t port = htons((uint16_t)w->port);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = port };

	if (w->family == AF_INET)
		return sock_addr_from((struct sockaddr *)&in, sizeof in, w->type);
	return sock_addr_from((struct sockaddr *)&in6, sizeof in6, w->type);
}

static const char *remedy(int err)
{
	switch (err) {
	case EBADF:
		return ": it is not open here, whoever starts the command must hand it over";
	case ENOTSOCK:
		return ": it is a file, a pipe or a terminal";
	default:
		return "";
	}
}

/* Ask a descriptor that somebody else has opened; it stays theirs. */
static int ask(struct address *a, int fd, char why[SOCKEYE_WHY])
{
	struct sock s = sock_from(fd);
	int64_t listens = 0;

	a->fd = fd;
	a->type = s.type;
	if (s.fd >= 0 && sock_name_addr(&s, &a->addr) == 0)
		sock_get(&s, "acceptconn", &listens);
	a->listens = listens;
	snprintf(why, SOCKEYE_WHY, "%s%s", strerrordesc_np(s.error), remedy(s.error));
	return sock_detach(&s) < 0 ? -1 : 0;
}

int address_read(struct address *a, const char *text, char why[SOCKEYE_WHY])
{
	struct where w;

	memset(a, 0, sizeof *a);
	if (where_parse(&w, text, NULL) < 0) {
		snprintf(why, SOCKEYE_WHY, "%s", w.reason);
		return -1;
	}
	a->fd = -1;
	a->type = w.type;
	if (w.kind == WHERE_FD && ask(a, w.port, why) < 0)
		return -1;
	if (w.kind == WHERE_ADDR)
		a->addr = w.addr;
	if (w.kind == WHERE_ANY)
		a->addr = every(&w);
	if (a->addr.len) {
		a->local = is_local(&a->addr);
		a->chosen = is_chosen(&a->addr);
	} else {
		a->local = strcmp(w.host, "localhost") == 0;
		a->chosen = w.port == 0;
	}
	return 0;
}

/* The kind is known as soon as a scheme is; fd: alone leaves it open. */
bool address_is_bare(const char *text)
{
	struct where w;

	return where_parse(&w, text, NULL) < 0 && !w.type && !strstr(text, "://") &&
	       strncmp(text, "fd:", 3) != 0;
}
