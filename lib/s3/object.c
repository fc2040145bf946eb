/* lib/s3/object: what an object is (HEAD) and what it holds (GET). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "s3/client.h"

int s3_head(struct s3 *s, const char *bucket, struct str key, struct s3_head *head, struct err *err)
{
    struct s3_request q = { .method = "HEAD", .bucket = bucket, .key = key };
    struct s3_answer a = { 0 };
    int rc = s3_ask(s, &q, &a, err);
    *head = a.head;
    buf_fini(&a.body);
    return rc;
}

struct taking {
    int (*on_body)(void *, const char *, size_t);
    void *context;
    int64_t got;
    bool broke_off;
};

static int take(void *context, const char *p, size_t n)
{
    struct taking *t = context;
    t->got += (int64_t)n;
    t->broke_off = t->on_body(t->context, p, n) < 0;
    return t->broke_off ? -1 : 0;
}

/* "bytes 10-19/100" → 100; -1: the answer holds all of it. */
static int64_t whole_size(const char *range)
{
    const char *slash = strchr(range, '/');
    return slash != NULL ? strtoll(slash + 1, NULL, 10) : -1;
}

int s3_get(struct s3 *s, const char *bucket, struct str key, int64_t from, int64_t n, int (*on_body)(void *, const char *, size_t),
           void *context, struct s3_head *head, struct err *err)
{
    struct taking t = { .on_body = on_body, .context = context };
    struct s3_head first = { 0 };
    int64_t before = 0;
    for (int tried = 1;; tried++) {
        struct err why = ERR_INIT;
        struct s3_answer a = { 0 };
        int64_t pause_ms, at = from + t.got;
        char range[64];
        /* Progress counts: only tries that gave nothing are counted against the store. */
        if (t.got > before)
            tried = 1;
        before = t.got;
        if (n >= 0)
            snprintf(range, sizeof range, "bytes=%" PRId64 "-%" PRId64, at, from + n - 1);
        else
            snprintf(range, sizeof range, "bytes=%" PRId64 "-", at);
        struct s3_request q = {
            .method = "GET",
            .bucket = bucket,
            .key = key,
            .range = at > 0 || n >= 0 ? range : NULL,
            .if_match = first.etag[0] != '\0' ? first.etag : NULL,
            .on_body = take,
            .context = &t,
        };
        int rc = s3_try(s, &q, &a, &pause_ms, &why);
        buf_fini(&a.body);
        if (first.etag[0] == '\0' && a.head.etag[0] != '\0') {
            first = a.head;
            if (a.range[0] != '\0')
                first.size = whole_size(a.range);
        }
        /* Asked for a range, given all: what came isn't what was asked for. */
        if (a.status == 200 && q.range != NULL && at > 0)
            return err_set(err, ERR_STOP,
                           "s3://%s: the store doesn't know ranges, and the object can't be read on from byte %" PRId64, bucket,
                           at);
        if (rc == 0) {
            if (a.status == 416)
                first.size = whole_size(a.range);
            if (head != NULL)
                *head = first;
            return 0;
        }
        if (t.broke_off)
            return err_set(err, ERR_DROP, "s3://%s: reading was broken off", bucket);
        if (why.class != ERR_RETRY) {
            *err = why;
            return -1;
        }
        if (n >= 0 && t.got == n)
            return 0;
        if (s3_wait(s, tried, pause_ms, &why, err) < 0)
            return -1;
    }
}
