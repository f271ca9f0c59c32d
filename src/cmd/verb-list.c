/* SPDX-License-Identifier: MIT */
/* All verbs, in the order in which a person is shown them. A new one is a file of its own and a row here. */
#include "verb.h"

const struct verb *const verb_list[] = {
	&verb_serve,
	&verb_connect,
	&verb_send,
	&verb_probe,
	&verb_trace,
	&verb_demo,
	&verb_doctor,
	&verb_completion,
	&verb_nc,
	NULL
};
