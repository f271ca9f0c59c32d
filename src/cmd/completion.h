/* SPDX-License-Identifier: MIT */
/*
 * What the scripts of all shells are made of: the verbs, their options, and
 * what may stand where a placeholder does. A shell is a function that prints.
 */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include <stdbool.h>

#include "option.h"
#include "verb.h"

/* What a shell can offer in a place, beside words. */
enum completion_offer {
	OFFER_FILES = 1,
	OFFER_COMMANDS = 2,
	OFFER_SERVICES = 4
};

/* Of an option's placeholder, and of all that follows a verb. Flags of enum completion_offer. */
unsigned completion_of_value(const char *placeholder);
unsigned completion_of_verb(const struct verb *verb);

/*
 * Print the words that a placeholder itself offers, "wait|refuse" or the "off"
 * of "TIME|off", with this between two. Returns how many.
 */
int completion_put_value_words(const char *placeholder, const char *between);
int completion_put_verb_words(const struct verb *verb, const char *between);

/* How many there would be. */
int completion_count_value_words(const char *placeholder);
int completion_count_verb_words(const struct verb *verb);

/* Print what is said of an option or a verb up to its semicolon, with the escape before each of these. */
void completion_put_about(const char *about, const char *special, const char *escape);

/* Does the row of a table describe an option? */
bool completion_is_option(const struct option *o);

/* The same option may be written several times. */
bool completion_may_repeat(const struct option *o);

void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

#endif
