/* SPDX-License-Identifier: MIT */
/* Claims about cmd/probe-due: deadlines come in their order, and cancelled ones never. */
#include "check.h"

#include "cmd/probe-due.h"

static struct probe_due a, b, c;
static struct probe_due_list list;

static void set_three(void)
{
	list = (struct probe_due_list){ .far = 100 };
	a = b = c = (struct probe_due){ .at = 0 };
	probe_due_set(&list, &a, 1);
	probe_due_set(&list, &b, 2);
	probe_due_set(&list, &c, 3);
}

static void deadlines_come_in_their_order(void **state)
{
	(void)state;
	set_three();
	assert_int_equal(probe_due_first(&list), 101);
	assert_null(probe_due_take(&list, 100));
	assert_ptr_equal(probe_due_take(&list, 101), &a);
	assert_null(probe_due_take(&list, 101));
	assert_ptr_equal(probe_due_take(&list, 500), &b);
	assert_ptr_equal(probe_due_take(&list, 500), &c);
	assert_null(probe_due_take(&list, 500));
	assert_true(probe_due_first(&list) == INT64_MAX);
}

static void cancelled_ones_never_come(void **state)
{
	struct probe_due *all[] = { &a, &b, &c };

	(void)state;
	for (int i = 0; i < 3; i++) {
		set_three();
		probe_due_cancel(all[i]);
		probe_due_cancel(all[i]);
		for (int k = 0; k < 3; k++)
			if (k != i)
				assert_ptr_equal(probe_due_take(&list, 500), all[k]);
		assert_null(probe_due_take(&list, 500));
	}
}

static void one_that_is_set_again_is_put_off(void **state)
{
	(void)state;
	set_three();
	probe_due_set(&list, &a, 4);
	assert_int_equal(probe_due_first(&list), 102);
	assert_ptr_equal(probe_due_take(&list, 500), &b);
	assert_ptr_equal(probe_due_take(&list, 500), &c);
	assert_ptr_equal(probe_due_take(&list, 500), &a);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(deadlines_come_in_their_order),
	cmocka_unit_test(cancelled_ones_never_come),
	cmocka_unit_test(one_that_is_set_again_is_put_off),
};
CHECK_MAIN(tests)
