/* lib/s3/list: ListObjectsV2, page by page. */
#include <stdlib.h>
#include <string.h>

#include "s3/answer.h"
#include "s3/client.h"

struct s3_list {
    struct s3 *s3;
    char bucket[64];
    struct buf prefix, after;
    struct s3_page page;
    struct buf token; /* of the next page */
    size_t at;        /* on the page */
    bool began;
};

struct s3_list *s3_list_new(struct s3 *s, const char *bucket, struct str prefix, struct str after, struct err *err)
{
    struct s3_list *l = calloc(1, sizeof *l);
    if (l == NULL || strlen(bucket) >= sizeof l->bucket) {
        err_set(err, ERR_STOP, l == NULL ? "out of memory" : "a bucket's name has at most 63 bytes");
        free(l);
        return NULL;
    }
    l->s3 = s;
    snprintf(l->bucket, sizeof l->bucket, "%s", bucket);
    buf_init(&l->prefix, 0);
    buf_init(&l->after, 0);
    buf_init(&l->token, 0);
    s3_page_init(&l->page);
    if (buf_put_str(&l->prefix, prefix) < 0 || buf_put_str(&l->after, after) < 0) {
        err_set(err, ERR_STOP, "out of memory");
        s3_list_free(l);
        return NULL;
    }
    return l;
}

void s3_list_free(struct s3_list *l)
{
    if (l == NULL)
        return;
    buf_fini(&l->prefix);
    buf_fini(&l->after);
    buf_fini(&l->token);
    s3_page_fini(&l->page);
    free(l);
}

static void put_parameter(struct buf *query, const char *name, struct str value)
{
    buf_printf(query, "%s%s=", query->n > 0 ? "&" : "", name);
    http_encode(query, value);
}

/* The parameters in their alphabetical order: that is how they are signed. */
static int read_page(struct s3_list *l, struct err *err)
{
    struct buf query;
    struct s3_answer a = { 0 };
    int rc = -1;
    buf_init(&query, 0);
    if (l->token.n > 0)
        put_parameter(&query, "continuation-token", buf_str(&l->token));
    put_parameter(&query, "encoding-type", STR("url"));
    put_parameter(&query, "list-type", STR("2"));
    put_parameter(&query, "prefix", buf_str(&l->prefix));
    if (l->token.n == 0 && l->after.n > 0)
        put_parameter(&query, "start-after", buf_str(&l->after));
    struct s3_request q = { .method = "GET", .bucket = l->bucket, .query = buf_str(&query) };
    if (query.failed) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    if (s3_ask(l->s3, &q, &a, err) < 0)
        goto out;
    if (s3_page_read(&l->page, buf_str(&a.body), err) < 0) {
        err_at(err, "s3://%s: the store's list", l->bucket);
        goto out;
    }
    l->began = true;
    l->at = 0;
    buf_clear(&l->token);
    if (l->page.more)
        buf_puts(&l->token, l->page.token);
    rc = l->token.failed ? err_set(err, ERR_STOP, "out of memory") : 0;
out:
    buf_fini(&query);
    buf_fini(&a.body);
    return rc;
}

int s3_list_next(struct s3_list *l, struct s3_object *object, struct err *err)
{
    while (!l->began || l->at == l->page.n) {
        if (l->began && !l->page.more)
            return 0;
        if (read_page(l, err) < 0)
            return -1;
    }
    *object = l->page.objects[l->at++];
    return 1;
}
