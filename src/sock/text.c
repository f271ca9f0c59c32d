/* SPDX-License-Identifier: MIT */
/*
 * Text as Python makes it: str.upper(), and what print() shows for bytes and
 * for addresses. Only text is made here; nothing is asked of the system.
 * Upper-casing itself is base/upper.c; addresses in the library's own form,
 * the one that parses back, are base/addrtext.c.
 */
#include <sockeye/text.h>

#include <arpa/inet.h>
#include <linux/can.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/un.h>

#include "../base/printable.h"
#include "../base/put.h"
#include "../base/upper.h"
#include "../base/utf8.h"

size_t sock_upper(char *out, size_t room, const char *in, size_t n, size_t *used)
{
	size_t unasked;

	return upper_bytes(out, room, in, n, used ? used : &unasked);
}

/* Double quotes only where they save a backslash. */
static char quote_for(const char *s, size_t n)
{
	return n && memchr(s, '\'', n) && !memchr(s, '"', n) ? '"' : '\'';
}

static void put_number_of(struct put *p, uint32_t point)
{
	char text[16];
	struct put number = put_into(text, sizeof text);
	int digits = point <= 0xff ? 2 : point <= 0xffff ? 4 : 8;

	put_text(&number, digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U");
	put_hex(&number, point, digits);
	put_bytes(p, number.to, number.n);
}

/* A character of ASCII, within quotes of the given kind. */
static void put_ascii(struct put *p, char c, char quote)
{
	switch (c) {
	case '\t': put_text(p, "\\t"); break;
	case '\n': put_text(p, "\\n"); break;
	case '\r': put_text(p, "\\r"); break;
	case '\\': put_text(p, "\\\\"); break;
	default:
		if (c == quote)
			put_bytes(p, (char[]){ '\\', c }, 2);
		else if (c >= ' ' && c <= '~')
			put_bytes(p, &c, 1);
		else
			put_number_of(p, (unsigned char)c);
	}
}

static void put_repr(struct put *p, const char *s, size_t n)
{
	char quote = quote_for(s, n);

	put_bytes(p, (char[]){ 'b', quote }, 2);
	for (size_t i = 0; i < n && !p->full; i++)
		put_ascii(p, s[i], quote);
	put_bytes(p, &quote, 1);
}

char *sock_repr(char *out, size_t room, const void *bytes, size_t n)
{
	struct put p = put_into(out, room);

	put_repr(&p, bytes, n);
	return out;
}

/* A str. A byte that is not UTF-8 is the lone surrogate by which Python remembers it. */
static void put_str(struct put *p, const char *s, size_t n)
{
	char quote = quote_for(s, n);
	size_t step;

	put_bytes(p, &quote, 1);
	for (; n; s += step, n -= step) {
		uint32_t point = 0xdc00u + (unsigned char)*s;
		int size = utf8_next(s, n, &point);

		step = size ? (size_t)size : 1;
		if (size == 1)
			put_ascii(p, *s, quote);
		else if (size && printable(point))
			put_bytes(p, s, step);
		else
			put_number_of(p, point);
	}
	put_bytes(p, &quote, 1);
}

/* A system address, aligned and padded with zeros however short it came. */
union any {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_vm vm;
	struct sockaddr_nl nl;
	struct sockaddr_ll ll;
	struct sockaddr_can can;
	struct sockaddr_storage storage;
};

static void put_item(struct put *p, uint64_t value)
{
	put_text(p, ", ");
	put_number(p, value);
}

static void put_host(struct put *p, int family, const void *addr, in_port_t port)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, host, sizeof host);
	put_text(p, "'");
	put_text(p, host);
	put_text(p, "'");
	put_item(p, ntohs(port));
}

/* Python tells the zone in the fourth place alone. */
static void put_in6(struct put *p, const struct sockaddr_in6 *a)
{
	put_host(p, AF_INET6, &a->sin6_addr, a->sin6_port);
	put_item(p, ntohl(a->sin6_flowinfo));
	put_item(p, a->sin6_scope_id);
}

/* A path ends at its NUL, an abstract name only with the address. */
static void put_un(struct put *p, const struct sockaddr_un *a, size_t len)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t n = len > head ? len - head : 0;

	if (n > sizeof a->sun_path)
		n = sizeof a->sun_path;
	if (n && !a->sun_path[0])
		put_repr(p, a->sun_path, n);
	else
		put_str(p, a->sun_path, strnlen(a->sun_path, n));
}

static void put_ll(struct put *p, const struct sockaddr_ll *a)
{
	put_number(p, (unsigned)a->sll_ifindex);
	put_item(p, ntohs(a->sll_protocol));
	put_item(p, a->sll_pkttype);
	put_item(p, a->sll_hatype);
	put_text(p, ", ");
	put_repr(p, (const char *)a->sll_addr, a->sll_halen < 8 ? a->sll_halen : 8);
}

static void put_can(struct put *p, const struct sockaddr_can *a, int proto)
{
	put_number(p, (unsigned)a->can_ifindex);
	if (proto == CAN_ISOTP) {
		put_item(p, a->can_addr.tp.rx_id);
		put_item(p, a->can_addr.tp.tx_id);
	} else if (proto == CAN_J1939) {
		put_item(p, a->can_addr.j1939.name);
		put_item(p, a->can_addr.j1939.pgn);
		put_item(p, a->can_addr.j1939.addr);
	} else {
		put_text(p, ",");
	}
}

static void put_tuple(struct put *p, const union any *a, int proto)
{
	switch (a->sa.sa_family) {
	case AF_INET: put_host(p, AF_INET, &a->in.sin_addr, a->in.sin_port); break;
	case AF_INET6: put_in6(p, &a->in6); break;
	case AF_NETLINK: put_number(p, a->nl.nl_pid); put_item(p, a->nl.nl_groups); break;
	case AF_VSOCK: put_number(p, a->vm.svm_cid); put_item(p, a->vm.svm_port); break;
	case AF_PACKET: put_ll(p, &a->ll); break;
	case AF_CAN: put_can(p, &a->can, proto); break;
	default:
		put_number(p, a->sa.sa_family);
		put_text(p, ", ");
		put_repr(p, a->sa.sa_data, sizeof a->sa.sa_data);
	}
}

char *sock_repr_addr(char *out, size_t room, const struct sock_addr *addr)
{
	struct put p = put_into(out, room);
	union any a = { .storage = { 0 } };
	size_t len = addr ? addr->len : 0;

	if (len > sizeof a)
		len = sizeof a;
	if (len)
		memcpy(&a, &addr->storage, len);
	if (len < sizeof a.sa.sa_family) {
		put_text(&p, "None");
	} else if (a.sa.sa_family == AF_UNIX) {
		put_un(&p, &a.un, len);
	} else {
		put_text(&p, "(");
		put_tuple(&p, &a, addr->proto);
		put_text(&p, ")");
	}
	return out;
}
