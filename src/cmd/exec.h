/* SPDX-License-Identifier: MIT */
/*
 * A program that talks through the connection, as tcpserver(1) starts one: its
 * standard input and output are the socket, and its environment says who is at
 * both ends (UCSPI, the Unix Client-Server Program Interface).
 */
#ifndef CMD_EXEC_H
#define CMD_EXEC_H

#include <sockeye.h>

enum { EXEC_NOT_FOUND = 127 };

/* Become /bin/sh -c command. Returns only when that failed: EXEC_NOT_FOUND. */
int exec_become(struct sock *s, const char *command);

/* The same in a child, which outlives the socket here. Returns its pid, or -1 and errno. */
pid_t exec_start(struct sock *s, const char *command);

#endif
