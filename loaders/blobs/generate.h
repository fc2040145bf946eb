/* loaders/blobs/generate: objects of made-up buckets. */
#ifndef ODW_BLOBS_GENERATE_H
#define ODW_BLOBS_GENERATE_H

#include "base/buf.h"

struct blobs_generator {
    uint64_t seed; /* mixed */
    int64_t at, count;
    int64_t first_ms, span_ms; /* when they were modified */
    unsigned fail_percentage;
};

/* 1: one more; 0: that was all. */
int blobs_generate(struct blobs_generator *g, struct buf *record, struct buf *key);

#endif
