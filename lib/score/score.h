/* lib/score: how much of what was to be found in documents was found. */
#ifndef ODW_SCORE_H
#define ODW_SCORE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* One field over all documents; of lists all items together: "lines/amount". */
struct score_field {
    const char *name;
    int64_t right;   /* the same, or rightly left out */
    int64_t missed;  /* the document says it, the record doesn't */
    int64_t wrong;   /* another value */
    int64_t made_up; /* the document doesn't say it */
    struct score_field *next;
};

struct score {
    struct arena *arena;        /* borrowed */
    struct score_field *fields; /* in the order in which they were first seen */
    int64_t records, perfect;   /* documents counted; those with every field right */
};

/* Counts one document. record: NULL where there is none. Numbers are compared as numbers; texts without regard to case, white space
 * and a full stop at the end. -1: memory is out. */
int score_add(struct score *s, const json_t *expected, const json_t *record) __attribute__((warn_unused_result));
/* All fields together. */
struct score_field score_total(const struct score *s);
/* From 0 to 1; of nothing it is 1. */
double score_accuracy(const struct score_field *f);
/* A line for each field and one for all of them, for people. */
void score_print(const struct score *s, FILE *to);
/* The same as JSON: {"fields": {NAME: {"right": …}}, …}. A new reference; NULL: memory is out. */
json_t *score_json(const struct score *s);

#endif
