/* SPDX-License-Identifier: MIT */
/* Claims about cmd/elf-read: what files say, in either order of bytes, and that nothing is read beyond a file. */
#include "check.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "cmd/elf-read.h"

enum { ROOM = 1024, SEGMENTS = 64, SECTIONS = 256, NOTE = 512, NAMES = 600 };

static unsigned char file[ROOM];
static struct elf said;

static void put_file(const void *bytes, size_t n)
{
	int fd = memfd_create("program", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	elf_read(&said, fd);
	close(fd);
}

/* -- A program made by hand ------------------------------------------------------------------ */

static void head(int segments, int sections)
{
	Elf64_Ehdr h = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = SEGMENTS, .e_phnum = segments,
		.e_phentsize = sizeof(Elf64_Phdr), .e_shoff = sections ? SECTIONS : 0, .e_shnum = sections,
		.e_shentsize = sizeof(Elf64_Shdr), .e_shstrndx = sections - 1,
	};

	memset(file, 0, sizeof file);
	memcpy(file, &h, sizeof h);
}

static void segment(int i, uint32_t type, uint64_t offset, uint64_t size)
{
	Elf64_Phdr p = { .p_type = type, .p_offset = offset, .p_filesz = size };

	memcpy(file + SEGMENTS + i * sizeof p, &p, sizeof p);
}

static void section(int i, uint32_t name, uint64_t offset)
{
	Elf64_Shdr s = { .sh_name = name, .sh_offset = offset };

	memcpy(file + SECTIONS + i * sizeof s, &s, sizeof s);
}

static void note(size_t at, uint32_t name, uint32_t more, uint32_t type, const char *text)
{
	uint32_t numbers[] = { name, more, type };

	memcpy(file + at, numbers, sizeof numbers);
	memcpy(file + at + sizeof numbers, text, 4);
}

static void a_program_without_a_linker_is_static(void **state)
{
	(void)state;
	head(1, 0);
	segment(0, PT_LOAD, 0, 100);
	put_file(file, sizeof file);
	assert_true(said.is_elf && !said.is_linked && !said.is_go && !said.is_script);
	assert_true(said.bits == 64 && said.machine == EM_X86_64);
	segment(0, PT_INTERP, 0, 100);
	put_file(file, sizeof file);
	assert_true(said.is_linked);
}

static void go_is_known_by_its_note(void **state)
{
	(void)state;
	head(1, 0);
	segment(0, PT_NOTE, NOTE, 64);
	note(NOTE, 4, 5, 1, "GNU");
	note(NOTE + 24, 4, 8, 4, "Go\0");
	put_file(file, sizeof file);
	assert_true(said.is_go);
	note(NOTE + 24, 4, 8, 3, "Go\0");
	put_file(file, sizeof file);
	assert_false(said.is_go);
	note(NOTE, 4, UINT32_MAX, 1, "GNU");
	note(NOTE + 24, 4, 8, 4, "Go\0");
	put_file(file, sizeof file);
	assert_false(said.is_go);
	note(NOTE, UINT32_MAX, UINT32_MAX, 1, "GNU");
	put_file(file, sizeof file);
	assert_false(said.is_go);
}

static void go_is_known_by_the_name_of_a_section(void **state)
{
	(void)state;
	head(0, 3);
	section(1, 7, 0);
	section(2, 0, NAMES);
	memcpy(file + NAMES + 7, ".go.buildinfo", 14);
	put_file(file, sizeof file);
	assert_true(said.is_go);
	file[NAMES + 8] = 'c';
	put_file(file, sizeof file);
	assert_false(said.is_go);
	section(1, UINT32_MAX, 0);
	section(2, 0, UINT64_MAX);
	put_file(file, sizeof file);
	assert_true(said.is_elf && !said.is_go);
}

static void numbers_may_be_anything(void **state)
{
	(void)state;
	for (size_t at = EI_NIDENT; at < sizeof(Elf64_Ehdr); at++) {
		head(2, 3);
		segment(0, PT_NOTE, UINT64_MAX - 3, UINT64_MAX);
		segment(1, PT_NOTE, NOTE, UINT64_MAX);
		section(2, 0, NAMES);
		file[at] = 0xff;
		if (at + 1 < sizeof(Elf64_Ehdr))
			file[at + 1] = 0xff;
		put_file(file, sizeof file);
		assert_true(said.is_elf);
	}
}

static void a_program_of_32_bits_in_the_other_order_is_read(void **state)
{
	static const unsigned char big[] = {
		0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2MSB, EV_CURRENT, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 2, 0, EM_MIPS, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 52, 0, 32, 0, 1, 0, 40, 0, 0, 0, 0, 0, 0, 0, PT_INTERP,
	};
	struct elf own;

	(void)state;
	memset(file, 0, sizeof file);
	memcpy(file, big, sizeof big);
	put_file(file, sizeof file);
	assert_true(said.is_elf && said.is_linked && said.bits == 32 && said.machine == EM_MIPS);
	own = said;
	assert_true(elf_match(&own, &said));
	own.bits = 64;
	assert_false(elf_match(&own, &said));
}

/* -- Other files ----------------------------------------------------------------------------- */

static void a_script_names_who_reads_it(void **state)
{
	char line[2 * ELF_INTERPRETER];

	(void)state;
	put_file("#!/bin/sh\n", 10);
	assert_true(said.is_script && !said.is_elf);
	assert_string_equal(said.interpreter, "/bin/sh");
	put_file("#! \t/usr/bin/env python3 -u\n", 28);
	assert_string_equal(said.interpreter, "/usr/bin/env");
	put_file("#!", 2);
	assert_true(said.is_script && !*said.interpreter);
	put_file("#!\n/bin/sh", 10);
	assert_true(said.is_script && !*said.interpreter);
	memset(line, 'x', sizeof line);
	memcpy(line, "#!", 2);
	put_file(line, sizeof line);
	assert_int_equal(strlen(said.interpreter), ELF_INTERPRETER - 1);
}

static void what_is_neither_says_nothing(void **state)
{
	(void)state;
	put_file("", 0);
	assert_true(!said.is_elf && !said.is_script);
	put_file("plain text, long enough for a head of a program, but it is none at all", 70);
	assert_true(!said.is_elf && !said.is_script);
	elf_read(&said, -1);
	assert_true(!said.is_elf && !said.is_script);
}

/* This very program, cut everywhere in its heads and here and there behind them. */
static void a_file_may_be_cut_anywhere(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	static char whole[1 << 16];
	ssize_t n = read(fd, whole, sizeof whole);

	(void)state;
	elf_read(&said, fd);
	assert_true(said.is_elf && said.is_linked && !said.is_go);
	assert_true(n > 2000);
	close(fd);
	for (ssize_t cut = 0; cut < n; cut += cut < 2000 ? 1 : 997)
		put_file(whole, (size_t)cut);
	assert_true(said.is_elf && said.is_linked);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_program_without_a_linker_is_static),
	cmocka_unit_test(go_is_known_by_its_note),
	cmocka_unit_test(go_is_known_by_the_name_of_a_section),
	cmocka_unit_test(numbers_may_be_anything),
	cmocka_unit_test(a_program_of_32_bits_in_the_other_order_is_read),
	cmocka_unit_test(a_script_names_who_reads_it),
	cmocka_unit_test(what_is_neither_says_nothing),
	cmocka_unit_test(a_file_may_be_cut_anywhere),
};
CHECK_MAIN(tests)
