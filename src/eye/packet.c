/* SPDX-License-Identifier: MIT */
/*
 * The layout of bytes: pcapng's blocks in the order of this machine's bytes,
 * which their first word tells, and the headers of RFC 791, 8200, 9293 and 768
 * in the network's. Which packets there are is segments.c's and datagrams.c's
 * matter.
 */
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../base/put.h"
#include "../base/utf8.h"
#include "args.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6,
	BYTE_ORDER_WORD = 0x1a2b3c4d,
	OPTION_END = 0, OPTION_COMMENT = 1, OPTION_NAME = 2, OPTION_PROGRAM = 4, OPTION_RESOLUTION = 9,
	LINK_RAW = 101,                 /* a packet begins with its IP header */
	NANOSECONDS = 9,
	HEADERS = 40 + 20 + 8,          /* IPv6, TCP, the options of a SYN */
	WINDOW_SCALE = 14,              /* a window so large that nothing fills it */
	HOPS = 64
};

/* Bytes in the order of the network, one behind the other. */
struct bytes {
	uint8_t b[HEADERS];
	size_t n;
};

static void put8(struct bytes *h, unsigned value)
{
	h->b[h->n++] = (uint8_t)value;
}

static void put16(struct bytes *h, unsigned value)
{
	put8(h, value >> 8);
	put8(h, value & 0xff);
}

static void put32(struct bytes *h, uint32_t value)
{
	put16(h, value >> 16);
	put16(h, value & 0xffff);
}

static void put_bits(struct bytes *h, const uint8_t *from, size_t n)
{
	memcpy(h->b + h->n, from, n);
	h->n += n;
}

static void set16(struct bytes *h, size_t at, unsigned value)
{
	h->b[at] = (uint8_t)(value >> 8);
	h->b[at + 1] = (uint8_t)value;
}

static void write_out(struct packet_file *f, const void *bytes, size_t n)
{
	if (!f->error && n)
		f->error = f->out(f->to, bytes, n);
}

static void write_padding(struct packet_file *f, size_t n)
{
	write_out(f, "\0\0\0", (4 - n % 4) % 4);
}

static size_t padded(size_t n)
{
	return (n + 3) / 4 * 4;
}

static void write_option(struct packet_file *f, unsigned code, const void *value, size_t n)
{
	uint16_t head[] = { (uint16_t)code, (uint16_t)n };

	write_out(f, head, sizeof head);
	write_out(f, value, n);
	write_padding(f, n);
}

static size_t option_size(size_t n)
{
	return 4 + padded(n);
}

static void write_section(struct packet_file *f)
{
	static const char program[] = "sockeye trace: packets made from system calls, nothing was captured";
	const size_t n = sizeof program - 1;
	uint32_t size = (uint32_t)(24 + option_size(n) + option_size(0) + 4);
	uint32_t head[] = { BLOCK_SECTION, size, BYTE_ORDER_WORD, 0, UINT32_MAX, UINT32_MAX };
	uint16_t version[] = { 1, 0 };

	memcpy(head + 3, version, sizeof version);
	write_out(f, head, sizeof head);
	write_option(f, OPTION_PROGRAM, program, n);
	write_option(f, OPTION_END, NULL, 0);
	write_out(f, &size, sizeof size);
}

static void write_interface(struct packet_file *f)
{
	static const char name[] = "sockeye";
	const size_t n = sizeof name - 1;
	uint32_t size = (uint32_t)(16 + option_size(n) + option_size(1) + option_size(0) + 4);
	uint32_t head[] = { BLOCK_INTERFACE, size, 0, 0 };
	uint16_t link[] = { LINK_RAW, 0 };

	memcpy(head + 2, link, sizeof link);
	write_out(f, head, sizeof head);
	write_option(f, OPTION_NAME, name, n);
	write_option(f, OPTION_RESOLUTION, &(uint8_t){ NANOSECONDS }, 1);
	write_option(f, OPTION_END, NULL, 0);
	write_out(f, &size, sizeof size);
}

void packet_head(struct packet_file *f)
{
	write_section(f);
	write_interface(f);
}

