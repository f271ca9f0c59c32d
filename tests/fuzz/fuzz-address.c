/* SPDX-License-Identifier: MIT */
/* Any text as an address: no crash, a sentence for what is refused, and what is printed parses back to itself. */
#include <errno.h>
#include <sockeye/addr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_text(const char *text)
{
	struct sock_addr a, again;
	struct sock_text printed;
	char why[SOCKEYE_WHY] = "";

	if (sock_addr_parse(&a, text, why) < 0) {
		if (errno != EINVAL || strncmp(why, "address", 7) || strlen(why) >= SOCKEYE_WHY)
			abort();
		sock_addr_parse_old(&a, text, why);
		return;
	}
	printed = sock_addr_text(&a);
	if (sock_addr_parse(&again, printed.s, why) < 0 || sock_addr_cmp(&a, &again))
		abort();
	for (const char *c = printed.s; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

/* The same bytes as a binary address that a stranger's socket might have. */
static void check_binary(const uint8_t *data, size_t n)
{
	struct sockaddr_storage raw = { 0 };
	struct sock_addr a;

	memcpy(&raw, data, n < sizeof raw ? n : sizeof raw);
	a = sock_addr_from((struct sockaddr *)&raw, n, n ? data[n - 1] % 6 : 0);
	if (strlen(sock_addr_text(&a).s) >= sizeof(struct sock_text) - 1)
		abort();
	sock_addr_cmp(&a, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);

	memcpy(text, data, n);
	text[n] = '\0';
	check_text(text);
	free(text);
	check_binary(data, n);
	return 0;
}
