/* loaders: what a data source is: it reads the outside world and emits JSON records; only lib/kafka knows Kafka. */
#ifndef ODW_LOADER_H
#define ODW_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

struct loader {
    const char *name;            /* the source's stem: `odw load NAME` */
    const char *about;
    const char *operands;        /* for the help, as in struct opt_usage */
    int max_operands;
    const struct opt *options;   /* its own rows */
    const char *more;            /* examples for the help */
    /* *state gets what next and close need. total: records to come where it is known, else -1. */
    int (*open)(const struct opts *o, void **state, int64_t *total, struct err *err);
    /* 1: `record` (one JSON text, without a newline) and `key` (may stay empty) were appended to; 0: the end; -1: err. */
    int (*next)(void *state, struct buf *record, struct buf *key, struct err *err);
    void (*close)(void *state);
};

#endif
