/* SPDX-License-Identifier: MIT */
/* Text and code on the page of a report. */
#ifndef CMD_DEMO_MARKUP_H
#define CMD_DEMO_MARKUP_H

#include <stdio.h>

void markup_text(FILE *to, const char *text);

/* Code with its comments told apart: they are what a reader of a report looks for. */
void markup_c(FILE *to, const char *code);
void markup_python(FILE *to, const char *code);

#endif
