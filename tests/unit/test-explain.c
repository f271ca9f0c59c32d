/* SPDX-License-Identifier: MIT */
/* Claims about notes of every kind: where they stand, how many there are at most, and their names. */
#include "explained.h"

static void there_are_so_many_notes_of_a_kind(void **state)
{
	(void)state;
	struct story_socket *one = made(0, AF_INET, SOCK_DGRAM);

	for (int i = 0; i < 5; i++)
		DID(one, .call = EVENT_RECVFROM, .asked = 1, .moved = 1, .whole = 2);
	assert_int_equal(noted("cut-datagram"), EXPLAIN_ON_SOCKET);
	for (int i = 0; i < 20; i++)
		DID(made(0, AF_INET, SOCK_DGRAM), .call = EVENT_RECVFROM, .asked = 1, .moved = 1,
		    .whole = 2);
	assert_int_equal(noted("cut-datagram"), EXPLAIN_IN_ALL);
	explain_end(explain);
	assert_int_equal(noted("cut-datagram"), EXPLAIN_IN_ALL + 1);
	assert_note("cut-datagram", "5 times more");
}

static void a_note_stands_behind_its_row(void **state)
{
	(void)state;
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);
	uint32_t call = DID(s, .call = EVENT_RECVFROM, .asked = 1, .moved = 1, .whole = 2);

	assert_int_equal(notes[0].call, call);
	assert_int_equal(notes[0].lane, 1);
	assert_true(notes[0].wrong);
}

static void what_a_close_has_left_is_told_before_the_next_row(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	DID(p.server, .call = EVENT_CLOSE);
	let_go(p.server);
	tell(ROW_KERNEL, p.server, (struct event){ .fd = -1 }, NULL);
	assert_none("unread-close");
	p.client->out += 5;
	DID(p.client, .call = EVENT_SEND, .asked = 5, .moved = 5);
	assert_note("unread-close", "12 bytes");
}

static void a_descriptor_less_is_no_close(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	DID(p.server, .call = EVENT_CLOSE);     /* another process has it still */
	DID(p.client, .call = EVENT_SHUTDOWN);
	assert_none("unread-close");
	closed(p.client);
	assert_none("time-wait");
}

static void kinds_have_names_and_meanings(void **state)
{
	(void)state;
	for (const struct explain_kind *k = explain_kinds; k->name; k++) {
		assert_true(strlen(k->name) < 32 && strlen(k->about) > 10);
		assert_true(k->row || k->gone);
		for (const struct explain_kind *other = explain_kinds; other < k; other++)
			assert_string_not_equal(other->name, k->name);
	}
}

static const struct CMUnitTest tests[] = {
	CLAIM(there_are_so_many_notes_of_a_kind),
	CLAIM(a_note_stands_behind_its_row),
	CLAIM(what_a_close_has_left_is_told_before_the_next_row),
	CLAIM(a_descriptor_less_is_no_close),
	CLAIM(kinds_have_names_and_meanings),
};

CHECK_MAIN(tests)
