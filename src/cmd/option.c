/* SPDX-License-Identifier: MIT */
/*
 * Reading options by a verb's table. The row says what a value may be and where
 * it goes; nothing here knows any option but --help. What values look like is
 * value.c, what help looks like help.c.
 */
#include "option.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../base/nearest.h"
#include "../base/num.h"
#include "help.h"
#include "out.h"
#include "value.h"

static void store(void *record, const struct option *o, int64_t value)
{
	char *at = (char *)record + o->at;
	int32_t narrow = (int32_t)value;
	bool flag = value != 0;

	if (o->size == sizeof flag)
		memcpy(at, &flag, sizeof flag);
	else if (o->size == sizeof narrow)
		memcpy(at, &narrow, sizeof narrow);
	else
		memcpy(at, &value, sizeof value);
}

static void step(void *record, const struct option *o)
{
	int count;

	memcpy(&count, (char *)record + o->at, sizeof count);
	store(record, o, count + o->max);
}

/* -- Values --------------------------------------------------------------------- */

static bool takes_off(const struct option *o)
{
	const char *bar = strrchr(o->value, '|');

	return bar && strcmp(bar, "|off") == 0 && o->takes != TAKES_WORD;
}

static const char *amount_text(const struct option *o, char buf[VALUE_TEXT], int64_t value)
{
	if (o->takes == TAKES_TIME)
		return value_time_text(buf, value);
	if (o->takes == TAKES_SIZE)
		return value_size_text(buf, value);
	snprintf(buf, VALUE_TEXT, "%lld", (long long)value);
	return buf;
}

static const char *beyond(const struct option *o, char why[OPTION_WHY])
{
	const char *off = takes_off(o) ? ", or off" : "";
	char low[VALUE_TEXT], high[VALUE_TEXT];

	amount_text(o, high, o->max);
	if (o->min && o->max == INT64_MAX)
		snprintf(why, OPTION_WHY, "it must be at least %s%s", amount_text(o, low, o->min), off);
	else if (o->min)
		snprintf(why, OPTION_WHY, "it must be %s to %s%s", amount_text(o, low, o->min),
		         high, off);
	else
		snprintf(why, OPTION_WHY, "it must be at most %s%s", high, off);
	return why;
}

/* As base/num.h; what it would have to be otherwise goes to kind. */
static int read_amount(const struct option *o, const char *text, int64_t *value, const char **kind)
{
	uint64_t n = 0;
	int err;

	if (o->takes == TAKES_TIME) {
		*kind = "not a time such as 250ms, 30s or 2m";
		return value_time(text, value);
	}
	*kind = o->takes == TAKES_SIZE ? "not a size such as 4096 or 64k" : "not a number";
	err = (o->takes == TAKES_SIZE ? num_size : num_decimal)(text, strlen(text), INT64_MAX, &n);
	*value = (int64_t)n;
	return err;
}

static const char *amount_of(const struct option *o, const char *text, int64_t *value,
                             char why[OPTION_WHY])
{
	const char *kind;
	int err = read_amount(o, text, value, &kind);

	if (err == -EINVAL)
		return kind;
	if (!err && *value == 0 && takes_off(o))
		*value = o->off;
	else if (err || *value < o->min || *value > o->max)
		return beyond(o, why);
	return NULL;
}

static const char *word_of(const struct option *o, const char *text, int64_t *value,
                           char why[OPTION_WHY])
{
	size_t n = strlen(text);

	*value = 0;
	for (const char *word = o->value; *word; word += strspn(word, "|")) {
		size_t m = strcspn(word, "|");

		if (m == n && memcmp(word, text, n) == 0)
			return NULL;
		word += m;
		++*value;
	}
	snprintf(why, OPTION_WHY, "it must be one of %s", o->value);
	return why;
}

static const char *text_of(const struct option *o, void *record, const char *text,
                           char why[OPTION_WHY])
{
	int64_t n = (int64_t)strlen(text);

	if (o->max && (n < o->min || n > o->max)) {
		snprintf(why, OPTION_WHY, "it must have %lld to %lld bytes", (long long)o->min,
		         (long long)o->max);
		return why;
	}
	memcpy((char *)record + o->at, &text, sizeof text);
	return NULL;
}

/* Take one value. NULL, or what is wrong with it. */
static const char *take(const struct option *o, void *record, const char *text,
                        char why[OPTION_WHY])
{
	const char *wrong = NULL;
	int64_t value;

	if (o->takes == TAKES_CALL)
		return o->call(record, text, why);
	if (o->takes == TAKES_TEXT)
		return text_of(o, record, text, why);
	if (o->takes == TAKES_WORD)
		wrong = word_of(o, text, &value, why);
	else if (takes_off(o) && strcmp(text, "off") == 0)
		value = o->off;
	else
		wrong = amount_of(o, text, &value, why);
	if (!wrong)
		store(record, o, value);
	return wrong;
}

