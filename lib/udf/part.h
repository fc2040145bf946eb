/* lib/udf: what the reader of the wire hands to a worker: some rows of a chunk. */
#ifndef ODW_UDF_PART_H
#define ODW_UDF_PART_H

#include "udf/udf.h"

/* The address sanitizer needs the whole address space: a worker's memory can't be limited then. */
#if defined(__SANITIZE_ADDRESS__)
#define UDF_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UDF_ASAN 1
#endif
#endif

/* Rows as they came over the wire; the memory is shared with the worker, which may read but not write it. */
struct part {
    size_t rows;
    uint64_t first;               /* the first row's number within its chunk */
    const char *values[UDF_ARGS]; /* per argument, the first row's value; the others follow it without gaps */
    size_t bytes;                 /* of the last argument's values: what one row may need time for */
    bool too_large;               /* one row, whose last argument was over the limit and is handed over empty */
};

/* The declared arguments, resolved once. */
struct signature {
    const struct udf *udf;
    int n;
    uint8_t width[UDF_ARGS]; /* 0: String */
    bool sign[UDF_ARGS];     /* widened with its sign */
};
int signature_init(struct signature *s, const struct udf *udf, struct err *err) __attribute__((warn_unused_result));

/* struct shared's `current` while a block waits for others. */
#define ROW_WAITS (UINT64_MAX - 1)
enum { BLOCK_SLACK_MS = 30000 }; /* a block ends by itself, within .block_ms; after so much more it is ended */

struct udf_limits {
    size_t row_bytes;     /* the last argument of one row */
    size_t answer_bytes;  /* the answer's block for some rows */
    size_t small_bytes;   /* all the arguments before the last, of one chunk */
    size_t memory_bytes;  /* what a worker may allocate beyond what it starts with */
    unsigned deadline_ms; /* for one row; see worker.c for what is counted */
    size_t part_rows, part_bytes;
    bool overlap; /* read the next part while the worker computes */
};
extern const struct udf_limits udf_limits_default;

/* As udf_serve, with limits other than the default. */
int udf_serve_within(const struct udf *udf, int in, int out, const struct udf_limits *limits, struct err *err)
    __attribute__((warn_unused_result));

/* Shared memory, reserved but not taken until it is touched. NULL and err where the system refuses. */
void *shared_map(size_t n, struct err *err) __attribute__((warn_unused_result));
/* Gives back what was touched beyond `keep` bytes of a map of which `used` were. */
void shared_shrink(char *p, size_t used, size_t keep);

#endif
