/* SPDX-License-Identifier: MIT */
/*
 * "python3" tells nobody which of two programs it is: so an interpreter gives
 * way to its script. What its options mean is known as far as it takes to find
 * the script behind them; in doubt the interpreter's own name stays.
 */
#include "program.h"

#include <stdbool.h>
#include <string.h>

struct interpreter {
	const char *name;               /* the program's name begins so */
	bool versions;                  /* digits and dots may follow */
	const char *names;              /* options whose value is the script, a space around each */
	const char *values;             /* options whose value is something else */
	const char *code;               /* options whose value is the program itself */
};

static const struct interpreter interpreters[] = {
	{ "python", true, " -m ", " -W -X --check-hash-based-pycs ", " -c " },
	{ "pypy", true, " -m ", " -W -X ", " -c " },
	{ "node", true, "", " -r --require --import --loader --env-file -C --conditions ", " -e -p --eval --print " },
	{ "nodejs", true, "", " -r --require --import --loader -C --conditions ", " -e -p --eval --print " },
	{ "perl", true, "", " -I ", " -e -E " },
	{ "ruby", true, "", " -I -r -C -E ", " -e " },
	{ "bash", false, "", " -o -O +o +O --rcfile --init-file ", " -c " },
	{ "sh", false, "", " -o +o ", " -c " },
	{ "zsh", false, "", " -o +o ", " -c " },
	{ "php", true, " -f ", " -d -c -z ", " -r " },
	{ "lua", true, "", " -l ", " -e " },
	{ "tclsh", true, "", " -encoding ", "" },
	{ "dash", false, "", " -o +o ", " -c " },
	{ "java", false, " -jar -m --module ", " -cp -classpath --class-path -p --module-path --add-modules ", "" },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static const struct interpreter *interpreter_of(const char *name)
{
	for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++) {
		const struct interpreter *each = &interpreters[i];
		size_t n = strlen(each->name);

		if (strncmp(name, each->name, n) == 0 && (!name[n] || (each->versions &&
		                                          !name[n + strspn(name + n, "0123456789.")])))
			return each;
	}
	return NULL;
}

static bool is_among(const char *option, const char *list)
{
	size_t n = strlen(option);

	for (; (list = strstr(list, option)); list++)
		if (list[-1] == ' ' && list[n] == ' ')
			return true;
	return false;
}

/* The script among the arguments, or NULL. */
static const char *script_of(const struct interpreter *by, int argc, char *const *argv)
{
	for (int i = 1; i < argc && argv[i]; i++) {
		const char *each = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (each[0] != '-' && each[0] != '+')
			return *each ? each : NULL;
		if (strcmp(each, "--") == 0 || is_among(each, by->names))
			return next;
		if (strcmp(each, "-") == 0 || is_among(each, by->code))
			return NULL;
		if (is_among(each, by->values))
			i++;
	}
	return NULL;
}

/* Of a class its last part: what stands before it says less. */
static const char *class_name(const char *script)
{
	const char *dot = strrchr(script, '.');

	return dot && dot[1] && strcmp(dot, ".jar") != 0 && strcmp(dot, ".java") != 0 ? dot + 1 : script;
}

void program_name(char *out, size_t room, int argc, char *const *argv)
{
	const char *name = argc > 0 && argv && argv[0] ? base_name(argv[0]) : "";
	const struct interpreter *by = interpreter_of(name);
	const char *script = by ? script_of(by, argc, argv) : NULL;

	if (script)
		name = base_name(script);
	if (script && strcmp(by->name, "java") == 0)
		name = class_name(name);
	size_t n = strnlen(name, room - 1);
	memcpy(out, name, n);
	out[n] = '\0';
}
