/* loaders/documents/record: a file as the contract `documents` has it. */
#ifndef ODW_DOCUMENTS_RECORD_H
#define ODW_DOCUMENTS_RECORD_H

#include "base/buf.h"
#include "loaders/listing.h"

struct document_record {
    struct str source; /* "s3://bucket/", "/srv/memos/": what stands before the path */
    const struct blob *blob;
    bool whole; /* bytes, sha256 and content_type are known; else the file is too large for a message */
    struct str bytes, content_type, sha256;
    const char *contract, *instructions; /* NULL: none */
    int64_t ingested_ms;
};

/* Appends the JSON. */
void document_record_put(struct buf *out, const struct document_record *r);

/* Appends base64 (RFC 4648). */
void put_base64(struct buf *out, struct str bytes);

#endif
