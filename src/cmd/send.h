/* SPDX-License-Identifier: MIT */
/* What the parts of the verb send share: the command line in send.c, the conversation in send-talk.c. */
#ifndef CMD_SEND_H
#define CMD_SEND_H

#include <stdbool.h>

#include "meet.h"
#include "visible.h"

struct send {
	struct meet meet;
	const struct verb *verb;
	char *said;                     /* the message */
	size_t n, room;
	bool has_text, from_stdin, newline, line, python, raw;
	int64_t reply, timeout;         /* reply: bytes of it, 0 unknown */
	int retry;
	char *reply_bytes;              /* all of it, for --python */
	size_t reply_n;
	struct visible visible;
	char last;                      /* byte of the reply */
};

/* Send the message and print the reply. Return the exit code, failures told. */
int send_stream(struct send *s, struct sock *sock);
int send_datagram(struct send *s, struct sock *sock);

/* There is no memory for it: told. Returns the exit code. */
int send_lacks_memory(const struct send *s);

#endif
