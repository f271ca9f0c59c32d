/* SPDX-License-Identifier: MIT */
/* What a verb says about itself, on stdout, made from its row and its table of options. */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include "verb.h"

/* Usage and options, to look something up: -h. */
void help_short(const struct verb *verb);

/* The same and the verb's sections, to get to know it: --help. */
void help_full(const struct verb *verb);

/* A row of a list: what, and in its own column, wrapped, about it. */
void help_row(const char *what, const char *about);

/* The list of exit codes, for a section: they are the same for all verbs. */
void help_codes(void);

#endif
