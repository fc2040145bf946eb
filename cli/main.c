/* cli/main: bin/odw: hands over to the sub-command that is asked for. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/opt.h"
#include "cli/command.h"
#include "http/http.h"
#include "kafka/kafka.h"

extern const struct command *const commands[]; /* generated: see CMakeLists.txt */

enum { EXIT_USAGE = 2, WORD_MAX = 64, COMMANDS_MAX = 64 };

static int by_order(const void *a, const void *b)
{
    const struct command *x = *(const struct command *const *)a, *y = *(const struct command *const *)b;
    return x->order != y->order ? (x->order > y->order) - (x->order < y->order) : strcmp(x->name, y->name);
}

static int help(FILE *to)
{
    size_t n = 0;
    while (commands[n] != NULL)
        n++;
    const struct command **sorted = calloc(n + 1, sizeof(struct command *));
    if (sorted == NULL) {
        fputs("odw: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    int width = 0;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = commands[i];
        if ((int)strlen(commands[i]->name) > width)
            width = (int)strlen(commands[i]->name);
    }
    qsort(sorted, n, sizeof(struct command *), by_order);
    fputs("Usage: odw COMMAND [OPTION]...\n"
          "An operational data warehouse inside ClickHouse: events come in through Kafka, and go out as typed rows.\n\n"
          "Commands:\n",
          to);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "  %-*s  %s\n", width, sorted[i]->name, sorted[i]->about);
    fputs("\n"
          "  --help     this text; 'odw COMMAND --help' for a command's own\n"
          "  --version  the versions of odw and of what it is linked with\n\n"
          "Exit codes: 0 done, 1 failed, 2 the command line or the configuration is wrong.\n",
          to);
    free(sorted);
    return EXIT_SUCCESS;
}

static int version(void)
{
    printf("odw %s\n%s\n%s\njansson %s\n", ODW_VERSION, kafka_version(), http_version(), jansson_version_str());
    return EXIT_SUCCESS;
}

static int unknown(const char *word)
{
    const char *names[COMMANDS_MAX];
    size_t n = 0;
    for (; n < COMMANDS_MAX && commands[n] != NULL; n++)
        names[n] = commands[n]->name;
    const char *nearest = opt_nearest(word, names, n);
    const char *kind = word[0] == '-' ? "option" : "command";
    if (nearest != NULL)
        fprintf(stderr, "odw: unknown %s '%s'; did you mean '%s'?\n", kind, word, nearest);
    else
        fprintf(stderr, "odw: unknown %s '%s'\n", kind, word);
    fputs("Try 'odw --help'.\n", stderr);
    return EXIT_USAGE;
}

static int run(const struct command *command, int argc, char **argv)
{
    char name[WORD_MAX + 8];
    snprintf(name, sizeof name, "odw %s", command->name);
    argv[0] = name;
    int code = command->run(argc, argv);
    /* What went into a full disk or a closed pipe wasn't said. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("odw: writing to stdout");
        return code != 0 ? code : EXIT_FAILURE;
    }
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help(stdout);
    if (strcmp(word, "--version") == 0)
        return version();
    bool asks = strcmp(word, "help") == 0;
    if (asks && argc < 3)
        return help(stdout);
    if (asks)
        word = argv[2];
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(word, commands[i]->name) != 0)
            continue;
        if (!asks)
            return run(commands[i], argc - 1, argv + 1);
        char *ask[] = { argv[2], (char[]){ "--help" }, NULL };
        return run(commands[i], 2, ask);
    }
    return unknown(word);
}
