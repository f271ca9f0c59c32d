/* SPDX-License-Identifier: MIT */
/*
 * The verb completion: a script for a shell, made from the same tables that
 * command lines are read by, so that it offers what will be taken. What a
 * placeholder stands for is decided here, how a shell is told in a file each.
 */
#include "completion.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../base/nearest.h"
#include "help.h"
#include "out.h"

/* -- Placeholders --------------------------------------------------------------------- */

/* In capitals they stand for something, in small letters for themselves. */
struct piece {
	const char *at;
	size_t n;
};

/* The next of a text, between characters that are no part of any; n 0 behind the last. */
static struct piece next_piece(const char *text, const char *between)
{
	text += strspn(text, between);
	return (struct piece){ text, strcspn(text, between) };
}

static bool is_piece(const struct piece *p, const char *word)
{
	return strlen(word) == p->n && memcmp(p->at, word, p->n) == 0;
}

static bool is_literal(const struct piece *p)
{
	bool letters = false;

	for (size_t i = 0; i < p->n; i++) {
		if (isupper((unsigned char)p->at[i]))
			return false;
		letters |= islower((unsigned char)p->at[i]) != 0;
	}
	return letters;
}

/* Print the literal alternatives of a placeholder; silently: count them only. */
static int put_words(const char *text, size_t n, const char *between, int before)
{
	int count = 0;

	for (const char *at = text; at < text + n;) {
		struct piece p = next_piece(at, "|");

		if (p.at + p.n > text + n)
			p.n = (size_t)(text + n - p.at);
		if (is_literal(&p) && between)
			printf("%s%.*s", before + count ? between : "", (int)p.n, p.at);
		count += is_literal(&p);
		at = p.at + p.n + 1;
	}
	return count;
}

int completion_put_value_words(const char *placeholder, const char *between)
{
	return put_words(placeholder, strlen(placeholder), between, 0);
}

int completion_count_value_words(const char *placeholder)
{
	return completion_put_value_words(placeholder, NULL);
}

unsigned completion_of_value(const char *placeholder)
{
	if (strcmp(placeholder, "FILE") == 0 || strcmp(placeholder, "DIR") == 0)
		return OFFER_FILES;
	return strcmp(placeholder, "COMMAND") == 0 ? OFFER_COMMANDS : 0;
}

/* -- What follows a verb ------------------------------------------------------------------ */

#define USAGE_BETWEEN " []."

/* A word of a usage that offers a choice, "bash|zsh|fish", and the words that the verb itself lists. */
int completion_put_verb_words(const struct verb *verb, const char *between)
{
	int count = 0;
	const char *word;

	for (struct piece p = next_piece(verb->usage, USAGE_BETWEEN); p.n; p = next_piece(p.at + p.n, USAGE_BETWEEN))
		if (memchr(p.at, '|', p.n))
			count += put_words(p.at, p.n, between, count);
	for (size_t i = 0; verb->word && (word = verb->word(i)) != NULL; i++)
		count += put_words(word, strlen(word), between, count);
	return count;
}

int completion_count_verb_words(const struct verb *verb)
{
	return completion_put_verb_words(verb, NULL);
}

/* An address may be a service's name, which stands for where it is served. */
unsigned completion_of_verb(const struct verb *verb)
{
	static const struct {
		const char *word;
		unsigned offer;
	} known[] = {
		{ "SERVICE", OFFER_SERVICES }, { "ADDRESS", OFFER_SERVICES }, { "FROM", OFFER_SERVICES },
		{ "TO", OFFER_SERVICES }, { "FILE", OFFER_FILES }, { "COMMAND", OFFER_COMMANDS },
	};
	unsigned offer = 0;

	for (struct piece p = next_piece(verb->usage, USAGE_BETWEEN); p.n; p = next_piece(p.at + p.n, USAGE_BETWEEN))
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (is_piece(&p, known[i].word))
				offer |= known[i].offer;
	return offer;
}

/* -- Options ---------------------------------------------------------------------------------- */

bool completion_is_option(const struct option *o)
{
	return o->takes != TAKES_HEADING;
}

bool completion_may_repeat(const struct option *o)
{
	return o->takes == TAKES_STEPS || o->takes == TAKES_CALL;
}

void completion_put_about(const char *about, const char *special, const char *escape)
{
	size_t n = strcspn(about, ";");

	for (size_t i = 0; i < n; i++) {
		if (strchr(special, about[i]))
			fputs(escape, stdout);
		putchar(about[i]);
	}
}

/* -- The verb ------------------------------------------------------------------------------------ */

static const struct shell {
	const char *name;
	void (*print)(void);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

enum { SHELLS = sizeof shells / sizeof *shells };

static const struct option options[] = {
	{ "Help", .takes = TAKES_HEADING },
	OPTION_HELP,
	{ .name = NULL }
};

static const struct verb_section sections[] = {
	{ "Where it goes",
	  "  bash  eval \"$(sockeye completion bash)\" in ~/.bashrc\n"
	  "  zsh   a file _sockeye in a folder of $fpath, or source <(sockeye completion zsh)\n"
	  "        behind compinit in ~/.zshrc\n"
	  "  fish  ~/.config/fish/completions/sockeye.fish\n"
	  "  Where sockeye was installed from a package it is in place already.\n", NULL },
	{ "Exit codes", NULL, help_codes },
	{ "Examples",
	  "  eval \"$(sockeye completion bash)\"\n"
	  "  sockeye completion fish >~/.config/fish/completions/sockeye.fish\n", NULL },
	{ NULL, NULL, NULL }
};

static const struct shell *find(const char *name)
{
	for (int i = 0; i < SHELLS; i++)
		if (strcmp(shells[i].name, name) == 0)
			return &shells[i];
	return NULL;
}

static int no_shell(const struct verb *verb, const char *word)
{
	struct nearest near = nearest_to(word);
	char shown[OUT_SHOWN];

	for (int i = 0; i < SHELLS; i++)
		nearest_try(&near, shells[i].name);
	return verb_refuse(verb, near.name ? "no shell '%s': did you mean %s?" : "no shell '%s' is known here",
	                   out_shown(shown, word), near.name);
}

static int take_word(struct option_reader *r, const char *word)
{
	const struct shell **shell = r->record[0];
	char shown[OUT_SHOWN];

	if (*shell)
		return verb_refuse(r->verb, "%s: a second shell", out_shown(shown, word));
	*shell = find(word);
	return *shell ? 0 : no_shell(r->verb, word);
}

static int run(const struct verb *verb, int argc, char **argv)
{
	const struct shell *shell = NULL;
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &shell } };
	int code = option_words(&r, take_word);

	if (code != OPTION_GO)
		return code;
	if (!shell)
		return verb_refuse(verb, "no shell named");
	shell->print();
	return out_flushed();
}

const struct verb verb_completion = {
	.name = "completion",
	.about = "print what a shell needs to complete this command",
	.usage = "[OPTIONS] bash|zsh|fish",
	.options = options,
	.sections = sections,
	.run = run,
};
