/* lib/lint: the formats that are known, and what their readers share. */
#include "lint/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

const struct format *const formats[] = { &format_native, &format_rowbinary, &format_tsv, &format_csv, &format_json_lines, NULL };

const struct format *format_find(const char *name)
{
    for (size_t i = 0; formats[i] != NULL; i++)
        for (size_t k = 0; k < sizeof formats[i]->names / sizeof *formats[i]->names && formats[i]->names[k] != NULL; k++)
            if (strcasecmp(formats[i]->names[k], name) == 0)
                return formats[i];
    return NULL;
}

enum got damaged(struct answer *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(a->why, sizeof a->why, format, args);
    va_end(args);
    return GOT_DAMAGED;
}

void preview(struct str s, char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && i < 40 && n + 5 < size; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if (ch >= ' ' && ch < 0x7F)
            to[n++] = (char)ch;
        else
            n += (size_t)snprintf(to + n, size - n, ch == '\n' ? "\\n" : "\\x%02x", ch);
    }
    to[n] = '\0';
}

enum got take_varint(struct program *p, struct answer *a, const char *what, uint64_t *value)
{
    for (size_t more = 1;; more++) {
        enum got got = program_need(p, more);
        if (got != GOT_ALL)
            return got;
        int n = varint_read(p->got.p + p->at, program_left(p), value);
        if (n < 0)
            return damaged(a, "%s isn't a number (LEB128) of 64 bits", what);
        if (n > 0) {
            program_take(p, (size_t)n);
            return GOT_ALL;
        }
    }
}
