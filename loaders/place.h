/* loaders/place: where objects are: an S3 store or a folder, and which of them are meant. */
#ifndef ODW_LOADERS_PLACE_H
#define ODW_LOADERS_PLACE_H

#include "base/opt.h"
#include "loaders/listing.h"

struct place {
    char *bucket;      /* as records have it: the store's bucket, the folder's whole path, or the name that was given */
    struct glob *glob; /* NULL: everything */
    struct s3 *s3;     /* NULL: a folder */
    char store_bucket[64];
    char *root; /* the folder, ending in '/', or empty: here */
};

/* operand: s3://BUCKET/PATTERN, a folder, or a pattern of files; a bucket, a prefix that ends in a slash, or a folder means
 * everything below. name: what records call the bucket, NULL: its own name. -1 and err (ERR_STOP: the operand can't be used;
 * ERR_RETRY: it isn't there). place_fini in any case. */
int place_open(struct place *p, const struct opts *o, const char *operand, const char *name, struct err *err)
    __attribute__((warn_unused_result));
void place_fini(struct place *p);

/* As struct changes wants it; context: the place. */
int place_listing(void *context, struct listing *l, struct str after, struct err *err) __attribute__((warn_unused_result));

#endif