static bool is_mapped(const struct packet_end *e)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };

	return !memcmp(e->ip, mapped, sizeof mapped);
}

/* The sum of RFC 1071: any odd byte counts as the first of a pair. */
static uint64_t add(uint64_t sum, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint64_t)b[i] << 8 | b[i + 1];
	return n % 2 ? sum + ((uint64_t)b[n - 1] << 8) : sum;
}

static unsigned fold_sum(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned)(~sum & 0xffff);
}

static void put_ip4(struct bytes *h, const struct packet *p, size_t inner)
{
	put16(h, 0x4500);
	put16(h, (unsigned)(20 + inner));
	put32(h, 0x4000);               /* no id, for it is never cut in pieces */
	put8(h, HOPS);
	put8(h, p->datagram ? IPPROTO_UDP : IPPROTO_TCP);
	put16(h, 0);
	put_bits(h, p->from->ip + 12, 4);
	put_bits(h, p->to->ip + 12, 4);
	set16(h, 10, fold_sum(add(0, h->b, h->n)));
}

static void put_ip6(struct bytes *h, const struct packet *p, size_t inner)
{
	put32(h, 0x60000000);
	put16(h, (unsigned)inner);
	put8(h, p->datagram ? IPPROTO_UDP : IPPROTO_TCP);
	put8(h, HOPS);
	put_bits(h, p->from->ip, 16);
	put_bits(h, p->to->ip, 16);
}

static void put_syn_options(struct bytes *h)
{
	put8(h, 2);                     /* the longest segment */
	put8(h, 4);
	put16(h, PACKET_MOST);
	put8(h, 1);
	put8(h, 3);                     /* the window's scale */
	put8(h, 3);
	put8(h, WINDOW_SCALE);
}

static void put_tcp(struct bytes *h, const struct packet *p)
{
	bool syn = p->flags & PACKET_SYN;

	put16(h, p->from->port);
	put16(h, p->to->port);
	put32(h, p->seq);
	put32(h, p->flags & PACKET_ACK ? p->ack : 0);
	put8(h, syn ? 7 << 4 : 5 << 4);
	put8(h, p->flags);
	put16(h, p->flags & PACKET_RST ? 0 : UINT16_MAX);
	put32(h, 0);
	if (syn)
		put_syn_options(h);
}

static void put_udp(struct bytes *h, const struct packet *p)
{
	put16(h, p->from->port);
	put16(h, p->to->port);
	put16(h, (unsigned)(8 + p->whole));
	put16(h, 0);
}

/* Of a packet whose end is not known the sum is not either: it stays 0. */
static void set_sum(struct bytes *h, const struct packet *p, size_t ip)
{
	uint64_t sum = p->datagram ? IPPROTO_UDP : IPPROTO_TCP;
	size_t addrs = ip == 20 ? 8 : 32;

	if (p->have < p->whole)
		return;
	sum += h->n - ip + p->whole;
	sum = add(sum, h->b + ip - addrs, addrs);
	sum = add(sum, h->b + ip, h->n - ip);
	unsigned check = fold_sum(add(sum, p->bytes, p->whole));
	if (p->datagram && !check)
		check = 0xffff;
	set16(h, ip + (p->datagram ? 6 : 16), check);
}

static struct bytes headers(const struct packet *p)
{
	struct bytes h = { .n = 0 };
	size_t inner = p->whole + (p->datagram ? 8 : p->flags & PACKET_SYN ? 28 : 20);

	if (is_mapped(p->from) && is_mapped(p->to))
		put_ip4(&h, p, inner);
	else
		put_ip6(&h, p, inner);
	size_t ip = h.n;
	if (p->datagram)
		put_udp(&h, p);
	else
		put_tcp(&h, p);
	set_sum(&h, p, ip);
	return h;
}

