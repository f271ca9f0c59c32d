/* SPDX-License-Identifier: MIT */
/* The name by which a program is told of. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <stddef.h>

/* Its short name, or of an interpreter that of the script it runs; at most room bytes with its NUL. */
void program_name(char *out, size_t room, int argc, char *const *argv);

#endif
