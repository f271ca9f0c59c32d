/* SPDX-License-Identifier: MIT */
/*
 * What a run has to tell a reader: its calls in their order, what each of them
 * meant, and the notes on them. It is made of the rows of this very run.
 */
#ifndef CMD_DEMO_ANSWERS_H
#define CMD_DEMO_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../eye/row.h"
#include "demo-play.h"

struct answer {
	const char *who;                /* the program; NULL: a note on what came before */
	char *what;                     /* "listen(3, 5) = 0" */
	char *meaning;                  /* sentences, perhaps none; of a note itself */
	bool warning;                   /* of a note */
	uint32_t call;                  /* one that waits until its end comes; else 0 */
};

struct answers {
	const struct conversation *c;
	const char *who[PLAY_ENDS];     /* the programs */
	const char *shows;              /* what there is to see; NULL: nobody knows */
	struct answer *each;
	size_t n, room;
	bool lacks_memory;
};

/* A row_sink. answers is a struct answers, all zeros but for its first three. */
void answers_row(void *answers, const struct row *row);

void answers_free(struct answers *a);

/* For people, as text. */
void answers_put(const struct answers *a, FILE *to);

#endif
