/* lib/udf: what runs inside the worker: rows in, one block out. */
#ifndef ODW_UDF_ROW_H
#define ODW_UDF_ROW_H

#include <stdatomic.h>

#include "udf/worker.h"

struct rows {
    const struct signature *sig;
    struct col out;
    struct buf scratch;
    struct udf_row row;
    struct udf_values *values; /* .block */
    size_t values_cap;
    size_t failed, first_failed; /* rows of the run that .row refused */
    const char *failed_why;
    struct err stopped; /* .row returned UDF_STOP */
};

int rows_init(struct rows *r, const struct signature *sig, const struct udf_limits *limits, void *state, struct err *err)
    __attribute__((warn_unused_result));
void rows_fini(struct rows *r);
/* Computes the run's rows into r->out. `current` always holds the row that is worked on; in the end, run->to.
 * -1: the rows are too large for one answer; one alone never is, it gets its error value. UDF_STOP and r->stopped: the function
 * can't go on. */
int rows_run(struct rows *r, const struct run *run, _Atomic uint64_t *current) __attribute__((warn_unused_result));

#endif
