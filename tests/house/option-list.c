/* SPDX-License-Identifier: MIT */
/* Prints the table of options, a line per row: NAME CONSTANT LEVEL NUMBER KIND. */
#include <sockeye/option.h>
#include <stdio.h>

int main(void)
{
	const struct sock_option *o;

	for (int i = 0; (o = sock_option_at(i)); i++)
		printf("%s %s %d %d %s\n", o->name, o->constant, o->level, o->option, o->kind);
	return 0;
}
