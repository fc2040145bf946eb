/* cli/cmd_llm: odw llm: the language models that read documents. Each verb is a file of its own, llm_*.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/llm.h"

static const struct llm_verb *const verbs[] = {
    &llm_cache,
    &llm_sample,
    &llm_eval,
    &llm_usage,
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void put_names(FILE *to, const char *between, const char *before_last)
{
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "%s%s", i == 0 ? "" : i + 1 < VERBS ? between : before_last, verbs[i]->name);
}

static void help(FILE *to)
{
    fputs("Usage: odw llm ", to);
    put_names(to, "|", "|");
    fputs(" [OPTION]... [OPERAND]...\n"
          "Language models that turn documents into records, each held to a contract.\n\n",
          to);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-7s  %s\n", verbs[i]->name, verbs[i]->about);
    fputs("\n'odw llm VERB --help' shows a verb's own options.\n", to);
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help(stdout);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(word, verbs[i]->name) == 0)
            return verbs[i]->run(argc - 1, argv + 1);
    fputs("odw llm: expected ", stderr);
    put_names(stderr, ", ", " or ");
    if (word[0] != '\0')
        fprintf(stderr, ", got '%s'", word);
    fputs("\nTry 'odw llm --help'.\n", stderr);
    return 2;
}

const struct command command_llm = {
    .name = "llm",
    .about = "try the language models that read documents, see what they cost",
    .order = 75,
    .run = run,
};
