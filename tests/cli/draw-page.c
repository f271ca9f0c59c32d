/* SPDX-License-Identifier: MIT */
/*
 * draw-page svg|html SCENE: a scene of tests/unit/scenes.c drawn on stdout. What
 * comes on stdin is what the strangers of the scene "attack" say. With "untimed"
 * as a third word nothing is drawn that differs between two runs.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/scenes.h"
#include "eye/draw.h"

static int to_stdout(void *to, const char *bytes, size_t n)
{
	(void)to;
	return fwrite(bytes, 1, n, stdout) == n ? 0 : -1;
}

int main(int argc, char **argv)
{
	static char said[4096], title[4096] = "sockeye trace -- ./echo-server -- ./echo-client";
	struct draw_look look = { .payload = true, .untimed = argc > 3, .title = title };

	if (argc < 3)
		return 2;
	struct scene_attack attack = { said,
		strcmp(argv[2], "attack") ? 0 : fread(said, 1, sizeof said - 1, stdin) };
	if (attack.n)
		snprintf(title, sizeof title, "%s", said);
	struct draw *d = (strcmp(argv[1], "svg") ? html_draw : svg_draw)(
		&look, scene_story(), to_stdout, NULL);
	if (!d)
		return 1;
	bool known = scene_play(argv[2], &attack, draw_row, d);

	return draw_end(d) || !known || fflush(stdout) ? 1 : 0;
}
