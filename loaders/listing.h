/* loaders/listing: objects in the order of their paths' bytes, out of an S3 store or a folder. */
#ifndef ODW_LOADERS_LISTING_H
#define ODW_LOADERS_LISTING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/glob.h"
#include "base/str.h"
#include "s3/s3.h"

/* What a listing says of an object; texts are borrowed until the next one. */
struct blob {
    struct str path; /* its key; a file's below the folder */
    struct str etag; /* may be empty */
    int64_t size, modified_ms;
    bool has_mode;
    mode_t mode; /* the lower 12 bits */
};

struct listing {
    void *state;
    /* 1: the next object; 0: the end; -1: err. ERR_DROP: what lies below `blob->path` (it ends in '/') can't be read: go on. */
    int (*next)(void *state, struct blob *blob, struct err *err);
    void (*free)(void *state);
};

/* listing_store.c: all objects of the bucket that fit the pattern and sort behind `after`. s3 and glob are borrowed. */
int store_listing(struct listing *l, struct s3 *s3, const char *bucket, struct glob *glob, struct str after, struct err *err)
    __attribute__((warn_unused_result));

/* listing_folder.c: the regular files below `root` (it ends in '/', or is empty: here) for which root and path together fit the
 * pattern; a NULL pattern takes all. No link below the root is followed. */
int folder_listing(struct listing *l, const char *root, struct glob *glob, struct str after, struct err *err)
    __attribute__((warn_unused_result));

#endif
