/* SPDX-License-Identifier: MIT */
/* Any file may stand where a program is expected: its reader ends, reads nothing beyond it, and names whole texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/elf-read.h"

static void hold(int claim)
{
	if (!claim)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static int fd = -1;
	struct elf e;

	if (fd < 0)
		fd = memfd_create("program", MFD_CLOEXEC);
	hold(ftruncate(fd, 0) == 0 && pwrite(fd, data, n, 0) == (ssize_t)n);
	elf_read(&e, fd);
	hold(!(e.is_elf && e.is_script));
	hold(e.bits == (e.is_elf ? e.bits == 64 ? 64 : 32 : 0));
	hold(memchr(e.interpreter, '\0', sizeof e.interpreter) != NULL);
	return 0;
}
