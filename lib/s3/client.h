/* lib/s3/client: one signed request, tried until it has an answer that stands. For the other files of lib/s3. */
#ifndef ODW_S3_CLIENT_H
#define ODW_S3_CLIENT_H

#include "http/http.h"
#include "s3/s3.h"

struct s3_request {
    const char *method; /* GET, HEAD */
    const char *bucket;
    struct str key;       /* empty: the bucket itself */
    struct str query;     /* encoded and sorted, as it is signed; may be empty */
    const char *range;    /* "bytes=0-9"; NULL: none */
    const char *if_match; /* an ETag without its quotes; NULL: none */
    /* As in struct http_request. NULL: the body is in the answer. */
    int (*on_body)(void *context, const char *p, size_t n);
    void *context;
};

struct s3_answer {
    int status;      /* 200, 206; 416 where a range was asked for */
    struct buf body; /* the caller finis it, also after an error */
    struct s3_head head;
    char range[64]; /* Content-Range's value, or "" */
};

/* One try. 0: an answer that stands. -1 and err, as s3.h has them; ERR_RETRY here: it may be tried again, not before *pause_ms
 * (-1: the store said no time). */
int s3_try(struct s3 *s, const struct s3_request *q, struct s3_answer *a, int64_t *pause_ms, struct err *err)
    __attribute__((warn_unused_result));
/* Waits before try number `tried` + 1 and says why on the log. 0; -1: tried often enough, `err` says so (ERR_STOP), or a signal
 * came (ERR_RETRY). */
int s3_wait(struct s3 *s, int tried, int64_t pause_ms, const struct err *why, struct err *err) __attribute__((warn_unused_result));
/* s3_try and s3_wait until one of them is done. */
int s3_ask(struct s3 *s, const struct s3_request *q, struct s3_answer *a, struct err *err) __attribute__((warn_unused_result));

#endif