/* -- Options -------------------------------------------------------------------- */

static enum option_found fault(struct option_reader *r, const char *name, const char *wrong)
{
	char shown[OUT_SHOWN];

	verb_refuse(r->verb, "%s %s", out_shown(shown, name), wrong);
	return FOUND_FAULT;
}

static const struct option *find(const struct option *table, const char *name, size_t n)
{
	for (const struct option *o = table; o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0 &&
		    o->takes != TAKES_HEADING)
			return o;
	return NULL;
}

static enum option_found unknown(struct option_reader *r, const char *name, size_t n)
{
	char word[OUT_SHOWN], shown[OUT_SHOWN];

	snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word), name);
	struct nearest near = nearest_to(word);
	for (const struct option *o = r->verb->options; o->name; o++)
		if (o->takes != TAKES_HEADING)
			nearest_try(&near, o->name);
	out_shown(shown, word);
	if (near.name)
		verb_refuse(r->verb, "no option '--%s': did you mean --%s?", shown, near.name);
	else
		verb_refuse(r->verb, "no option '--%s'", shown);
	return FOUND_FAULT;
}

/* An option with its value, if it has one; name is as it was written. */
static enum option_found apply(struct option_reader *r, const struct option *o,
                               const char *name, const char *value)
{
	void *record = r->record[o->record];
	char why[OPTION_WHY], shown[OUT_SHOWN];

	if (!record)
		return fault(r, name, r->late);
	if (o->takes == TAKES_STEPS)
		step(record, o);
	else if (o->takes == TAKES_NOTHING)
		store(record, o, true);
	else {
		const char *wrong = take(o, record, value, why);

		if (wrong) {
			verb_refuse(r->verb, "%s '%s': %s", name, out_shown(shown, value), wrong);
			return FOUND_FAULT;
		}
	}
	return FOUND_OPTION;
}

/* Where an argument holds no value the next one is it, whatever that looks like. */
static enum option_found with_next(struct option_reader *r, const struct option *o,
                                   const char *name)
{
	char wrong[96];

	if (r->at < r->argc)
		return apply(r, o, name, r->argv[r->at++]);
	snprintf(wrong, sizeof wrong, "needs a value: %s %s", name, o->value);
	return fault(r, name, wrong);
}

static enum option_found long_option(struct option_reader *r, const char *arg)
{
	const char *name = arg + 2, *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *o = find(r->verb->options, name, n);
	char written[OUT_SHOWN];

	if (!o)
		return unknown(r, name, n);
	snprintf(written, sizeof written, "--%s", o->name);
	if (equals && !o->value)
		return fault(r, written, "takes no value");
	if (o->takes == TAKES_HELP) {
		help_full(r->verb);
		return FOUND_HELP;
	}
	if (equals || !o->value)
		return apply(r, o, written, equals ? equals + 1 : NULL);
	return with_next(r, o, written);
}

static const struct option *find_letter(const struct option *table, char letter)
{
	for (const struct option *o = table; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static enum option_found letters(struct option_reader *r, const char *arg)
{
	enum option_found found = FOUND_OPTION;

	for (const char *c = arg + 1; *c && found == FOUND_OPTION; c++) {
		const struct option *o = find_letter(r->verb->options, *c);
		char written[] = { '-', *c, '\0' };

		if (!o)
			return fault(r, arg, "is no option: long names begin with two hyphens");
		if (o->takes == TAKES_HELP) {
			help_short(r->verb);
			return FOUND_HELP;
		}
		if (o->value)
			return c[1] ? apply(r, o, written, c + 1) : with_next(r, o, written);
		found = apply(r, o, written, NULL);
	}
	return found;
}

enum option_found option_next(struct option_reader *r, const char **word)
{
	enum option_found found = FOUND_OPTION;

	while (r->at < r->argc && found == FOUND_OPTION) {
		const char *arg = r->argv[r->at++];

		if (strcmp(arg, "--") == 0)
			return FOUND_GAP;
		if (arg[0] != '-' || !arg[1]) {
			*word = arg;
			return FOUND_WORD;
		}
		found = arg[1] == '-' ? long_option(r, arg) : letters(r, arg);
	}
	return found == FOUND_OPTION ? FOUND_END : found;
}

int option_words(struct option_reader *r, int (*each)(struct option_reader *r, const char *word))
{
	const char *word;
	int code = 0;

	while (!code && !r->literal)
		switch (option_next(r, &word)) {
		case FOUND_HELP:
			return out_flushed();
		case FOUND_FAULT:
			return CODE_USAGE;
		case FOUND_WORD:
			code = each(r, word);
			break;
		case FOUND_GAP:
			r->literal = true;
			break;
		default:
			return OPTION_GO;
		}
	while (!code && r->at < r->argc)
		code = each(r, r->argv[r->at++]);
	return code ? code : OPTION_GO;
}
