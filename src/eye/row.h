/* SPDX-License-Identifier: MIT */
/*
 * A row of the ladder: what every drawing is made of. The story makes rows
 * from event records; explain and fold take rows and give rows; text, SVG,
 * HTML and Mermaid draw them. Rows come in the order of time, one by one, so
 * that a ladder can be drawn while it happens.
 */
#ifndef EYE_ROW_H
#define EYE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/event.h"

struct story;
struct story_socket;

enum row_kind {
	ROW_CALL,               /* a call, whole: text and result */
	ROW_BEGIN,              /* a call that waits from here on: text alone */
	ROW_END,                /* it has returned: text and result again */
	ROW_KERNEL,             /* inferred: what the kernel did of its own, "SYN"; text, perhaps an arrow */
	ROW_NOTE,               /* an explanation of the row before: text */
	ROW_FOLD,               /* the last .period rows again, .times times more: text */
	ROW_EXIT                /* a program has ended: text */
};

enum arrow_kind {
	ARROW_BYTES,            /* bytes of a stream */
	ARROW_DATAGRAM,
	ARROW_CUT,              /* a datagram that did not fit the receiver's buffer */
	ARROW_TWICE,            /* a datagram that had come before */
	ARROW_LOST,             /* a datagram that never came; it ends before its lane */
	ARROW_KERNEL            /* a segment of the kernel's own, inferred */
};

/* From where bytes left to where they came in. */
struct row_arrow {
	uint8_t kind;           /* enum arrow_kind */
	int16_t from, to;       /* lanes */
	uint32_t call;          /* number of the call that sent them; 0 unknown */
	uint64_t first, end;    /* of a stream: their places, first and one behind the last */
	char label[72];         /* "12 B", "[0,12)", "SYN" */
};

enum { ROW_ARROWS = 4, ROW_NUMBER_NONE = 0 };

struct row {
	uint8_t kind;                   /* enum row_kind */
	bool wrong;                     /* the call failed, or the note is a warning */
	bool minor;                     /* of no weight in a conversation, fold leaves it out: options, names,
	                                   waits that did not wait, what would have blocked */
	int16_t lane;                   /* who; of a KERNEL row that has no lane of its own: -1 */
	uint32_t call;                  /* number of the call, from 1: BEGIN and END have the same; 0 none */
	int64_t time;                   /* ns since the story began */
	int64_t took;                   /* ns; 0 while it waits */
	const struct event *event;      /* CALL, BEGIN, END, EXIT: the record with its payload, else NULL */
	const struct story_socket *socket;      /* which socket it was about, or NULL */
	const char *who;                /* tells several callers of one lane apart: ":51234", "#2"; or "" */
	const char *text;               /* "recv(4, 1024)" */
	const char *result;             /* "= 12", "= -1 ECONNREFUSED"; "" */
	struct row_arrow arrow[ROW_ARROWS];     /* that end here (LOST, and of unseen receivers: begin here) */
	uint8_t arrows;
	uint32_t more_arrows;           /* beyond those */
	const char *note;               /* NOTE: the name of what it is about, "backlog-full"; or NULL */
	uint64_t times;                 /* FOLD */
	uint32_t period;                /* FOLD */
	uint64_t bytes_in, bytes_out;   /* FOLD: moved by the rows left out, received and sent */
};

/* Takes a row. It, and all that it points to, is valid during the call alone. */
typedef void row_sink(void *to, const struct row *row);

/* A copy that lives until row_free, its event and texts with it, socket excepted (NULL). NULL: no memory. */
struct row *row_copy(const struct row *row);
void row_free(struct row *row);

#endif
