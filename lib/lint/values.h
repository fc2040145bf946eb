/* lib/lint: columns of made-up values. */
#ifndef ODW_LINT_VALUES_H
#define ODW_LINT_VALUES_H

#include "native/column.h"

enum values {
    VALUES_USUAL,    /* what such a column holds: words, addresses, JSON, log lines; small numbers, moments of these years */
    VALUES_CONSTANT, /* one usual value in all rows */
    VALUES_HOSTILE,  /* what breaks programs, each in turn: empty, NULs, invalid UTF-8, quotes, the largest number, NaN */
    VALUES_NULL,     /* usual ones, and NULL in each third row where the type has it */
};

/* Puts row number `row` of a column of that kind; the same row has the same value again. */
void value_put(struct col *c, enum values values, uint64_t row);
/* How many hostile values there are: a chunk of that many rows holds each String of them. */
size_t values_hostile(void);
/* What the hostile value of a row is, in words: "invalid UTF-8". */
const char *value_name(uint64_t row);
/* Whether a column of the type may hold NULL somewhere. */
bool value_nullable(const struct col *c);

#endif
