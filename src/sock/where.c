/* SPDX-License-Identifier: MIT */
/*
 * The address parser: schemes, hosts, ports. The families that are not the
 * Internet's stand in where-other.c. Strict on purpose: 99999 is not a port,
 * 127.1 is not a host, and a name too long is refused instead of cut, for a
 * name that was cut is another host's.
 */
#include "where.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/num.h"
#include "addr.h"
#include "where-other.h"

static const struct scheme {
	const char *name;       /* with its separator */
	int family, type, proto;
	int (*rest)(struct where *w, const char *text, size_t n, const struct where_known *known);
} schemes[] = {
	{ "tcp://", AF_UNSPEC, SOCK_STREAM, 0, NULL },
	{ "tcp4://", AF_INET, SOCK_STREAM, 0, NULL },
	{ "tcp6://", AF_INET6, SOCK_STREAM, 0, NULL },
	{ "udp://", AF_UNSPEC, SOCK_DGRAM, 0, NULL },
	{ "udp4://", AF_INET, SOCK_DGRAM, 0, NULL },
	{ "udp6://", AF_INET6, SOCK_DGRAM, 0, NULL },
	{ "udplite://", AF_UNSPEC, SOCK_DGRAM, IPPROTO_UDPLITE, NULL },
	{ "raw://", AF_UNSPEC, SOCK_RAW, 0, NULL },
	{ "unix:", AF_UNIX, SOCK_STREAM, 0, where_unix },
	{ "unix-dgram:", AF_UNIX, SOCK_DGRAM, 0, where_unix },
	{ "unix-seqpacket:", AF_UNIX, SOCK_SEQPACKET, 0, where_unix },
	{ "abstract:", AF_UNIX, SOCK_STREAM, 0, where_abstract },
	{ "vsock:", AF_VSOCK, SOCK_STREAM, 0, where_vsock },
	{ "packet:", AF_PACKET, SOCK_RAW, 0, where_packet },
	{ "netlink:", AF_NETLINK, SOCK_RAW, 0, where_netlink },
	{ "can:", AF_CAN, SOCK_RAW, 0, where_can },
	{ "alg:", AF_ALG, SOCK_SEQPACKET, 0, where_alg },
	{ "fd:", AF_UNSPEC, 0, 0, where_fd },
};

enum { SCHEMES = sizeof schemes / sizeof *schemes };

int where_refuse(struct where *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->reason, sizeof w->reason, format, args);
	va_end(args);
	return -EINVAL;
}

/* A short quotation of n bytes for a sentence: control bytes as '?', cut at 40. */
const char *where_quote(char out[48], const char *text, size_t n)
{
	size_t shown = n > 40 ? 40 : n;

	for (size_t i = 0; i < shown; i++)
		out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	memcpy(out + shown, n > 40 ? "..." : "", n > 40 ? 4 : 1);
	return out;
}

/* -- Ports ------------------------------------------------------------------ */

static int service_port(const char *name, int type)
{
	const char *proto = type == SOCK_DGRAM ? "udp" : type == SOCK_STREAM ? "tcp" : NULL;

	return sock_service_port(name, proto);
}

static bool service_shaped(const char *text, size_t n)
{
	bool letter = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i] | 0x20;

		letter |= c >= 'a' && c <= 'z';
		if (!(c >= 'a' && c <= 'z') && !(text[i] >= '0' && text[i] <= '9') &&
		    text[i] != '-' && text[i] != '_' && text[i] != '.' && text[i] != '+')
			return false;
	}
	return letter && n < 64 && !(text[0] >= '0' && text[0] <= '9');
}

static int read_port(struct where *w, const char *text, size_t n)
{
	uint64_t port = 0;
	char name[64], q[48];

	if (n == 0)
		return where_refuse(w, "no port: write HOST:PORT or [IPV6]:PORT");
	if (num_decimal(text, n, 65535, &port) == 0) {
		w->port = port;
		return 0;
	}
	if (!service_shaped(text, n))
		return where_refuse(w, "\"%s\" is not a port: 0 to 65535, or a service name",
		                    where_quote(q, text, n));
	memcpy(name, text, n);
	name[n] = '\0';
	w->port = service_port(name, w->type);
	if (w->port < 0)
		return where_refuse(w, "\"%s\" is not a service this machine knows", name);
	return 0;
}

