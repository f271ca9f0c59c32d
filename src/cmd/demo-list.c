/* SPDX-License-Identifier: MIT */
/* The conversations of the lectures. Addresses and texts are theirs, the programs are examples/. */
#include <string.h>
#include <sys/socket.h>

#include "demo.h"

enum { ECHO = 65432, UPPER = 12000, LAB = 1234, HELLO = 1337 };

#define LOOPBACK "127.0.0.1"
#define EVERYWHERE "0.0.0.0"
#define SENTENCE "Hello, world"

const struct conversation conversations[] = {
	{ "tcp-echo", "a text comes back over TCP",
	  "One stream in both directions: the server sends back what it receives until the client has finished.",
	  "tcp-echo-server", "tcp-echo-client", LOOPBACK, ECHO, SOCK_STREAM, NULL,
	  "TCP-server.py", "TCP-client.py", 0 },
	{ "udp-echo", "a text comes back over UDP",
	  "No connection: each datagram carries the address of who sent it, and the server never ends.",
	  "udp-echo-server", "udp-echo-client", LOOPBACK, ECHO, SOCK_DGRAM, NULL,
	  "UDP-server.py", "UDP-client.py", 0 },
	{ "tcp-upper", "a line in capitals over TCP",
	  "The client connects before it asks for the line; the server goes on to its next caller.",
	  "tcp-upper-server", "tcp-upper-client", EVERYWHERE, UPPER, SOCK_STREAM, SENTENCE,
	  "TCPServer.py", "TCPClient.py", 0 },
	{ "udp-upper", "a line in capitals over UDP",
	  "One datagram there, one back: nothing happens on the network before the line is typed.",
	  "udp-upper-server", "udp-upper-client", EVERYWHERE, UPPER, SOCK_DGRAM, SENTENCE,
	  "UDPServer.py", "UDPClient.py", 0 },
	{ "accept", "a caller is announced, no more",
	  "A connection without a byte: the handshake is the kernel's, accept only takes what is ready.",
	  "accept-server", "connect-client", NULL, LAB, SOCK_STREAM, NULL,
	  "server.py", "client.py", 1 },
	{ "greet", "the server greets its caller",
	  "The server speaks first and closes; the client reads until that end.",
	  "greet-server", "greet-client", NULL, LAB, SOCK_STREAM, NULL,
	  NULL, NULL, 2 },
	{ "lab-echo", "a message comes back",
	  "The client knows how much must come back, and reads just that.",
	  "lab-echo-server", "lab-echo-client", NULL, LAB, SOCK_STREAM, NULL,
	  NULL, NULL, 3 },
	{ "tcp-hello", "both sides speak first, over TCP",
	  "Both send before they receive: the two messages cross, for each direction is a stream of its own.",
	  "tcp-hello-server", "tcp-hello-client", EVERYWHERE, HELLO, SOCK_STREAM, NULL,
	  NULL, NULL, 0 },
	{ "udp-hello", "both sides say hello, over UDP",
	  "The server learns from the datagram itself whom it has to answer.",
	  "udp-hello-server", "udp-hello-client", EVERYWHERE, HELLO, SOCK_DGRAM, NULL,
	  NULL, NULL, 0 },
	{ "steps", "socket, bind, listen, accept, send, recv in turn",
	  "The calls of TCP in their order, on both sides.",
	  "steps-server", "steps-client", EVERYWHERE, LAB, SOCK_STREAM, NULL,
	  NULL, NULL, 0 },
	{ .name = NULL }
};

const struct conversation *conversation_find(const char *name)
{
	for (const struct conversation *c = conversations; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
