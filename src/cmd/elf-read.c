/* SPDX-License-Identifier: MIT */
/*
 * Just so much of ELF as elf-read.h promises. Every read is of a few bytes at an
 * offset that is checked by the file itself: pread(2) gives less, or nothing,
 * where there is less. Numbers are taken in the file's own order of bytes.
 */
#include "elf-read.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES = 512, NOTES = 4096, NAME = 32, GO_NOTE = 4 };

struct reader {
	int fd;
	bool wide, big;                 /* 64 bits; the most significant byte first */
};

static bool get(const struct reader *r, void *to, size_t n, uint64_t at)
{
	return at <= INT64_MAX && pread(r->fd, to, n, (off_t)at) == (ssize_t)n;
}

static uint64_t number(const struct reader *r, const unsigned char *at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | at[r->big ? i : n - 1 - i];
	return value;
}

/* A member of a header: of struct type32 or type64. */
#define MEMBER(r, bytes, type, member) ((r)->wide ? \
	number((r), (bytes) + offsetof(Elf64_##type, member), sizeof ((Elf64_##type *)0)->member) : \
	number((r), (bytes) + offsetof(Elf32_##type, member), sizeof ((Elf32_##type *)0)->member))
#define LENGTH(r, type) ((r)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

/* -- Notes -------------------------------------------------------------------------------- */

/* Names and contents are filled up to a multiple of 4; the numbers may be anything. */
static bool has_go_note(const struct reader *r, const unsigned char *notes, size_t n)
{
	size_t at = 0;

	while (n - at >= 12) {
		uint64_t name = number(r, notes + at, 4), more = number(r, notes + at + 4, 4);
		uint64_t step = 12 + ((name + 3) & ~UINT64_C(3)) + ((more + 3) & ~UINT64_C(3));

		if (name == 4 && n - at >= 16 && memcmp(notes + at + 12, "Go\0", 4) == 0 &&
		    number(r, notes + at + 8, 4) == GO_NOTE)
			return true;
		if (step > n - at)
			return false;
		at += step;
	}
	return false;
}

static bool is_go_note(const struct reader *r, uint64_t offset, uint64_t size)
{
	unsigned char notes[NOTES];
	size_t n = size < sizeof notes ? (size_t)size : sizeof notes;

	return n && get(r, notes, n, offset) && has_go_note(r, notes, n);
}

/* -- Segments and sections ---------------------------------------------------------------- */

static void read_segment(struct elf *e, const struct reader *r, uint64_t at)
{
	unsigned char bytes[sizeof(Elf64_Phdr)];

	if (!get(r, bytes, LENGTH(r, Phdr), at))
		return;
	switch (MEMBER(r, bytes, Phdr, p_type)) {
	case PT_INTERP:
		e->is_linked = true;
		break;
	case PT_NOTE:
		e->is_go |= is_go_note(r, MEMBER(r, bytes, Phdr, p_offset), MEMBER(r, bytes, Phdr, p_filesz));
		break;
	}
}

/* Where the names of the sections are: the offset of the section with this number. */
static uint64_t names_of(const struct reader *r, uint64_t sections, uint64_t size, uint64_t number_of)
{
	unsigned char bytes[sizeof(Elf64_Shdr)];

	if (!get(r, bytes, LENGTH(r, Shdr), sections + number_of * size))
		return 0;
	return MEMBER(r, bytes, Shdr, sh_offset);
}

static bool is_go_section(const struct reader *r, uint64_t at, uint64_t names)
{
	static const char *const known[] = { ".go.buildinfo", ".note.go.buildid" };
	unsigned char bytes[sizeof(Elf64_Shdr)];
	char name[NAME];

	if (!get(r, bytes, LENGTH(r, Shdr), at))
		return false;
	names += MEMBER(r, bytes, Shdr, sh_name);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t n = strlen(known[i]) + 1;

		if (get(r, name, n, names) && memcmp(name, known[i], n) == 0)
			return true;
	}
	return false;
}

static void read_sections(struct elf *e, const struct reader *r, const unsigned char *head)
{
	uint64_t at = MEMBER(r, head, Ehdr, e_shoff), size = MEMBER(r, head, Ehdr, e_shentsize);
	uint64_t count = MEMBER(r, head, Ehdr, e_shnum), names;

	if (!at || at > INT64_MAX / 2)
		return;
	names = names_of(r, at, size, MEMBER(r, head, Ehdr, e_shstrndx));
	if (!names || names > INT64_MAX / 2)
		return;
	for (uint64_t i = 0; i < count && i < ENTRIES && !e->is_go; i++)
		e->is_go = is_go_section(r, at + i * size, names);
}

static void read_segments(struct elf *e, const struct reader *r, const unsigned char *head)
{
	uint64_t at = MEMBER(r, head, Ehdr, e_phoff), size = MEMBER(r, head, Ehdr, e_phentsize);
	uint64_t count = MEMBER(r, head, Ehdr, e_phnum);

	if (!at || at > INT64_MAX / 2)
		return;
	for (uint64_t i = 0; i < count && i < ENTRIES; i++)
		read_segment(e, r, at + i * size);
}

/* -- Files -------------------------------------------------------------------------------- */

/* "#!/usr/bin/env python3": the first word. */
static void read_script(struct elf *e, int fd)
{
	char line[ELF_INTERPRETER];
	ssize_t n = pread(fd, line, sizeof line - 1, 2);
	size_t begin, end;

	e->is_script = true;
	line[n > 0 ? n : 0] = '\0';
	begin = strspn(line, " \t");
	end = strcspn(line + begin, " \t\r\n");
	memcpy(e->interpreter, line + begin, end);
	e->interpreter[end] = '\0';
}

void elf_read(struct elf *e, int fd)
{
	struct reader r = { .fd = fd };
	unsigned char head[sizeof(Elf64_Ehdr)] = { 0 };

	*e = (struct elf){ .bits = 0 };
	if (!get(&r, head, EI_NIDENT, 0)) {
		if (get(&r, head, 2, 0) && memcmp(head, "#!", 2) == 0)
			read_script(e, fd);
		return;
	}
	if (memcmp(head, "#!", 2) == 0)
		read_script(e, fd);
	r.wide = head[EI_CLASS] == ELFCLASS64;
	r.big = head[EI_DATA] == ELFDATA2MSB;
	if (memcmp(head, ELFMAG, SELFMAG) != 0 || !get(&r, head, LENGTH(&r, Ehdr), 0))
		return;
	e->is_elf = true;
	e->bits = r.wide ? 64 : 32;
	e->machine = (int)MEMBER(&r, head, Ehdr, e_machine);
	read_segments(e, &r, head);
	if (!e->is_go)
		read_sections(e, &r, head);
}

bool elf_match(const struct elf *a, const struct elf *b)
{
	return a->bits == b->bits && a->machine == b->machine;
}