/* -- Hosts -------------------------------------------------------------------- */

static bool family_allows(struct where *w, int family)
{
	return w->family == AF_UNSPEC || w->family == family;
}

static int take_in4(struct where *w, struct in_addr ip, const struct where_known *known)
{
	if (w->family == AF_INET6 && known->family != AF_INET6)
		return where_refuse(w, "IPv4 where only IPv6 fits");
	w->addr = addr_in4(ip, w->port, w->type, w->proto);
	w->kind = WHERE_ADDR;
	if (w->family == AF_INET6)
		w->addr = addr_mapped(&w->addr);
	return 0;
}

/* Four decimal numbers and nothing else. */
static bool strict_in4(const char *host, struct in_addr *ip)
{
	return inet_pton(AF_INET, host, ip) == 1;
}

/* Would inet_aton take it for a number? Then its last part is a number. */
static bool number_shaped(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	if (last[0] == '0' && (last[1] | 0x20) == 'x')
		return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
	return *last && last[strspn(last, "0123456789")] == '\0';
}

static int read_zone(struct where *w, const char *zone, uint32_t *index)
{
	uint64_t n = 0;
	char q[48];

	*index = if_nametoindex(zone);
	if (!*index && num_decimal(zone, strlen(zone), UINT32_MAX, &n) == 0)
		*index = n;
	if (*index)
		return 0;
	return where_refuse(w, "\"%s\" is not an interface of this machine", where_quote(q, zone, strlen(zone)));
}

/* The inside of brackets: IPv6 with an optional %zone. */
static int read_in6(struct where *w, const char *text, size_t n)
{
	char ip[64], q[48];
	struct in6_addr in6;
	uint32_t index = 0;
	char *zone;

	if (n < sizeof ip) {
		memcpy(ip, text, n);
		ip[n] = '\0';
		zone = strchr(ip, '%');
		if (zone)
			*zone++ = '\0';
		if (inet_pton(AF_INET6, ip, &in6) == 1) {
			if (!family_allows(w, AF_INET6))
				return where_refuse(w, "IPv6 where only IPv4 fits");
			if (zone && read_zone(w, zone, &index) < 0)
				return -EINVAL;
			w->addr = addr_in6(in6, index, w->port, w->type, w->proto);
			w->kind = WHERE_ADDR;
			return 0;
		}
	}
	return where_refuse(w, "\"%s\" is not an IPv6 address", where_quote(q, text, n));
}

/* RFC 1035: labels of 1 to 63 bytes, 253 in all; bytes that could mislead a reader are refused. */
static int check_name(struct where *w, const char *host, size_t n)
{
	size_t label = 0;
	char q[48];

	if (n > 253 + (host[n - 1] == '.'))
		return where_refuse(w, "a host name of %zu bytes: at most 253", n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = host[i];

		if (c <= ' ' || c == 0x7f || strchr("%[]/@#?\\\"'<>,;:", c))
			return where_refuse(w, "\"%s\" is not a host name", where_quote(q, host, n));
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return where_refuse(w, "a part of a host name is over 63 bytes long");
		if (c == '.' && (i == 0 || host[i - 1] == '.'))
			return where_refuse(w, "\"%s\" has an empty part", where_quote(q, host, n));
	}
	return 0;
}

static int read_name(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	struct in_addr ip;
	char q[48];

	if (check_name(w, text, n) < 0)
		return -EINVAL;
	memcpy(w->host, text, n);
	w->host[n] = '\0';
	if (strict_in4(w->host, &ip) || (known->old_ipv4 && number_shaped(w->host) && inet_aton(w->host, &ip)))
		return take_in4(w, ip, known);
	if (number_shaped(w->host))
		return where_refuse(w, "\"%s\" is not an IPv4 address: write four decimal numbers, each 0 to 255",
		                    where_quote(q, text, n));
	w->kind = WHERE_NAME;
	return 0;
}

