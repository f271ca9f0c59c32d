/* SPDX-License-Identifier: MIT */
/*
 * For the tests of the story of connections: a stage of its own for each claim,
 * and questions about the sockets that it has. Datagrams have theirs beside.
 */
#ifndef STORIES_H
#define STORIES_H

#include "events.h"

static inline int begin(void **state)
{
	(void)state;
	stage_open((struct story_options){ .kernel = true });
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	stage_close();
	return 0;
}

static inline const struct story_socket *socket_of(const struct end *k)
{
	for (uint32_t n = 1; n <= story_sockets(stage.story); n++)
		if (story_socket_at(stage.story, n)->cookie == k->cookie)
			return story_socket_at(stage.story, n);
	fail_msg("no socket has the cookie %llu", (unsigned long long)k->cookie);
	return NULL;
}

static inline int lanes(void)
{
	int n;

	story_lanes(stage.story, &n);
	return n;
}

static inline void assert_linked(const struct end *a, const struct end *b)
{
	assert_ptr_equal(socket_of(a)->peer, socket_of(b));
	assert_ptr_equal(socket_of(b)->peer, socket_of(a));
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