void packet_put(struct packet_file *f, const struct packet *p)
{
	struct bytes h = headers(p);
	size_t have = h.n + p->have, note = p->comment ? strlen(p->comment) : 0;
	size_t options = note ? option_size(note) + option_size(0) : 0;
	uint32_t size = (uint32_t)(28 + padded(have) + options + 4);
	uint64_t time = (uint64_t)f->now + (uint64_t)f->wall;
	uint32_t head[] = {
		BLOCK_PACKET, size, 0, (uint32_t)(time >> 32), (uint32_t)time,
		(uint32_t)have, (uint32_t)(h.n + p->whole),
	};

	write_out(f, head, sizeof head);
	write_out(f, h.b, h.n);
	write_out(f, p->bytes, p->have);
	write_padding(f, have);
	if (note) {
		write_option(f, OPTION_COMMENT, p->comment, note);
		write_option(f, OPTION_END, NULL, 0);
	}
	write_out(f, &size, sizeof size);
}

static bool read_end(const struct event_addr *a, struct packet_end *end)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family = AF_UNSPEC;

	*end = (struct packet_end){ .ip = { [10] = 0xff, 0xff } };
	if (a->len >= sizeof family)
		memcpy(&family, a->bytes, sizeof family);
	if (family == AF_INET && a->len >= sizeof in) {
		memcpy(&in, a->bytes, sizeof in);
		memcpy(end->ip + 12, &in.sin_addr, 4);
		end->port = ntohs(in.sin_port);
	} else if (family == AF_INET6 && a->len >= sizeof in6 - sizeof in6.sin6_scope_id) {
		memcpy(&in6, a->bytes, a->len < sizeof in6 ? a->len : sizeof in6);
		memcpy(end->ip, &in6.sin6_addr, 16);
		end->port = ntohs(in6.sin6_port);
	} else {
		return false;
	}
	return true;
}

static bool is_any(const struct packet_end *e)
{
	static const uint8_t zero[16];

	return !memcmp(e->ip + 12, zero, 4) && (is_mapped(e) || !memcmp(e->ip, zero, 12));
}

static bool is_loopback(const struct packet_end *e)
{
	static const uint8_t six[16] = { [15] = 1 };

	return is_mapped(e) ? e->ip[12] == 127 : !memcmp(e->ip, six, sizeof six);
}

bool packet_ends(const struct event *e, struct packet_end *local, struct packet_end *peer)
{
	if (!read_end(&e->peer, peer))
		return false;
	read_end(&e->local, local);
	if (!is_any(local))
		return true;
	if (is_loopback(peer))
		memcpy(local->ip, peer->ip, sizeof local->ip);
	else if (!is_mapped(peer))
		memset(local->ip, 0, sizeof local->ip);
	else
		memcpy(local->ip, peer->ip, 12);
	return true;
}

bool packet_same(const struct packet_end *a, const struct packet_end *b)
{
	return a->port == b->port && !memcmp(a->ip, b->ip, sizeof a->ip);
}

/* A comment is UTF-8; a program may be named otherwise. */
static void put_program(struct put *p, const struct event *e)
{
	size_t n = strnlen(e->program, sizeof e->program);
	uint32_t point;

	for (size_t i = 0; i < n;) {
		int step = utf8_next(e->program + i, n - i, &point);

		if (step && point >= 0x20)
			put_bytes(p, e->program + i, (size_t)step);
		else
			put_text(p, "?");
		i += step ? (size_t)step : 1;
	}
}

const char *packet_call(char out[PACKET_COMMENT], const struct event *e)
{
	struct put p = put_into(out, PACKET_COMMENT);
	char text[ARGS_ROOM];

	put_program(&p, e);
	put_text(&p, " ");
	put_signed(&p, e->pid);
	put_text(&p, ": ");
	put_text(&p, event_call_name(e->call));
	put_text(&p, "(");
	args_text(text, sizeof text, e, true);
	put_text(&p, text);
	put_text(&p, ") ");
	args_result(text, sizeof text, e);
	put_text(&p, text);
	return out;
}

const char *packet_cut(char out[PACKET_COMMENT], const char *comment, size_t have, size_t whole)
{
	struct put p = put_into(out, PACKET_COMMENT);

	put_text(&p, comment);
	put_text(&p, "; ");
	put_number(&p, have);
	put_text(&p, " of ");
	put_number(&p, whole);
	put_text(&p, " bytes were recorded");
	return out;
}
