/* SPDX-License-Identifier: MIT */
/* A recorded file, drawn again: on standard output, for it is what was asked for. */
#include <unistd.h>

#include "trace-file.h"
#include "trace-show.h"
#include "trace.h"

static bool take(void *show, const struct event *e, int64_t until)
{
	if (!show_event(show, e))
		return false;
	show_until(show, until);
	return true;
}

int trace_replay(const struct trace *t)
{
	struct show show;
	int failed, told = show_begin(&show, t, STDOUT_FILENO);

	if (told)
		return told;
	told = trace_file_read(t, t->file, take, &show);
	failed = show_end(&show);
	return told ? told : failed;
}
