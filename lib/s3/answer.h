/* lib/s3/answer: what a store says in XML: a page of a listing, an error. For the other files of lib/s3. */
#ifndef ODW_S3_ANSWER_H
#define ODW_S3_ANSWER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "s3/s3.h"

struct s3_page {
    struct arena arena; /* holds all texts */
    struct s3_object *objects;
    size_t n, cap;
    bool more;
    char *token; /* for the next page; NULL: none */
};

void s3_page_init(struct s3_page *p);
void s3_page_fini(struct s3_page *p);
/* A ListBucketResult. Keys that the store has percent-encoded (EncodingType url) are decoded. -1 and err (ERR_STOP): no XML, or not
 * this. */
int s3_page_read(struct s3_page *p, struct str xml, struct err *err) __attribute__((warn_unused_result));

struct s3_failure {
    char code[64], message[256], region[32];
};

/* What can be read of an Error; all empty where it is none. */
void s3_failure_read(struct s3_failure *f, struct str xml);

/* "2026-11-20T10:00:00.000Z" → milliseconds since 1970. -1: it's no time. */
int s3_time_read(const char *text, int64_t *ms) __attribute__((warn_unused_result));

#endif
