/* loaders/listing_store: the objects of an S3 bucket. */
#include <stdlib.h>

#include "loaders/listing.h"

struct store {
    struct s3_list *list;
    struct glob *glob;
};

static int store_next(void *state, struct blob *blob, struct err *err)
{
    struct store *s = state;
    struct s3_object o;
    int rc;
    while ((rc = s3_list_next(s->list, &o, err)) == 1)
        if (glob_match(s->glob, o.key)) {
            *blob = (struct blob){ .path = o.key, .etag = o.etag, .size = o.size, .modified_ms = o.modified_ms };
            return 1;
        }
    return rc;
}

static void store_free(void *state)
{
    struct store *s = state;
    if (s != NULL)
        s3_list_free(s->list);
    free(s);
}

int store_listing(struct listing *l, struct s3 *s3, const char *bucket, struct glob *glob, struct str after, struct err *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    s->glob = glob;
    s->list = s3_list_new(s3, bucket, glob_prefix(glob), after, err);
    if (s->list == NULL) {
        free(s);
        return -1;
    }
    *l = (struct listing){ .state = s, .next = store_next, .free = store_free };
    return 0;
}
