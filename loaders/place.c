/* loaders/place: what an operand means. */
#include "loaders/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

static int open_store(struct place *p, const struct opts *o, const char *operand, const char *name, struct err *err)
{
    struct str pattern;
    char all[4200];
    if (s3_address(operand, p->store_bucket, &pattern, err) < 0)
        return -1;
    /* A bucket, or a prefix that ends in a slash, means what is below it. */
    if (pattern.n == 0 || pattern.p[pattern.n - 1] == '/') {
        snprintf(all, sizeof all, "%.*s**", STR_ARG(pattern));
        pattern = str_of(all);
    }
    if ((p->glob = glob_new(pattern, err)) == NULL)
        return -1;
    if ((p->s3 = s3_open(o, err)) == NULL)
        return -1;
    p->bucket = strdup(name != NULL ? name : p->store_bucket);
    return p->bucket != NULL ? 0 : err_set(err, ERR_RETRY, "out of memory");
}

/* A folder, a file, or a pattern: then the folder is what stands before the pattern's first step that may differ. */
static int open_folder(struct place *p, const char *operand, const char *name, struct err *err)
{
    struct stat st;
    struct buf root;
    char whole[PATH_MAX];
    int rc = -1;
    buf_init(&root, PATH_MAX);
    bool there = stat(operand, &st) == 0;
    if (there && S_ISDIR(st.st_mode)) {
        buf_puts(&root, operand);
        if (root.p[root.n - 1] != '/')
            buf_putc(&root, '/');
    } else {
        if (there) {
            /* A name that is there means itself, whatever characters it has. */
            struct buf literal;
            buf_init(&literal, 4 * PATH_MAX);
            for (const char *c = operand; *c != '\0'; c++)
                buf_printf(&literal, strchr("*?{}[]\\,", *c) != NULL ? "\\%c" : "%c", *c);
            p->glob = glob_new(buf_str(&literal), err);
            buf_fini(&literal);
        } else {
            p->glob = glob_new(str_of(operand), err);
        }
        if (p->glob == NULL)
            goto out;
        struct str prefix = glob_prefix(p->glob);
        if (!there && glob_is_literal(p->glob)) {
            errno = ENOENT;
            err_errno(err, ERR_RETRY, "%s", operand);
            goto out;
        }
        while (prefix.n > 0 && prefix.p[prefix.n - 1] != '/')
            prefix.n--;
        buf_put_str(&root, prefix);
    }
    p->root = strdup(buf_text(&root));
    if (name == NULL && realpath(root.n > 0 ? p->root : ".", whole) == NULL) {
        err_errno(err, ERR_RETRY, "%s", p->root);
        goto out;
    }
    p->bucket = strdup(name != NULL ? name : whole);
    rc = p->root != NULL && p->bucket != NULL ? 0 : err_set(err, ERR_RETRY, "out of memory");
out:
    buf_fini(&root);
    return rc;
}

int place_open(struct place *p, const struct opts *o, const char *operand, const char *name, struct err *err)
{
    *p = (struct place){ 0 };
    return s3_is_address(operand) ? open_store(p, o, operand, name, err) : open_folder(p, operand, name, err);
}

void place_fini(struct place *p)
{
    s3_free(p->s3);
    glob_free(p->glob);
    free(p->bucket);
    free(p->root);
    *p = (struct place){ 0 };
}

int place_listing(void *context, struct listing *l, struct str after, struct err *err)
{
    struct place *p = context;
    return p->s3 != NULL ? store_listing(l, p->s3, p->store_bucket, p->glob, after, err)
                         : folder_listing(l, p->root, p->glob, after, err);
}
