/* SPDX-License-Identifier: MIT */
/* The folder of the command is that of the running file, whatever name or link it was called by. */
#include "beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char beside_installed[] = LIBRARY_INSTALLED;

/* Made absolute: who uses it may run in another folder. */
static bool found(char path[BESIDE_PATH], const char *folder, const char *way, const char *name)
{
	char text[BESIDE_PATH];
	char *whole;
	bool fits;

	if (snprintf(text, sizeof text, "%s%s%s", folder, way, name) >= (int)sizeof text || access(text, R_OK) < 0)
		return false;
	whole = realpath(text, NULL);
	fits = whole && snprintf(path, BESIDE_PATH, "%s", whole) < BESIDE_PATH;
	free(whole);
	return fits;
}

static void folder_of_command(char folder[BESIDE_PATH])
{
	ssize_t n = readlink("/proc/self/exe", folder, BESIDE_PATH - 1);
	char *slash;

	folder[n > 0 ? n : 0] = '\0';
	slash = strrchr(folder, '/');
	folder[slash ? slash + 1 - folder : 0] = '\0';
}

bool beside_find(char path[BESIDE_PATH], const char *built, const char *installed)
{
	char folder[BESIDE_PATH];

	folder_of_command(folder);
	return found(path, folder, "", built) || found(path, folder, LIBRARY_FROM_BIN "/", installed) ||
	       found(path, LIBRARY_INSTALLED "/", "", installed);
}

bool beside_named(char path[BESIDE_PATH], const char *name)
{
	return found(path, "", "", name);
}
