/* SPDX-License-Identifier: MIT */
/*
 * Addresses as text, one small printer per family. They live in base because
 * both the library and the recorder print addresses. The parser that reads
 * the same forms is sock/where.c.
 */
#include "addrtext.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/un.h>

#include "put.h"
#include "utf8.h"

/* A system address, aligned and padded with zeros however short it came. */
union any {
	sa_family_t family;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_vm vm;
	struct sockaddr_ll ll;
	struct sockaddr_nl nl;
	struct sockaddr_can can;
	struct sockaddr_alg alg;
	struct sockaddr_storage storage;
};

struct place {
	union any a;
	size_t len;
	int type, proto;
};

/* Does it move the cursor, end the line, reverse the text or hide? */
static bool tricky(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||
	       c == 0x2028 || c == 0x2029 ||
	       c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xfeff;
}

static void put_escaped(struct put *p, const char *bytes, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)bytes[i];
		char text[] = { '%', digits[b >> 4], digits[b & 15] };

		put_bytes(p, text, sizeof text);
	}
}

/* A path or name of n bytes; also is one more character to be escaped, or NUL. */
static void put_name(struct put *p, const char *s, size_t n, char also)
{
	while (n) {
		uint32_t c = 0;
		int len = utf8_next(s, n, &c);
		size_t step = len ? (size_t)len : 1;

		if (!len || tricky(c) || c == '%' || (also && c == (unsigned char)also))
			put_escaped(p, s, step);
		else
			put_bytes(p, s, step);
		s += step;
		n -= step;
	}
}

/* Only names that no parser can take for a number or for the end of the host. */
static bool plain(const char *name)
{
	if (*name >= '0' && *name <= '9')
		return false;
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("%[]:/", *c))
			return false;
	return *name != '\0';
}

static void put_interface(struct put *p, unsigned index)
{
	char name[IF_NAMESIZE] = "";
	int saved = errno;

	if (index && if_indextoname(index, name) && plain(name))
		put_text(p, name);
	else
		put_number(p, index);
	errno = saved;
}

static void put_pair(struct put *p, const char *scheme, uint64_t a, uint64_t b)
{
	put_text(p, scheme);
	put_number(p, a);
	put_text(p, ":");
	put_number(p, b);
}

static const char *inet_scheme(const struct place *w)
{
	switch (w->type) {
	case SOCK_STREAM: return "tcp://";
	case SOCK_DGRAM: return w->proto == IPPROTO_UDPLITE ? "udplite://" : "udp://";
	case SOCK_RAW: return "raw://";
	default: return "";
	}
}

static void put_port(struct put *p, const struct place *w, in_port_t port)
{
	if (w->type == SOCK_RAW)
		return;
	put_text(p, ":");
	put_number(p, ntohs(port));
}

static void put_in(struct put *p, const struct place *w)
{
	const uint8_t *ip = (const uint8_t *)&w->a.in.sin_addr;

	put_text(p, inet_scheme(w));
	for (int i = 0; i < 4; i++) {
		put_text(p, i ? "." : "");
		put_number(p, ip[i]);
	}
	put_port(p, w, w->a.in.sin_port);
}

static void put_in6(struct put *p, const struct place *w)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &w->a.in6.sin6_addr, host, sizeof host);
	put_text(p, inet_scheme(w));
	put_text(p, "[");
	put_text(p, host);
	if (w->a.in6.sin6_scope_id) {
		put_text(p, "%");
		put_interface(p, w->a.in6.sin6_scope_id);
	}
	put_text(p, "]");
	put_port(p, w, w->a.in6.sin6_port);
}

/* A path ends at its NUL, an abstract name only with the address. */
static void put_un(struct put *p, const struct place *w)
{
	size_t n = w->len - offsetof(struct sockaddr_un, sun_path);
	const char *path = w->a.un.sun_path;

	if (n > sizeof w->a.un.sun_path)
		n = sizeof w->a.un.sun_path;
	put_text(p, w->type == SOCK_DGRAM ? "unix-dgram:" :
	            w->type == SOCK_SEQPACKET ? "unix-seqpacket:" : "unix:");
	if (!n)
		return;
	if (!*path) {
		put_text(p, "@");
		put_name(p, path + 1, n - 1, '\0');
		return;
	}
	n = strnlen(path, n);
	size_t at = *path == '@';
	put_escaped(p, path, at);
	put_name(p, path + at, n - at, '\0');
}

