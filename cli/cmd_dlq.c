/* cli/cmd_dlq: odw dlq: looks at dead letters, corrects them, sends them again. Each verb is a file of its own, dlq_*.c. */
#include "cli/command.h"
#include "cli/dlq.h"

static const struct verb *const list[] = {
    &dlq_list, &dlq_show, &dlq_count, &dlq_edit, &dlq_replay, &dlq_discard, &dlq_export,
};

static const struct verbs verbs = {
    .command = "dlq",
    .operands = "[ID]...",
    .about = "Dead letters: messages that were not JSON or broke their contract. Nothing of them is lost.",
    .list = list,
    .n = sizeof list / sizeof *list,
};

static int run(int argc, char **argv)
{
    return verbs_run(&verbs, argc, argv);
}

const struct command command_dlq = {
    .name = "dlq",
    .about = "list, show, correct, replay and discard dead letters",
    .order = 50,
    .run = run,
};
