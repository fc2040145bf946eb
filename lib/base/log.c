/* lib/base/log: one line per event on stderr. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

static struct {
    const char *component;
    enum log_level level;
    bool json;
} setup = { "odw", LOG_LEVEL_INFO, false };

static const char *const names[] = { "error", "warn", "info", "debug" };

void log_setup(const char *component, enum log_level level, bool json)
{
    setup.component = component;
    setup.level = level;
    setup.json = json;
}

void log_write(enum log_level level, const char *format, ...)
{
    if (level > setup.level)
        return;
    char message[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);

    struct buf line;
    buf_init(&line, 16384);
    if (setup.json) {
        struct timespec now;
        struct tm utc;
        char at[32];
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
        buf_printf(&line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"component\":\"%s\",\"message\":", at, now.tv_nsec / 1000000,
                   names[level], setup.component);
        buf_put_json(&line, str_of(message));
        buf_puts(&line, "}\n");
    } else {
        for (char *c = message; *c != '\0'; c++)
            if (*c == '\n' || *c == '\r')
                *c = ' ';
        buf_printf(&line, "%s %s: %s\n", names[level], setup.component, message);
    }
    /* One write, so that lines of several processes don't mix. */
    ssize_t put = write(STDERR_FILENO, line.p, line.n);
    (void)put;
    buf_fini(&line);
}
