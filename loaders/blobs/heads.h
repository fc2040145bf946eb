/* loaders/blobs/heads: what HEAD says of many objects, several at a time. */
#ifndef ODW_BLOBS_HEADS_H
#define ODW_BLOBS_HEADS_H

#include "s3/s3.h"

struct heads;

struct heads_item {
    struct str key;
    struct s3_head head;
    bool there; /* false: `err` says why not */
    struct err err;
};

/* As many requests at a time, each over a connection of its own. s3 is borrowed. */
struct heads *heads_new(const struct s3 *s3, const char *bucket, int at_once, struct err *err) __attribute__((warn_unused_result));
void heads_free(struct heads *h);
/* Asks for all n; -1 and err (ERR_STOP) where the store can't be asked at all. */
int heads_ask(struct heads *h, struct heads_item *items, size_t n, struct err *err) __attribute__((warn_unused_result));

#endif
