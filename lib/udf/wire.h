/* lib/udf: reads chunks as ClickHouse sends them: a row count in ASCII, then a Native block of all arguments. */
#ifndef ODW_UDF_WIRE_H
#define ODW_UDF_WIRE_H

#include "udf/part.h"

struct wire {
    const struct signature *sig;
    const struct udf_limits *limits;
    int fd;
    char *area[2]; /* one is filled while the other's part is worked on */
    size_t area_cap, touched[2];
    int at;          /* the area that was filled last */
    size_t pos, end; /* what of it was read from fd but not used yet */
    char *small;     /* the arguments before the last, of the whole chunk */
    size_t small_n, small_touched;
    const char *next[UDF_ARGS]; /* in `small`, for the next part's first row */
    uint64_t rows, rows_left;   /* of the chunk */
    uint64_t block_left;        /* of the block within it */
};

/* limits, sig: borrowed for as long as the wire is used. */
int wire_init(struct wire *w, int fd, const struct signature *sig, const struct udf_limits *limits, struct err *err)
    __attribute__((warn_unused_result));
void wire_fini(struct wire *w);

/* Waits for the next chunk. 1: it has begun (w->rows may be 0); 0: the input ended where a chunk could begin; -1: damaged.
 * No part may be in use. */
int wire_chunk(struct wire *w, struct err *err) __attribute__((warn_unused_result));
/* The chunk's next rows (w->rows_left > 0). The part stays valid until the call after the next one. */
int wire_part(struct wire *w, struct part *part, struct err *err) __attribute__((warn_unused_result));
/* Memory that large values took is given back. No part may be in use. */
void wire_shrink(struct wire *w);

#endif
