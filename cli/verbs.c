/* cli/verbs: a command that has verbs: its help, and which verb is meant. */
#include "cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_names(const struct verbs *v, FILE *to, const char *between, const char *before_last)
{
    for (size_t i = 0; i < v->n; i++)
        fprintf(to, "%s%s", i == 0 ? "" : i + 1 < v->n ? between : before_last, v->list[i]->name);
}

static void help(const struct verbs *v)
{
    printf("Usage: odw %s ", v->command);
    put_names(v, stdout, "|", "|");
    printf(" [OPTION]... %s\n%s\n\n", v->operands, v->about);
    size_t width = 0;
    for (size_t i = 0; i < v->n; i++)
        width = strlen(v->list[i]->name) > width ? strlen(v->list[i]->name) : width;
    for (size_t i = 0; i < v->n; i++)
        printf("  %-*s  %s\n", (int)width, v->list[i]->name, v->list[i]->about);
    printf("\n'odw %s VERB --help' shows a verb's own options.\n", v->command);
}

int verbs_run(const struct verbs *v, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help(v);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(word, v->list[i]->name) == 0)
            return v->list[i]->run(argc - 1, argv + 1);
    fprintf(stderr, "odw %s: expected ", v->command);
    put_names(v, stderr, ", ", " or ");
    if (word[0] != '\0')
        fprintf(stderr, ", got '%s'", word);
    fprintf(stderr, "\nTry 'odw %s --help'.\n", v->command);
    return 2;
}
