/* cli/verbs: a command that has verbs, `odw dlq list`: its help, and which verb is meant. */
#ifndef ODW_CLI_VERBS_H
#define ODW_CLI_VERBS_H

#include <stddef.h>

/* Each stands in a file of its own. */
struct verb {
    const char *name, *about;
    int (*run)(int argc, char **argv); /* argv[0] is the verb; the exit code */
};

struct verbs {
    const char *command;  /* "dlq" */
    const char *operands; /* "[ID]..." */
    const char *about;    /* a sentence or two */
    const struct verb *const *list;
    size_t n;
};

/* Runs the verb that argv[1] names, or prints the help. The exit code; 2: no such verb, which is said. */
int verbs_run(const struct verbs *v, int argc, char **argv);

#endif
