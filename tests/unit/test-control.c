/* SPDX-License-Identifier: MIT */
/* Control data, in its room and walked by its own lengths. No socket is needed. */
#include "check.h"

#include <sockeye/msg.h>

static void control_adds_and_walks(void **state)
{
	char room[200] __attribute__((aligned(8)));
	struct sock_control c = { .data = room, .room = sizeof room };
	struct sock_control_item item;
	size_t at = 0;

	(void)state;
	assert_int_equal(sock_control_add(&c, 1, 2, "abc", 3), 0);
	assert_int_equal(c.n, CMSG_SPACE(3));
	assert_int_equal(sock_control_add(&c, 3, 4, NULL, 0), 0);
	assert_int_equal(sock_control_add(&c, 5, 6, "0123456789", 10), 0);
	assert_int_equal(sock_control_next(&c, &at, &item), 1);
	assert_true(item.level == 1 && item.type == 2);
	assert_true(item.n == 3 && !memcmp(item.data, "abc", 3));
	assert_int_equal(sock_control_next(&c, &at, &item), 1);
	assert_true(item.level == 3 && item.type == 4 && item.n == 0);
	assert_int_equal(sock_control_next(&c, &at, &item), 1);
	assert_true(item.level == 5 && item.n == 10 && !memcmp(item.data, "0123456789", 10));
	assert_int_equal(sock_control_next(&c, &at, &item), 0);
	assert_int_equal(sock_control_next(&c, &at, &item), 0);
}

/* Every size and every room: what was added is read again, and no byte beyond is touched. */
static void control_add_stays_in_its_room(void **state)
{
	static const char data[64];

	(void)state;
	for (size_t room = 0; room <= 96; room++)
		for (size_t n = 0; n <= sizeof data; n++) {
			char *mem = malloc(room + 1);
			struct sock_control c = { .data = mem, .room = room };
			struct sock_control_item item;
			size_t at = 0, count = 0;

			mem[room] = '!';
			while (count < 10 && sock_control_add(&c, 1, 2, data, n) == 0)
				count++;
			assert_int_equal(errno, ENOBUFS);
			assert_int_equal(count, room < CMSG_LEN(n) ? 0 :
			                 1 + (room - CMSG_LEN(n)) / CMSG_SPACE(n));
			for (size_t i = 0; i < count; i++) {
				assert_int_equal(sock_control_next(&c, &at, &item), 1);
				assert_int_equal(item.n, n);
			}
			assert_int_equal(sock_control_next(&c, &at, &item), 0);
			assert_true(c.n <= room && mem[room] == '!');
			free(mem);
		}
}

static void control_add_refuses_nonsense(void **state)
{
	char room[64] = "";
	struct sock_control c = { .data = room, .room = sizeof room };

	(void)state;
	assert_int_equal(sock_control_add(NULL, 1, 2, room, 3), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_control_add(&c, 1, 2, NULL, 3), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_control_add(&c, 1, 2, room, SIZE_MAX), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(sock_control_add(&c, 1, 2, room, SIZE_MAX - 20), -1);
	assert_int_equal(errno, ENOBUFS);
	c.n = 1000;
	assert_int_equal(sock_control_add(&c, 1, 2, room, 1), -1);
	c.n = SIZE_MAX;
	assert_int_equal(sock_control_add(&c, 1, 2, room, 1), -1);
	assert_int_equal(errno, ENOBUFS);
	c = (struct sock_control){ .n = 0 };
	assert_int_equal(sock_control_add(&c, 1, 2, room, 1), -1);
	assert_int_equal(errno, ENOBUFS);
}

/* Any bytes: the walk ends, and each item lies inside. A sanitizer sees the memory's ends. */
static void control_walk_is_safe_on_any_bytes(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int run = 0; run < 100000; run++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		size_t room = seed % 80;
		unsigned char *mem = malloc(room ? room : 1);
		size_t n = run % 3 ? room : seed >> 20;
		struct sock_control c = { .data = mem, .room = room, .n = n };
		struct sock_control_item item;
		size_t at = run % 5 ? 0 : seed >> 30, items = 0;

		for (size_t i = 0; i < room; i++)
			mem[i] = run % 2 && i % 8 ? 0 : (seed >> i % 50) % 40;
		if (room >= sizeof(size_t) && run % 7 == 0)
			memset(mem, 0xff, sizeof(size_t));
		while (sock_control_next(&c, &at, &item)) {
			const unsigned char *data = item.data;

			assert_true(data >= mem && item.n <= (size_t)(mem + room - data));
			assert_true(++items <= room);
		}
		free(mem);
	}
}

static void control_walk_gives_whole_descriptors_only(void **state)
{
	char room[64] __attribute__((aligned(8)));
	struct sock_control c = { .data = room, .room = sizeof room };
	struct sock_control_item item;
	size_t at = 0;

	(void)state;
	sock_control_add(&c, SOL_SOCKET, SCM_RIGHTS, "abcdefg", 7);
	sock_control_add(&c, SOL_SOCKET, SCM_CREDENTIALS, "abcdefg", 7);
	assert_int_equal(sock_control_next(&c, &at, &item), 1);
	assert_int_equal(item.n, sizeof(int));
	assert_int_equal(sock_control_next(&c, &at, &item), 1);
	assert_int_equal(item.n, 7);
}

static void control_walk_ends_at_a_cut_item(void **state)
{
	char room[64] __attribute__((aligned(8)));
	struct sock_control c = { .data = room, .room = sizeof room };
	struct sock_control_item item;

	(void)state;
	sock_control_add(&c, 1, 2, "abcdefgh", 8);
	sock_control_add(&c, 3, 4, "abcdefgh", 8);
	for (size_t n = 0; n < c.n; n++) {
		struct sock_control cut = { .data = room, .room = sizeof room, .n = n };
		size_t at = 0;
		int items = 0;

		while (sock_control_next(&cut, &at, &item))
			items++;
		assert_int_equal(items, n >= CMSG_LEN(8));
	}
	assert_int_equal(sock_control_next(NULL, &(size_t){ 0 }, &item), 0);
	struct sock_control none = { .n = 9 };
	assert_int_equal(sock_control_next(&none, &(size_t){ 0 }, &item), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(control_adds_and_walks),
	cmocka_unit_test(control_add_stays_in_its_room),
	cmocka_unit_test(control_add_refuses_nonsense),
	cmocka_unit_test(control_walk_is_safe_on_any_bytes),
	cmocka_unit_test(control_walk_gives_whole_descriptors_only),
	cmocka_unit_test(control_walk_ends_at_a_cut_item),
};
CHECK_MAIN(tests)
