/* dev/stack: `odw worker`, once it's built. It reads where everything is from stack.env. */
#include <stdlib.h>
#include <unistd.h>

#include "stack.h"

static const char *program(const struct stack *s)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/odw", s->bin);
    return path;
}

static bool present(const struct stack *s)
{
    return access(program(s), X_OK) == 0;
}

static void run(const struct stack *s)
{
    if (chdir(s->root) == 0)
        execl(program(s), "odw", "worker", "--state-dir", s->dir, (char *)NULL);
}

const struct part part_worker = {
    .name = "worker",
    .about = "odw worker: dead letters for empty messages, replays, schedules",
    .layer = 30,
    .grace_seconds = 10,
    .present = present,
    .run = run,
};
