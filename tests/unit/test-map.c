/* SPDX-License-Identifier: MIT */
/* Claims about the map: it holds what was set last, through growth, removal and a walk that takes out. */
#include "check.h"

#include "eye/map.h"

static int values[8];

static void an_empty_map_has_nothing(void **state)
{
	struct map m = { .slots = NULL };
	size_t at = 0;

	(void)state;
	assert_null(map_get(&m, 0));
	assert_null(map_next(&m, &at, NULL));
	assert_true(map_set(&m, 7, NULL));
	map_free(&m);
}

static void the_last_value_of_a_key_counts(void **state)
{
	struct map m = { .slots = NULL };

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(map_set(&m, 0, &values[i]));
		assert_ptr_equal(map_get(&m, 0), &values[i]);
	}
	assert_true(map_set(&m, 0, NULL));
	assert_null(map_get(&m, 0));
	map_free(&m);
}

/* A plain array says what must be there. */
static void it_agrees_with_an_array(void **state)
{
	enum { KEYS = 500, STEPS = 200000 };
	static void *model[KEYS];
	struct map m = { .slots = NULL };
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		size_t k = (size_t)(random >> 40) % KEYS;
		void *value = random >> 20 & 3 ? &values[random >> 60 & 7] : NULL;

		model[k] = value;
		assert_true(map_set(&m, k << 32 | k, value));
	}
	for (size_t k = 0; k < KEYS; k++)
		assert_ptr_equal(map_get(&m, k << 32 | k), model[k]);
	map_free(&m);
}

static void keys_that_come_and_go_leave_it_small(void **state)
{
	struct map m = { .slots = NULL };

	(void)state;
	for (uint64_t k = 0; k < 100000; k++) {
		assert_true(map_set(&m, k, values));
		assert_true(map_set(&m, k, NULL));
	}
	assert_true(m.room <= 256);
	map_free(&m);
}

static void a_walk_meets_each_once_though_it_takes_them_out(void **state)
{
	enum { KEYS = 1000 };
	struct map m = { .slots = NULL };
	bool met[KEYS] = { false };
	size_t at = 0, n = 0;
	uint64_t key;

	(void)state;
	for (uint64_t k = 0; k < KEYS; k++)
		assert_true(map_set(&m, k, values));
	while (map_next(&m, &at, &key)) {
		assert_true(key < KEYS && !met[key]);
		met[key] = true;
		n++;
		map_set(&m, key, NULL);
	}
	assert_int_equal(n, KEYS);
	at = 0;
	assert_null(map_next(&m, &at, NULL));
	map_free(&m);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_empty_map_has_nothing),
	cmocka_unit_test(the_last_value_of_a_key_counts),
	cmocka_unit_test(it_agrees_with_an_array),
	cmocka_unit_test(keys_that_come_and_go_leave_it_small),
	cmocka_unit_test(a_walk_meets_each_once_though_it_takes_them_out),
};

CHECK_MAIN(tests)
