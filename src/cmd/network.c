/* SPDX-License-Identifier: MIT */
/*
 * Networks as text. IPv4 is kept as ::ffff:a.b.c.d, the form in which callers
 * of a socket for both versions appear, so that one comparison serves both.
 */
#include "network.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../base/num.h"

enum { BITS = 128, BITS_OF_IN4 = 32 };

/* The address before the slash. Returns the bits that it has, or 0. */
static int read_address(uint8_t bytes[16], const char *text, size_t n)
{
	static const uint8_t mapped[] = { [10] = 0xff, [11] = 0xff };
	char address[INET6_ADDRSTRLEN];

	if (n >= sizeof address)
		return 0;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET6, address, bytes) == 1)
		return BITS;
	memcpy(bytes, mapped, sizeof mapped);
	return inet_pton(AF_INET, address, bytes + sizeof mapped) == 1 ? BITS_OF_IN4 : 0;
}

/* Take away the bits behind the prefix. Were there any? */
static bool clear_host(struct engine_net *net)
{
	bool any = false;

	for (int i = net->bits; i < BITS; i++) {
		uint8_t bit = 0x80 >> i % 8;

		any |= net->bytes[i / 8] & bit;
		net->bytes[i / 8] &= (uint8_t)~bit;
	}
	return any;
}

static void print(char *out, size_t room, const struct engine_net *net, int of)
{
	bool in4 = of == BITS_OF_IN4;

	if (!inet_ntop(in4 ? AF_INET : AF_INET6, net->bytes + (in4 ? 12 : 0), out, (socklen_t)room))
		*out = '\0';
}

const char *network_read(struct engine_net *net, const char *text, char why[NETWORK_WHY])
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	int of = read_address(net->bytes, text, n);
	char fixed[INET6_ADDRSTRLEN];
	uint64_t prefix = (uint64_t)of;

	if (!of)
		return "not a network such as 10.0.0.0/8 or 2001:db8::/32";
	if (slash && num_decimal(slash + 1, strlen(slash + 1), (uint64_t)of, &prefix) < 0) {
		snprintf(why, NETWORK_WHY, "the prefix behind the slash must be 0 to %d bits", of);
		return why;
	}
	net->bits = (int)prefix + BITS - of;
	if (!clear_host(net))
		return NULL;
	print(fixed, sizeof fixed, net, of);
	snprintf(why, NETWORK_WHY,
	         "bits are set behind its prefix: write %s/%d, or %.*s for the one address",
	         fixed, (int)prefix, (int)n, text);
	return why;
}
