/* SPDX-License-Identifier: MIT */
/*
 * The variable by which the command speaks to the shim, read and written in
 * one place. It is read inside programs that are not ours, so what is unclear
 * is refused as a whole and nothing is watched.
 */
#include "eyenv.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "num.h"
#include "put.h"

/* Does text begin with this key? Then value is what comes behind it. */
static bool is_key(const char *text, const char *key, const char **value)
{
	size_t n = strlen(key);

	*value = text + n;
	return strncmp(text, key, n) == 0;
}

static int read_payload(size_t *payload, const char *text, size_t n)
{
	uint64_t value = 0;

	if (n == 3 && memcmp(text, "all", 3) == 0) {
		*payload = SIZE_MAX;
		return 0;
	}
	int err = num_decimal(text, n, SIZE_MAX, &value);
	if (!err)
		*payload = value;
	return err;
}

/* One pair other than dir, n bytes of it. */
static int read_pair(struct eyenv *env, const char *text, size_t n)
{
	const char *value, *end = text + n;
	uint64_t number = 0;
	int err = -EINVAL;

	if (is_key(text, "payload=", &value))
		return read_payload(&env->payload, value, end - value);
	if (is_key(text, "pid=", &value)) {
		err = num_decimal(value, end - value, INT32_MAX, &number);
		env->pid = (int32_t)number;
	} else if (is_key(text, "room=", &value)) {
		err = num_decimal(value, end - value, SIZE_MAX, &number);
		env->room = number;
	}
	return err;
}

int eyenv_parse(struct eyenv *env, const char *text)
{
	*env = (struct eyenv){ .payload = EYENV_PAYLOAD, .room = EYENV_ROOM };

	while (!is_key(text, "dir=", &env->dir)) {
		const char *comma = strchr(text, ',');

		if (!comma || read_pair(env, text, comma - text) < 0)
			return -EINVAL;
		text = comma + 1;
	}
	return *env->dir == '/' ? 0 : -EINVAL;
}

size_t eyenv_print(char *out, size_t room, const struct eyenv *env)
{
	struct put p = put_into(out, room);

	put_text(&p, "pid=");
	put_signed(&p, env->pid);
	put_text(&p, ",payload=");
	if (env->payload == SIZE_MAX)
		put_text(&p, "all");
	else
		put_number(&p, env->payload);
	put_text(&p, ",room=");
	put_number(&p, env->room);
	put_text(&p, ",dir=");
	put_text(&p, env->dir);
	return p.full ? 0 : p.n;
}
