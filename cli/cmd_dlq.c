/* cli/cmd_dlq: odw dlq: looks at dead letters, corrects them, sends them again. Each verb is a file of its own, dlq_*.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/dlq.h"

static const struct dlq_verb *const verbs[] = {
    &dlq_list, &dlq_show, &dlq_count, &dlq_edit, &dlq_replay, &dlq_discard, &dlq_export,
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void put_names(FILE *to, const char *between, const char *before_last)
{
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "%s%s", i == 0 ? "" : i + 1 < VERBS ? between : before_last, verbs[i]->name);
}

static void help(FILE *to)
{
    fputs("Usage: odw dlq ", to);
    put_names(to, "|", "|");
    fputs(" [OPTION]... [ID]...\n"
          "Dead letters: messages that were not JSON or broke their contract. Nothing of them is lost.\n\n",
          to);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-7s  %s\n", verbs[i]->name, verbs[i]->about);
    fputs("\n'odw dlq VERB --help' shows a verb's own options.\n", to);
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
    fputs("odw dlq: expected ", stderr);
    put_names(stderr, ", ", " or ");
    if (word[0] != '\0')
        fprintf(stderr, ", got '%s'", word);
    fputs("\nTry 'odw dlq --help'.\n", stderr);
    return 2;
}

const struct command command_dlq = {
    .name = "dlq",
    .about = "list, show, correct, replay and discard dead letters",
    .order = 50,
    .run = run,
};
