/* SPDX-License-Identifier: MIT */
/* Exit codes, of sock_report and of the command. The words for people are in cmd/help.c. */
#ifndef BASE_CODE_H
#define BASE_CODE_H

enum {
	CODE_OK = 0,
	CODE_NETWORK = 1,       /* and whatever else the system refused */
	CODE_USAGE = 2,         /* the command line, or more than the machine allows */
	CODE_NAME = 3,          /* a host name that nobody knows */
	CODE_REFUSED = 4,       /* refused or unreachable */
	CODE_TIMEOUT = 5,
	CODE_TLS = 6,
	CODE_CHECK = 7,         /* what was examined is not what it should be */
	CODE_FORBIDDEN = 8,     /* not permitted */
	CODE_SIGNAL = 128       /* plus the signal's number */
};

#endif