static void put_vm(struct put *p, const struct place *w)
{
	put_pair(p, "vsock:", w->a.vm.svm_cid, w->a.vm.svm_port);
}

/* An interface that the socket belongs to; 0 is all of them, and empty as text. */
static void put_owner(struct put *p, int index)
{
	if (index)
		put_interface(p, (unsigned)index);
}

static void put_ll(struct put *p, const struct place *w)
{
	put_text(p, "packet:");
	put_owner(p, w->a.ll.sll_ifindex);
	put_text(p, ":");
	put_number(p, ntohs(w->a.ll.sll_protocol));
}

static void put_nl(struct put *p, const struct place *w)
{
	put_pair(p, "netlink:", w->a.nl.nl_pid, w->a.nl.nl_groups);
}

/* Hexadecimal, as everybody who works with CAN writes them. */
static void put_id(struct put *p, uint32_t id)
{
	int digits = 1;

	while (digits < 8 && id >> (4 * digits))
		digits++;
	put_hex(p, id, digits);
}

/* J1939 keeps something else in the place of the two identifiers. */
static void put_can(struct put *p, const struct place *w)
{
	uint32_t rx = w->a.can.can_addr.tp.rx_id, tx = w->a.can.can_addr.tp.tx_id;

	put_text(p, "can:");
	put_owner(p, w->a.can.can_ifindex);
	if ((!rx && !tx) || w->proto == CAN_J1939)
		return;
	put_text(p, ":");
	put_id(p, rx);
	put_text(p, ":");
	put_id(p, tx);
}

static void put_alg(struct put *p, const struct place *w)
{
	const char *type = (const char *)w->a.alg.salg_type;
	const char *name = (const char *)w->a.alg.salg_name;

	put_text(p, "alg:");
	put_name(p, type, strnlen(type, sizeof w->a.alg.salg_type), ':');
	put_text(p, ":");
	put_name(p, name, strnlen(name, sizeof w->a.alg.salg_name), '\0');
}

static const struct form {
	int family;
	size_t least;           /* shorter addresses are incomplete */
	void (*put)(struct put *p, const struct place *w);
} forms[] = {
	{ AF_INET, offsetof(struct sockaddr_in, sin_zero), put_in },
	{ AF_INET6, offsetof(struct sockaddr_in6, sin6_scope_id), put_in6 },
	{ AF_UNIX, offsetof(struct sockaddr_un, sun_path), put_un },
	{ AF_VSOCK, offsetof(struct sockaddr_vm, svm_cid) + sizeof(uint32_t), put_vm },
	{ AF_PACKET, offsetof(struct sockaddr_ll, sll_hatype), put_ll },
	{ AF_NETLINK, sizeof(struct sockaddr_nl), put_nl },
	{ AF_CAN, offsetof(struct sockaddr_can, can_addr), put_can },
	{ AF_ALG, sizeof(struct sockaddr_alg), put_alg },
};

static void put_place(struct put *p, const struct place *w)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (forms[i].family != w->a.family)
			continue;
		if (w->len < forms[i].least)
			put_text(p, "unknown");
		else
			forms[i].put(p, w);
		return;
	}
	put_text(p, "family-");
	put_number(p, w->a.family);
}

size_t addrtext_print(char *out, size_t room, const struct sockaddr *sa, socklen_t len,
                      int type, int proto)
{
	struct put p = put_into(out, room);
	struct place w = { .type = type, .proto = proto, .len = len };

	if (w.len > sizeof w.a)
		w.len = sizeof w.a;
	if (sa && w.len)
		memcpy(&w.a, sa, w.len);
	if (!sa || w.len < sizeof w.a.family || w.a.family == AF_UNSPEC)
		put_text(&p, "unknown");
	else
		put_place(&p, &w);
	return p.n;
}
