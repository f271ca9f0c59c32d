/* SPDX-License-Identifier: MIT */
/* Socket options by name, NAME or NAME=VALUE in a list with commas, as sock_option(3) takes them. */
#ifndef CMD_SOCKOPT_H
#define CMD_SOCKOPT_H

#include "address.h"
#include "option.h"

enum { SOCKOPT_ROOM = 900 };            /* others add their own, up to 1024 in all */

/* Check a list and put it behind another. NULL, or what is wrong with it. */
const char *sockopt_add(char list[SOCKOPT_ROOM], const char *value, char why[OPTION_WHY]);

/* The first of these options that sockets of this kind lack, as UDP lacks nodelay; or NULL. */
const char *sockopt_misfit(const char *options, const struct address *a);

#endif
