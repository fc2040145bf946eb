/* loaders/blobs/record: an object as the contract `blobs` has it. */
#ifndef ODW_BLOBS_RECORD_H
#define ODW_BLOBS_RECORD_H

#include "base/buf.h"
#include "loaders/listing.h"

struct blob_record {
    struct str bucket;
    const struct blob *blob;
    struct str content_type; /* may be empty */
    int64_t ingested_ms;
    bool gone;          /* since ingested_ms */
    const char *marker; /* before the file's name; "" mostly */
};

/* Appends the JSON. Of a path that isn't UTF-8, each stray byte becomes \xHH. */
void blob_record_put(struct buf *out, const struct blob_record *r);

#endif
