/* SPDX-License-Identifier: MIT */
/* The three tasks of the lab and what is made of them: for demo-report.c, which makes the files, and demo-sheet.c. */
#ifndef CMD_DEMO_REPORT_H
#define CMD_DEMO_REPORT_H

#include "beside.h"
#include "demo-answers.h"
#include "demo-play.h"

enum { REPORT_TASKS = 3, REPORT_NAME = 256, REPORT_FOLDER = 2000, REPORT_PATH = REPORT_FOLDER + 300 };

struct report_task {
	const char *name;               /* of the conversation */
	const char *asked;              /* what the lab wants to be done */
};

extern const struct report_task report_tasks[REPORT_TASKS];

/* The source of a program. */
struct report_file {
	char name[REPORT_NAME];         /* in the folder of its task */
	char path[BESIDE_PATH];
};

struct report {
	const struct demo *d;
	char folder[REPORT_FOLDER];      /* a whole path */
	struct report_file files[REPORT_TASKS][PLAY_ENDS];
	struct answers answers[REPORT_TASKS];
};

/* "DIR/Task02/FILE"; task from 0. */
void report_path(const struct report *r, int task, const char *file, char path[REPORT_PATH]);

/* The page of all tasks, from their files and answers. Returns 0 or a negative errno. */
int sheet_write(const struct report *r, const char *path);

#endif
