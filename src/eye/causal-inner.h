/* SPDX-License-Identifier: MIT */
/*
 * What the files of the ladder by cause share: causal.c has the causes,
 * causal-order.c the order, causal-words.c the words.
 */
#ifndef EYE_CAUSAL_INNER_H
#define EYE_CAUSAL_INNER_H

#include "map.h"
#include "row.h"
#include "story.h"

enum { CAUSAL_CAUSES = ROW_ARROWS + 3, CAUSAL_LANES = 64, CAUSAL_PORTS = 256 };

struct causal_item {
	struct row *row;
	int at;                         /* the how many-th it came */
	uint32_t socket, made;          /* numbers; made: the one that an accept made */
	struct causal_sent {
		int lane;
		uint32_t call;
	} sent[ROW_ARROWS];             /* the calls whose bytes it got */
	int sents;
	struct causal_item *cause[CAUSAL_CAUSES];
	int causes;
	struct causal_item *next;       /* as they came */

	/* causal-order.c's: how many it still has to wait for, who waits for it, and when of several it is told. */
	int waits;
	struct causal_edge *freed;
	int client_lane;
	uint32_t client;
	bool told;
};

/*
 * Give n items to tell, each behind what it has to wait for, always in the same
 * order. crowded has the pids with several connections at once.
 */
void causal_sort(struct story *story, struct causal_item *first, int n, const struct map *crowded,
                 void (*tell)(void *to, struct causal_item *i), void *to);

struct causal_words {
	struct story *story;
	row_sink *sink;
	void *to;
	struct map names;               /* number of a socket -> its number by cause */
	intptr_t names_n;
	struct map failed;              /* number of a socket -> errno of its connect in the background, as a pointer */
	int ports[CAUSAL_PORTS], ports_n;
};

/* Give the item to the sink as a row. */
void causal_tell(struct causal_words *w, struct causal_item *i);
void causal_words_free(struct causal_words *w);

#endif
