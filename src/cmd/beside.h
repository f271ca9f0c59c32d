/* SPDX-License-Identifier: MIT */
/*
 * What was built or installed together with the command is looked for where
 * the command itself is: in the tree of the build, then by the way from the
 * folder of commands to that of libraries, then where it was to be installed.
 * So a tree that was moved is whole.
 */
#ifndef CMD_BESIDE_H
#define CMD_BESIDE_H

#include <stdbool.h>

enum { BESIDE_PATH = 4096 };

/* Where libraries were to be installed: for a sentence about what is missing. */
extern const char beside_installed[];

/*
 * Find a file: built is its path from the command in the tree of the build,
 * installed the one from the folder of libraries. Its whole path goes to path.
 */
bool beside_find(char path[BESIDE_PATH], const char *built, const char *installed);

/* A file that somebody has named. The same. */
bool beside_named(char path[BESIDE_PATH], const char *name);

#endif
