/* SPDX-License-Identifier: MIT */
/* What other programs do for a report: a browser prints it, an archiver packs it. */
#ifndef CMD_DEMO_TOOLS_H
#define CMD_DEMO_TOOLS_H

#include <stdbool.h>

/* Print a page to a PDF; both are whole paths. Returns 0, or a negative errno: -ENOENT where no Chromium is. */
int tools_print(const char *page, const char *pdf);

/* Pack the folder name, which is in this parent, as the file zip, a whole path. -ENOENT: nothing here packs. */
int tools_pack(const char *parent, const char *name, const char *zip);

#endif
