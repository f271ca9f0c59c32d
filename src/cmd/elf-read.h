/* SPDX-License-Identifier: MIT */
/*
 * What an executable file says of itself, as far as it matters to a library
 * that is loaded in front of others: is there a dynamic linker at all, for
 * which machine is it, and does Go make its system calls? Files are not
 * trusted: whatever is in them, nothing is read beyond them.
 */
#ifndef CMD_ELF_READ_H
#define CMD_ELF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_INTERPRETER = 256 };

struct elf {
	bool is_elf;
	bool is_script;
	bool is_linked;                 /* it asks for a dynamic linker */
	bool is_go;
	int bits;                       /* 32, 64 */
	int machine;                    /* EM_* */
	char interpreter[ELF_INTERPRETER];      /* of a script; "" when it names none */
};

/* Read it. A file that is neither ELF nor a script, or is cut, leaves what could not be known unset. */
void elf_read(struct elf *e, int fd);

/* Could both be loaded into one program? */
bool elf_match(const struct elf *a, const struct elf *b);

#endif
