/* SPDX-License-Identifier: MIT */
/*
 * Unix paths and the rarer families. A path may hold any byte as %XX, which is
 * how addrtext prints bytes that would spoil a line; a bare % is refused
 * rather than guessed at.
 */
#include "where-other.h"

#include <errno.h>
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "../base/num.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX. Returns the length, or -EINVAL; room is never exceeded (-ERANGE). */
static int decode(char *out, size_t room, const char *text, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			if (n - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
				return -EINVAL;
			c = hex(text[i + 1]) << 4 | hex(text[i + 2]);
			i += 2;
		}
		if (used == room)
			return -ERANGE;
		out[used++] = c;
	}
	return used;
}

static int take(struct where *w, const void *addr, size_t n)
{
	w->addr = (struct sock_addr){ .type = w->type, .proto = w->proto, .len = n };
	memcpy(&w->addr.storage, addr, n);
	w->kind = WHERE_ADDR;
	return 0;
}

static int unix_bytes(struct where *w, const char *text, size_t n, bool abstract)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t room = sizeof un.sun_path - 1;
	int len = decode(un.sun_path + abstract, room, text, n);

	if (len == -EINVAL)
		return where_refuse(w, "a %% must be followed by two hexadecimal digits: "
		                    "write %%25 for the sign itself");
	if (len < 0)
		return where_refuse(w, "a Unix %s of over %zu bytes: shorten it%s", abstract ? "name" : "path", room,
		                    abstract ? "" : " or change to its directory");
	if (!abstract && memchr(un.sun_path, '\0', len))
		return where_refuse(w, "a path holds no zero byte: unix:@NAME is an abstract name");
	len += abstract;
	return take(w, &un, offsetof(struct sockaddr_un, sun_path) + len + (!abstract && len > 0));
}

int where_unix(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	(void)known;
	if (n > 0 && text[0] == '@')
		return unix_bytes(w, text + 1, n - 1, true);
	return unix_bytes(w, text, n, false);
}

int where_abstract(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	(void)known;
	return unix_bytes(w, text, n, true);
}

/* The next field of "a:b:c"; moves text behind it. */
static size_t field(const char **text, size_t *n, const char **start)
{
	const char *colon = memchr(*text, ':', *n);
	size_t len = colon ? (size_t)(colon - *text) : *n;

	*start = *text;
	*text += colon ? len + 1 : len;
	*n -= colon ? len + 1 : len;
	return len;
}

static bool is(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(text, word, n) == 0;
}

static int read_cid(const char *text, size_t n, uint64_t *cid)
{
	if (n == 0 || is(text, n, "any"))
		*cid = VMADDR_CID_ANY;
	else if (is(text, n, "local"))
		*cid = 1;
	else if (is(text, n, "host"))
		*cid = VMADDR_CID_HOST;
	else
		return num_decimal(text, n, UINT32_MAX, cid);
	return 0;
}

int where_vsock(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK };
	uint64_t cid = 0, port = 0;
	const char *part;
	size_t len = field(&text, &n, &part);

	(void)known;
	if (read_cid(part, len, &cid) < 0)
		return where_refuse(w, "a vsock address is vsock:CID:PORT, CID a number, any, local or host");
	if (is(text, n, "any"))
		port = VMADDR_PORT_ANY;
	else if (num_decimal(text, n, UINT32_MAX, &port) < 0)
		return where_refuse(w, "a vsock address is vsock:CID:PORT, PORT a number to 4294967295 or any");
	vm.svm_cid = cid;
	vm.svm_port = port;
	return take(w, &vm, sizeof vm);
}

/* An interface by name, or by number if it is gone; an empty one is all of them. */
static int read_interface(struct where *w, const char *text, size_t n, int *index)
{
	char name[IF_NAMESIZE], q[48];
	uint64_t number = 0;

	*index = 0;
	if (n == 0)
		return 0;
	if (n < sizeof name) {
		memcpy(name, text, n);
		name[n] = '\0';
		*index = if_nametoindex(name);
	}
	if (!*index && num_decimal(text, n, INT32_MAX, &number) == 0)
		*index = number;
	if (*index)
		return 0;
	return where_refuse(w, "\"%s\" is not an interface of this machine", where_quote(q, text, n));
}

int where_packet(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET };
	uint64_t proto = known->proto ? ntohs(known->proto) : 0;
	const char *part;
	size_t len = field(&text, &n, &part);

	if (read_interface(w, part, len, &ll.sll_ifindex) < 0)
		return -EINVAL;
	if (n && num_decimal(text, n, 65535, &proto) < 0)
		return where_refuse(w, "a packet address is packet:INTERFACE:PROTOCOL, PROTOCOL a number to 65535");
	ll.sll_protocol = htons(proto);
	return take(w, &ll, sizeof ll);
}

int where_netlink(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	uint64_t pid = 0, groups = 0;
	const char *part;
	size_t len = field(&text, &n, &part);

	(void)known;
	if (num_decimal(part, len, UINT32_MAX, &pid) < 0 || num_decimal(text, n, UINT32_MAX, &groups) < 0)
		return where_refuse(w, "a netlink address is netlink:PID:GROUPS, two numbers");
	nl.nl_pid = pid;
	nl.nl_groups = groups;
	return take(w, &nl, sizeof nl);
}

static int read_can_id(const char *text, size_t n, uint32_t *id)
{
	uint64_t v = 0;

	if (n == 0 || n > 8)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (hex(text[i]) < 0)
			return -EINVAL;
		v = v << 4 | hex(text[i]);
	}
	*id = v;
	return 0;
}

int where_can(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	struct sockaddr_can can = { .can_family = AF_CAN };
	uint32_t rx = 0, tx = 0;
	const char *part;
	size_t len = field(&text, &n, &part);
	int index;

	(void)known;
	if (read_interface(w, part, len, &index) < 0)
		return -EINVAL;
	can.can_ifindex = index;
	if (n) {
		len = field(&text, &n, &part);
		if (read_can_id(part, len, &rx) < 0 || read_can_id(text, n, &tx) < 0)
			return where_refuse(w, "a CAN address is can:INTERFACE or can:INTERFACE:RX:TX, "
			                    "RX and TX hexadecimal");
	}
	can.can_addr.tp.rx_id = rx;
	can.can_addr.tp.tx_id = tx;
	return take(w, &can, sizeof can);
}

/* A string of at least one byte, and none of them zero. */
static bool decode_string(char *out, size_t room, const char *text, size_t n)
{
	int len = decode(out, room - 1, text, n);

	return len > 0 && !memchr(out, '\0', len);
}

int where_alg(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	struct sockaddr_alg alg = { .salg_family = AF_ALG };
	const char *part;
	size_t len = field(&text, &n, &part);

	(void)known;
	if (!decode_string((char *)alg.salg_type, sizeof alg.salg_type, part, len) ||
	    !decode_string((char *)alg.salg_name, sizeof alg.salg_name, text, n) ||
	    strchr((char *)alg.salg_type, ':'))
		return where_refuse(w, "an alg address is alg:TYPE:NAME, such as alg:hash:sha256");
	return take(w, &alg, sizeof alg);
}

int where_fd(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	uint64_t fd = 0;
	char q[48];

	(void)known;
	if (num_decimal(text, n, INT32_MAX, &fd) < 0)
		return where_refuse(w, "\"%s\" is not a descriptor: write fd:3", where_quote(q, text, n));
	w->kind = WHERE_FD;
	w->port = fd;
	return 0;
}
