/* lib/lint: a function as ClickHouse is told of it: what a *_function.xml says. */
#ifndef ODW_LINT_FUNCTION_H
#define ODW_LINT_FUNCTION_H

#include <stdbool.h>

#include "base/err.h"

enum { LINT_ARGS = 32, LINT_NAME = 128, LINT_TYPE = 4096, LINT_COMMAND = 4096 };

struct lint_arg {
    char name[LINT_NAME], type[LINT_TYPE];
    const char *value; /* each row's, where it may not be made up (a policy's name); borrowed; NULL: made up */
};

struct lint_function {
    char name[LINT_NAME];
    struct lint_arg args[LINT_ARGS];
    int n_args;
    char returns[LINT_TYPE], return_name[LINT_NAME]; /* "result" where nothing else is said */
    char format[LINT_NAME];
    char command[LINT_COMMAND];
    bool pool;          /* executable_pool: a process serves one chunk after another; else one query */
    bool chunk_header;  /* send_chunk_header: "ROWS\n" before each chunk */
    bool direct;        /* execute_direct: a program of the scripts folder; else a line of shell */
    bool deterministic; /* declared so */
    bool stderr_throws; /* stderr_reaction = throw */
    unsigned read_timeout_ms, termination_timeout_ms;
};

/* ClickHouse's defaults, and no argument. */
void lint_function_init(struct lint_function *f);

/* The declaration of `name` (NULL: the file's only one) in a *_function.xml. -1 and err: it isn't there, or can't be asked. */
int lint_declaration_read(struct lint_function *f, const char *path, const char *name, struct err *err)
    __attribute__((warn_unused_result));

#endif
