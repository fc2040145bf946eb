/* dev/stack: the HTTP shim, once it's built. Where everything is, its own address too, it has from stack.env. */
#include <stdlib.h>
#include <unistd.h>

#include "stack.h"

enum { HTTP = 4 };

static const char *program(const struct stack *s)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/odw-shim", s->bin);
    return path;
}

static bool present(const struct stack *s)
{
    return access(program(s), X_OK) == 0;
}

static void run(const struct stack *s)
{
    if (chdir(s->root) == 0)
        execl(program(s), "odw-shim", "--state-dir", s->dir, (char *)NULL);
}

static bool answers(const struct stack *s, struct err *err)
{
    return probe_http(stack_port(s, HTTP), "/health", err);
}

static void variables(const struct stack *s, FILE *to)
{
    fprintf(to, "ODW_SHIM_URL=http://127.0.0.1:%d\n", stack_port(s, HTTP));
}

const struct part part_shim = {
    .name = "shim",
    .about = "the HTTP shim",
    .layer = 30,
    .ports = { { "the shim", HTTP } },
    .grace_seconds = 10,
    .present = present,
    .run = run,
    .answers = answers,
    .variables = variables,
};
