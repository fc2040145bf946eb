/* lib/base/err: one error, owned by the caller, first error wins. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set(struct err *e, enum err_class class, const char *format, va_list args, int errnum)
{
    if (e == NULL || e->class != ERR_NONE)
        return;
    e->class = class;
    vsnprintf(e->text, sizeof e->text, format, args);
    if (errnum != 0) {
        size_t n = strlen(e->text);
        char why[128];
        snprintf(e->text + n, sizeof e->text - n, ": %s", strerror_r(errnum, why, sizeof why));
    }
}

int err_set(struct err *e, enum err_class class, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(e, class, format, args, 0);
    va_end(args);
    return -1;
}

int err_errno(struct err *e, enum err_class class, const char *format, ...)
{
    int errnum = errno;
    va_list args;
    va_start(args, format);
    set(e, class, format, args, errnum);
    va_end(args);
    return -1;
}

int err_at(struct err *e, const char *format, ...)
{
    if (e == NULL || e->class == ERR_NONE)
        return -1;
    char text[sizeof e->text];
    memcpy(text, e->text, sizeof text);
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    size_t n = strlen(e->text);
    snprintf(e->text + n, sizeof e->text - n, ": %s", text);
    return -1;
}
