/* SPDX-License-Identifier: MIT */
/* Which characters a person may be shown as they are. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True if Python's repr() shows the character as it is, false if it writes a
 * number: for controls, marks of direction, code points without a character,
 * and every separator but the space.
 */
bool printable(uint32_t point);

/* Is it shown in exactly one column of a terminal? Not so the wide ones, and marks on the one before. */
bool printable_narrow(uint32_t point);

#endif
