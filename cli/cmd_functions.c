/* cli/cmd_functions: odw functions: the C functions, on servers that are there already. Each verb is in functions_VERB.c. */
#include "cli/command.h"
#include "cli/functions.h"

static const struct verb *const list[] = {
    &functions_verb_install,
    &functions_verb_uninstall,
    &functions_verb_list,
    &functions_verb_test,
};

static const struct verbs verbs = {
    .command = "functions",
    .operands = "[NAME]...",
    .about =
        "Puts C functions on a ClickHouse server that exists. They need nothing else of odw: no Kafka, no database, no odw.conf;\n"
        "docs/functions-only.md begins at the beginning.",
    .list = list,
    .n = sizeof list / sizeof *list,
};

static int run(int argc, char **argv)
{
    return verbs_run(&verbs, argc, argv);
}

const struct command command_functions = {
    .name = "functions",
    .about = "put the C functions on a ClickHouse server, list them, test them",
    .order = 25,
    .run = run,
};
