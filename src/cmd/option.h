/* SPDX-License-Identifier: MIT */
/*
 * The options of a verb: one table, from which they are read, explained by -h
 * and --help, and listed for the manual and the shell.
 *
 *	struct my { int64_t limit; bool json; };
 *
 *	static const struct option options[] = {
 *		{ "timeout", 't', TAKES_TIME, "TIME|off", "give up after this", .off = -1,
 *		  .max = 30 * CLOCK_SEC, OPTION_AT(struct my, limit) },
 *		{ "json", 0, TAKES_NOTHING, NULL, "report in JSON", OPTION_AT(struct my, json) },
 *		OPTION_HELP,
 *		{ .name = NULL }
 *	};
 *
 * They are written --name VALUE, --name=VALUE, -n VALUE, -nVALUE, and letters
 * without a value together: -vv. Names are never guessed from their beginning.
 * Values are strict. A value's placeholder is part of the grammar: behind "|off"
 * the word off is taken too, and 0 for it; of TAKES_WORD it is the list of
 * words, "wait|refuse", the first of which is stored as 0.
 */
#ifndef CMD_OPTION_H
#define CMD_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verb.h"

enum option_takes {
	TAKES_NOTHING,          /* stores true */
	TAKES_STEPS,            /* adds .max each time: -v */
	TAKES_NUMBER,           /* decimal */
	TAKES_SIZE,             /* 64k: base/num.h */
	TAKES_TIME,             /* 250ms, in ns: value.h */
	TAKES_WORD,             /* one of the placeholder's */
	TAKES_TEXT,             /* stored as it is: a const char * */
	TAKES_CALL,             /* anything, given to .call */
	TAKES_HEADING,          /* no option, but a line of the help: name */
	TAKES_HELP
};

enum { OPTION_WHY = 200, OPTION_RECORDS = 2 };

struct option {
	const char *name;       /* without its hyphens; NULL ends the table */
	char letter;            /* or 0 */
	unsigned char takes;    /* enum option_takes */
	const char *value;      /* the placeholder of its value, or NULL */
	const char *about;      /* one line; behind a semicolon more, for --help alone */
	unsigned char record;   /* in which of the reader's records it is stored */
	unsigned char size;     /* of the member there: 1, 4 or 8 bytes */
	size_t at;              /* and its place: OPTION_AT fills in both */
	int64_t min, max;       /* of numbers, sizes, times; and bytes of a text, if max is not 0 */
	int64_t off;            /* what "off" stores */
	/* Takes the value: NULL, or what is wrong with it, which may stand in why. */
	const char *(*call)(void *record, const char *value, char why[OPTION_WHY]);
};

#define OPTION_AT(type, member) .at = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define OPTION_HELP \
	{ "help", .letter = 'h', .takes = TAKES_HELP, \
	  .about = "this list and more; -h: the list alone, shortened" }

/* A command line on its way through the table. */
struct option_reader {
	const struct verb *verb;
	char **argv;
	int argc, at;           /* at: the next argument */
	void *record[OPTION_RECORDS];   /* NULL: its options are too late here */
	const char *late;       /* why, for the sentence: "write it before the first --" */
	bool literal;           /* behind "--", for option_words: what comes is no option, whatever it looks like */
};

enum option_found {
	FOUND_OPTION,           /* taken; never returned */
	FOUND_END,
	FOUND_WORD,             /* an argument that is no option */
	FOUND_GAP,              /* "--" */
	FOUND_HELP,             /* help was asked for and printed */
	FOUND_FAULT             /* something was wrong and told: CODE_USAGE */
};

/* Read options up to what is none. Of FOUND_WORD word is the argument. */
enum option_found option_next(struct option_reader *r, const char **word);

/* The command line is read and right: there is work to do. */
enum { OPTION_GO = -1 };

/*
 * Read all of it, for verbs to which "--" is the end of the options (POSIX,
 * Utility Syntax Guideline 10). Each word is given to each, which returns 0, or
 * the exit code of what it has told. Returns OPTION_GO, or the exit code.
 */
int option_words(struct option_reader *r, int (*each)(struct option_reader *r, const char *word));

#endif
