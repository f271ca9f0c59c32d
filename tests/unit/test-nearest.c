/* SPDX-License-Identifier: MIT */
/* The name that was probably meant, whoever asks: options of sockets, or of the command. */
#include "check.h"

#include "base/nearest.h"

static const char *meant(const char *word)
{
	static const char *const names[] = {
		"workers", "max-clients", "max-per-source", "idle", "option", "quiet",
	};
	struct nearest near = nearest_to(word);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		nearest_try(&near, names[i]);
	return near.name ? near.name : "none";
}

static void nearest_name_is_found(void **state)
{
	char long_word[200];

	(void)state;
	memset(long_word, 'w', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	assert_string_equal(meant("wrokers"), "workers");
	assert_string_equal(meant("worker"), "workers");
	assert_string_equal(meant("work"), "workers");
	assert_string_equal(meant("maxclients"), "max-clients");
	assert_string_equal(meant("clients"), "max-clients");
	assert_string_equal(meant("WORKERS"), "workers");
	assert_string_equal(meant("idel"), "idle");
	assert_string_equal(meant("options"), "option");
	assert_string_equal(meant("zebra"), "none");
	assert_string_equal(meant(""), "none");
	assert_string_equal(meant("x"), "none");
	assert_string_equal(meant(long_word), "none");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(nearest_name_is_found),
};
CHECK_MAIN(tests)