static int read_host(struct where *w, const char *text, size_t n, const struct where_known *known)
{
	char q[48];

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']')
		return read_in6(w, text + 1, n - 2);
	if (n == 0) {
		w->kind = WHERE_ANY;
		return 0;
	}
	if (memchr(text, ':', n))
		return where_refuse(w, "\"%s\": write an IPv6 address in brackets, [::1]:80", where_quote(q, text, n));
	if (n == 1 && text[0] == '*')
		return where_refuse(w, "\"*\" is not a host: leave the host empty for every interface");
	if (n == 11 && memcmp(text, "<broadcast>", 11) == 0)
		return take_in4(w, (struct in_addr){ htonl(INADDR_BROADCAST) }, known);
	return read_name(w, text, n, known);
}

/* HOST:PORT; the port is behind the last colon that no bracket holds. */
static int read_inet(struct where *w, const char *text, const struct where_known *known)
{
	size_t n = strlen(text);
	const char *colon = memrchr(text, ':', n);
	const char *bracket = memrchr(text, ']', n);

	if (w->type == SOCK_RAW)
		return read_host(w, text, n, known);
	if (bracket && colon && colon < bracket)
		colon = NULL;
	if (!colon && known->port_optional)
		return read_host(w, text, n, known);
	if (!colon)
		return where_refuse(w, "no port: write HOST:PORT or [IPV6]:PORT");
	if (read_port(w, colon + 1, n - (colon + 1 - text)) < 0)
		return -EINVAL;
	return read_host(w, text, colon - text, known);
}

/* -- Schemes -------------------------------------------------------------------- */

static const struct scheme *scheme_of(const char *text)
{
	for (int i = 0; i < SCHEMES; i++)
		if (strncmp(text, schemes[i].name, strlen(schemes[i].name)) == 0)
			return &schemes[i];
	return NULL;
}

/* A socket that is open takes its own kind alone. */
static bool fits(const struct scheme *s, const struct where_known *k)
{
	bool inet = k->family == AF_INET || k->family == AF_INET6;

	if (!k->family || s->rest == where_fd)
		return s->rest != where_fd || !k->family;
	if (s->family == AF_UNSPEC ? !inet : s->family != k->family)
		return false;
	if (s->proto && s->proto != k->proto)
		return false;
	return s->type == k->type || (!inet && k->family != AF_UNIX);
}

static const struct scheme *scheme_for(const struct where_known *k)
{
	for (int i = 0; i < SCHEMES; i++)
		if (schemes[i].rest && schemes[i].family == k->family && schemes[i].rest != where_fd)
			return &schemes[i];
	return NULL;
}

/* Does text begin as a scheme would? Only then is an unknown one worth a remark. */
static bool scheme_shaped(const char *text)
{
	const char *mark = strstr(text, "://");

	return mark && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+") ==
	               (size_t)(mark - text);
}

static int with_scheme(struct where *w, const struct scheme *s, const char *text, const struct where_known *known)
{
	const char *rest = text + strlen(s->name);

	if (!fits(s, known))
		return where_refuse(w, "the socket is of another kind");
	w->family = known->family ? known->family : s->family;
	if (known->family == AF_INET6 && s->family == AF_INET)
		return where_refuse(w, "IPv4 where only IPv6 fits");
	w->type = known->type ? known->type : s->type;
	w->proto = known->proto ? known->proto : s->proto;
	return s->rest ? s->rest(w, rest, strlen(rest), known) : read_inet(w, rest, known);
}

int where_parse(struct where *w, const char *text, const struct where_known *known)
{
	static const struct where_known nothing;
	const struct scheme *s;

	memset(w, 0, sizeof *w);
	if (!known)
		known = &nothing;
	if (!text)
		return where_refuse(w, "no address given");
	s = scheme_of(text);
	if (s)
		return with_scheme(w, s, text, known);
	if (scheme_shaped(text))
		return where_refuse(w, "no such scheme: write one of tcp, udp, unix, unix-dgram, "
		                    "unix-seqpacket, vsock, fd, in lower case");
	w->family = known->family;
	w->type = known->type;
	w->proto = known->proto;
	s = scheme_for(known);
	if (s)
		return s->rest(w, text, strlen(text), known);
	if (known->family && known->family != AF_INET && known->family != AF_INET6)
		return where_refuse(w, "addresses of this family have no text form: use the _addr call");
	if (!known->family)
		return where_refuse(w, "no scheme: write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH");
	return read_inet(w, text, known);
}
