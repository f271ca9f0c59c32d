/* SPDX-License-Identifier: MIT */
/*
 * Any event record must become one bounded line of ASCII that ends in its only
 * newline and whose quotes and brackets are balanced as JSON has them, and any
 * address one short line of clean text. The input is the record itself, then
 * its text, then its payload, cut in two.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addrtext.h"
#include "eye/json.h"

enum { PAYLOAD = 512 };

static void hold(int claim)
{
	if (!claim)
		abort();
}

/* Outside strings: no space, no control; inside: backslashes in pairs with what they escape. */
static void check_line(const char *line, size_t n)
{
	int depth = 0, quoted = 0;

	for (size_t i = 0; i < n; i++) {
		hold(line[i] >= 0x20 && line[i] < 0x7f);
		if (quoted && line[i] == '\\') {
			i++;
			hold(i < n && strchr("\"\\nrtu", line[i]));
		} else if (line[i] == '"') {
			quoted = !quoted;
		} else if (!quoted) {
			depth += line[i] == '{' || line[i] == '[';
			depth -= line[i] == '}' || line[i] == ']';
			hold(depth > 0 || i == n - 1);
		}
	}
	hold(!quoted && depth == 0);
}

static void check_addr(const struct event_addr *a, int type)
{
	struct sockaddr_storage sa = { 0 };
	char small[ADDRTEXT_ROOM], wide[4 * ADDRTEXT_ROOM];
	socklen_t len = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;

	memcpy(&sa, a->bytes, len);
	size_t n = addrtext_print(small, sizeof small, (struct sockaddr *)&sa, len, type, 0);
	hold(n == strlen(small));
	hold(addrtext_print(wide, sizeof wide, (struct sockaddr *)&sa, len, type, 0) == n);
	for (size_t i = 0; i < n; i++)
		hold((unsigned char)small[i] >= 0x20 && small[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char line[JSON_ROOM(PAYLOAD)];
	struct event e = { 0 };
	char text[600] = "";
	size_t part = n < sizeof e ? n : sizeof e;

	memcpy(&e, data, part);
	data += part;
	n -= part;
	part = n / 2 < sizeof text - 1 ? n / 2 : sizeof text - 1;
	memcpy(text, data, part);
	data += part;
	n -= part;

	struct iovec iov[] = {
		{ (void *)data, n / 3 }, { NULL, 0 }, { (void *)(data + n / 3), n - n / 3 },
	};
	e.iov = n ? iov : NULL;
	e.iovs = 3;
	e.text = part ? text : NULL;
	size_t len = json_event(line, sizeof line, &e, PAYLOAD, e.index);
	hold(len > 2 && line[len] == '\0' && line[len - 1] == '\n');
	check_line(line, len - 1);
	check_addr(&e.local, e.type);
	check_addr(&e.peer, e.type);

	uint64_t whole = event_hash(iov, 3, n);
	struct iovec one = { (void *)data, n };
	hold(whole == event_hash(&one, 1, n) && (whole != 0) == (n != 0));
	return 0;
}
