/* SPDX-License-Identifier: MIT */
/*
 * Greet first, then show the operator what the other one says; as datagrams the
 * other one has to speak first. What is shown is escaped as Python prints bytes,
 * for it may come from anybody.
 */
#include "service.h"

static const char greeting[] = "Hello world!";

enum { GREETING = sizeof greeting - 1 };        /* there is no NUL on the wire */

/* Also when a stream takes bytes later: the greeting may have found no room at first. */
static void greet(struct conn *c)
{
	if (!conn_written(c))
		service_say(c, greeting, GREETING);
}

static size_t bytes(struct conn *c, const char *in, size_t n)
{
	if (conn_is_datagram(c)) {
		conn_note(c, "Message from: %s: %s", conn_peer(c), conn_repr(c, in, n));
		service_say(c, greeting, GREETING);
	} else {
		conn_note(c, "%s says %s", conn_peer(c), conn_repr(c, in, n));
	}
	return n;
}

const struct service service_hello = {
	.name = "hello",
	.about = "say \"Hello world!\" and show what comes",
	.port = 1337,
	.opened = greet,
	.more = greet,
	.bytes = bytes
};
