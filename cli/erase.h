/* cli/erase: takes records and dead letters away for good, so that the audit still holds and the stream takes none of them in
 * again.
 *
 * An erasure is begun, then what it is about is noted in `erased` (from then on the stream passes over it), then it is deleted,
 * then days are handed to the aggregates, then it is done. Each step may be made twice. */
#ifndef ODW_ERASE_H
#define ODW_ERASE_H

#include "base/buf.h"
#include "cli/position.h"

enum { ERASE_PARAMS = 34 };

/* What is to be erased: an expression over the columns of the view that people read, with its bound values. */
struct erasure {
    struct clickhouse *ch;
    const struct plan *plan;
    const struct plan_source *source;
    const char *view; /* the source's view that people read, else its table */
    struct positions at;
    struct buf condition;
    struct clickhouse_param params[ERASE_PARAMS]; /* of the condition; two are left for the statements here */
    size_t n_params;
    const char *values[ERASE_PARAMS]; /* letters that aren't JSON are matched by these texts, all of them */
    size_t n_values;
    const char *containing; /* letters with this text in payload, key or a header; or NULL */
    bool asked_models;      /* language models were asked about its documents, whose answers are kept beside the functions */
    bool records;           /* there is a condition; else only `containing` */
    char condition_hash[17];
    char id[40];
    int64_t identities, rows, letters, on_topic;
    char last_moment[40]; /* when the last message about it came */
};

/* Refuses what isn't one expression. */
int erase_check_expression(const char *text, struct err *err) __attribute__((warn_unused_result));
/* Fills in identities, rows, letters: how much there is; changes nothing. */
int erase_count(struct erasure *e, struct err *err) __attribute__((warn_unused_result));
/* An erasure with this condition that was begun and isn't done: its id into e->id, else "". */
int erase_find_unfinished(struct erasure *e, struct err *err) __attribute__((warn_unused_result));
/* All steps; fills in what was erased. */
int erase_run(struct erasure *e, const char *who, struct err *err) __attribute__((warn_unused_result));

#endif
