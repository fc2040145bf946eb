/* lib/s3: an object store that speaks S3: Amazon's own and those that answer as it does.
 *
 * Answers that say "later" (503 SlowDown, 500, 429, a cut or refused connection) are tried again, with full jitter and not before
 * Retry-After. Errors: ERR_STOP where nothing of the store can be had (keys, bucket, region, clock, or it stays away), ERR_DROP
 * where just this object can't, ERR_RETRY where a signal came while waiting: call again. No message holds a key. */
#ifndef ODW_S3_H
#define ODW_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

struct s3; /* one thread at a time */

enum s3_addressing {
    S3_AUTO,    /* by the host for Amazon's, in the path for others */
    S3_PATH,    /* https://host/bucket/key */
    S3_VIRTUAL, /* https://bucket.host/key */
};

struct s3_settings {
    const char *url;        /* scheme, host and port; NULL: Amazon's, in that region */
    const char *region;     /* NULL: us-east-1 */
    const char *access_key; /* NULL: requests aren't signed (anonymous) */
    const char *secret_key;
    const char *session_token; /* of temporary keys; NULL: none */
    const char *ca_file;       /* NULL, or the only authorities to trust */
    enum s3_addressing addressing;
    int tries;                      /* of one request; 0: 8 */
    int64_t pause_ms, pause_max_ms; /* before the second try (doubled each time), and at most; 0: 200, 20000 */
};

/* Settings are copied. NULL and err: a URL that isn't scheme://host[:port]. */
struct s3 *s3_new(const struct s3_settings *settings, struct err *err) __attribute__((warn_unused_result));
/* From the s3-… options; keys that aren't given there are taken from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * AWS_SESSION_TOKEN, the region from AWS_REGION or AWS_DEFAULT_REGION, the URL from AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. Only
 * then what an embedded stack says counts, its URL and keys together. */
struct s3 *s3_open(const struct opts *o, struct err *err) __attribute__((warn_unused_result));
/* Another one with the same settings, for another thread. */
struct s3 *s3_copy(const struct s3 *s, struct err *err) __attribute__((warn_unused_result));
void s3_free(struct s3 *s);

/* "s3://bucket/rest": whether it is one; then the bucket (3 to 63 bytes) and what stands behind the slash. */
bool s3_is_address(const char *text);
int s3_address(const char *text, char bucket[64], struct str *rest, struct err *err) __attribute__((warn_unused_result));

struct s3_object {
    struct str key;
    struct str etag; /* without its quotes; may be empty */
    int64_t size;
    int64_t modified_ms; /* since 1970 */
    bool has_modified;
};

/* ---- listing: ListObjectsV2 ---- */

struct s3_list;

/* Objects whose keys begin with `prefix` and sort behind `after` (may be empty). Nothing is asked yet. `s` is borrowed. */
struct s3_list *s3_list_new(struct s3 *s, const char *bucket, struct str prefix, struct str after, struct err *err)
    __attribute__((warn_unused_result));
void s3_list_free(struct s3_list *l);
/* 1: the next object, good until the next call; 0: the end; -1: err. A page of 1,000 is held at a time. */
int s3_list_next(struct s3_list *l, struct s3_object *object, struct err *err) __attribute__((warn_unused_result));

/* ---- one object ---- */

struct s3_head {
    int64_t size, modified_ms;
    bool has_modified;
    char etag[128]; /* without its quotes */
    char content_type[256];
};

int s3_head(struct s3 *s, const char *bucket, struct str key, struct s3_head *head, struct err *err)
    __attribute__((warn_unused_result));

/* The object's bytes from `from` on, `n` of them at most (n < 0: all), as they come. Where the connection is cut it goes on behind
 * what came, and only while the object is the same. on_body: 0, or -1 to break off (ERR_DROP). `head` (may be NULL) gets what the
 * answer says; its size is the whole object's. An empty object, or `from` at its end, gives no bytes. */
int s3_get(struct s3 *s, const char *bucket, struct str key, int64_t from, int64_t n, int (*on_body)(void *, const char *, size_t),
           void *context, struct s3_head *head, struct err *err) __attribute__((warn_unused_result));

#endif
