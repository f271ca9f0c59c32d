/* SPDX-License-Identifier: MIT */
/*
 * The script for bash. It needs nothing but bash itself. One function finds
 * out which verb it is and which option, if any, waits for its value; the
 * tables became its case statements. All words in it are ours, of letters,
 * digits, '-' and '_', so that none needs a quote.
 */
#include <stdio.h>

#include "../service/service.h"
#include "command.h"
#include "completion.h"

/* "=" is a word of its own to bash unless COMP_WORDBREAKS says otherwise. */
static const char beginning[] =
	"# Completion of sockeye for bash, printed by: sockeye completion bash\n"
	"_sockeye()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} option= verb= words= options= offer= prefix= i\n"
	"\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }\n"
	"\tdone\n"
	"\tif [[ $cur == --*=* ]]; then\n"
	"\t\toption=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}\n"
	"\telif [[ $cur == = ]]; then\n"
	"\t\toption=${COMP_WORDS[COMP_CWORD - 1]} cur=\n"
	"\telif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then\n"
	"\t\toption=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\telse\n"
	"\t\toption=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tfi\n"
	"\tcase $verb in\n";

/*
 * A word that begins with a hyphen can only be an option; where nothing else is
 * known they are offered too. What compgen finds is waited for, and a name of
 * two words stays one.
 */
static const char end[] =
	"\t*)\n"
	"\t\treturn ;;\n"
	"\tesac\n"
	"\t[[ $cur == -* || -z $words$offer ]] && words=$options offer=\n"
	"\t[[ $offer == *-f ]] && compopt -o filenames 2>/dev/null\n"
	"\tCOMPREPLY=()\n"
	"\twords=$(compgen $offer -P \"$prefix\" -W \"$words\" -- \"$cur\") && mapfile -t COMPREPLY <<<\"$words\"\n"
	"}\n"
	"complete -F _sockeye sockeye\n";

static const char *flag_of(unsigned offer)
{
	if (offer & OFFER_FILES && offer & OFFER_COMMANDS)
		return "'-c -f'";
	return offer & OFFER_FILES ? "-f" : offer & OFFER_COMMANDS ? "-c" : "";
}

static void put_options(const struct verb *verb)
{
	const char *between = "";

	fputs("\t\toptions='", stdout);
	for (const struct option *o = verb->options; o->name; o++) {
		if (!completion_is_option(o))
			continue;
		printf("%s--%s", between, o->name);
		if (o->letter)
			printf(" -%c", o->letter);
		between = " ";
	}
	puts("'");
}

static void put_verbs(void)
{
	for (const struct verb *const *v = verb_list; *v; v++)
		printf("%s%s", v == verb_list ? "" : " ", (*v)->name);
}

/* What may follow the verb, as far as it is known. */
static void put_arguments(const struct verb *verb)
{
	unsigned offer = completion_of_verb(verb);

	fputs("\t\twords='", stdout);
	if (!*verb->name)
		put_verbs();
	else if (completion_put_verb_words(verb, " ") && offer & OFFER_SERVICES)
		putchar(' ');
	for (const struct service *const *s = service_list; offer & OFFER_SERVICES && *s; s++)
		printf("%s%s", s == service_list ? "" : " ", (*s)->name);
	printf("' offer=%s\n", flag_of(offer));
}

/* Behind an option that takes a value there is nothing else. */
static void put_value(const struct option *o)
{
	printf("\t\t--%s", o->name);
	if (o->letter)
		printf(" | -%c", o->letter);
	fputs(") options= words='", stdout);
	completion_put_value_words(o->value, " ");
	printf("' offer=%s ;;\n", flag_of(completion_of_value(o->value)));
}

static void put_values(const struct verb *verb)
{
	int count = 0;

	for (const struct option *o = verb->options; o->name; o++)
		if (completion_is_option(o) && o->value) {
			if (!count++)
				puts("\t\tcase $option in");
			put_value(o);
		}
	if (count)
		puts("\t\tesac");
}

static void put_verb(const struct verb *verb)
{
	printf("\t%s)\n", *verb->name ? verb->name : "''");
	put_options(verb);
	put_arguments(verb);
	put_values(verb);
	puts("\t\t;;");
}

void completion_bash(void)
{
	fputs(beginning, stdout);
	put_verb(&verb_command);
	for (const struct verb *const *v = verb_list; *v; v++)
		put_verb(*v);
	fputs(end, stdout);
}
