/* cli/cmd_functions: odw functions: the C functions, on servers that are there already. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/functions.h"

static const struct {
    const char *word;
    int (*run)(int argc, char **argv);
} verbs[] = {
    { "install", functions_run_install },
    { "uninstall", functions_run_uninstall },
    { "list", functions_run_list },
    { "test", functions_run_test },
};

static const char help[] =
    "Usage: odw functions install | uninstall | list | test [OPTION]...\n"
    "Puts C functions on a ClickHouse server that exists. They need nothing else of odw: no Kafka, no database, no odw.conf.\n"
    "\n"
    "  install    puts programs, data and declarations where the server finds them; again to upgrade\n"
    "  uninstall  takes them away\n"
    "  list       shows what each node has, and what it could not load\n"
    "  test       calls every function's examples through the server and compares the answers\n"
    "\n"
    "'odw functions install --help' and so on say more; docs/functions-only.md begins at the beginning.\n";

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; word != NULL && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(word, verbs[i].word) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (argc == 2 && strcmp(word, "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    fprintf(stderr, "odw functions: expected install, uninstall, list or test, got %s%s%s\nTry 'odw functions --help'.\n",
            word != NULL ? "'" : "", word != NULL ? word : "nothing", word != NULL ? "'" : "");
    return 2;
}

const struct command command_functions = {
    .name = "functions",
    .about = "put the C functions on a ClickHouse server, list them, test them",
    .order = 25,
    .run = run,
};
