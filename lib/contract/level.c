/* lib/contract/level: the many spellings of a log level, as one of six. */
#include "contract/level.h"

#include <stddef.h>
#include <strings.h>

static const struct {
    const char *level;
    const char *words[16];
} spellings[] = {
    { "TRACE", { "trace", "trc", "verbose", "finest", "finer", "all", "silly", "t", "v", "10", NULL } },
    { "DEBUG", { "debug", "dbg", "fine", "d", "debug1", "debug2", "debug3", "debug4", "debug5", "7", "20", NULL } },
    { "INFO", { "info", "inf", "information", "informational", "notice", "config", "log", "i", "n", "5", "6", "30", NULL } },
    { "WARN", { "warn", "warning", "wrn", "w", "4", "40", NULL } },
    { "ERROR", { "error", "err", "eror", "severe", "e", "3", "50", NULL } },
    { "FATAL",
      { "fatal", "critical", "crit", "ftl", "panic", "alert", "emergency", "emerg", "f", "c", "0", "1", "2", "60", NULL } },
};

const char *level_normalise(struct str s)
{
    s = str_trim(s);
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = (struct str){ s.p + 1, s.n - 2 };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        for (const char *const *word = spellings[i].words; *word != NULL; word++)
            if (strlen(*word) == s.n && strncasecmp(*word, s.p, s.n) == 0)
                return spellings[i].level;
    return NULL;
}
