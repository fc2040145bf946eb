/* cli/cmd_llm: odw llm: the language models that read documents. Each verb is a file of its own, llm_*.c. */
#include "cli/command.h"
#include "cli/llm.h"

static const struct verb *const list[] = { &llm_cache, &llm_sample, &llm_eval, &llm_usage };

static const struct verbs verbs = {
    .command = "llm",
    .operands = "[OPERAND]...",
    .about = "Language models that turn documents into records, each held to a contract.",
    .list = list,
    .n = sizeof list / sizeof *list,
};

static int run(int argc, char **argv)
{
    return verbs_run(&verbs, argc, argv);
}

const struct command command_llm = {
    .name = "llm",
    .about = "try the language models that read documents, see what they cost",
    .order = 75,
    .run = run,
};
