/* cli/changes: what a command changes, a line each on stdout. */
#include "cli/changes.h"

#include <stdarg.h>
#include <stdio.h>

void change(struct changes *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    c->n++;
    if (c->quiet) {
        va_end(args);
        return;
    }
    if (c->dry_run)
        fputs("would ", stdout);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    /* A reader in a pipe sees a line when it is true, and a kill leaves no line unsaid. */
    fflush(stdout);
}

void changes_end(const struct changes *c, const char *none)
{
    if (c->n == 0)
        printf("0 changes: %s\n", none);
    else
        printf("%d change%s%s\n", c->n, c->n == 1 ? "" : "s", c->dry_run ? ", none of them made" : "");
}
