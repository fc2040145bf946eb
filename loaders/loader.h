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
    const char *name; /* the source's stem: `odw load NAME` */
    const char *about;
    const char *operands; /* for the help, as in struct opt_usage */
    int max_operands;
    const struct opt *options; /* its own rows */
    const char *more;          /* examples for the help */
    /* *state gets what next and close need. total: records to come where it is known, else -1. -1 and err: ERR_STOP where the
     * command line asks for what can't be (exit 2), else the source can't be opened (exit 1). */
    int (*open)(const struct opts *o, void **state, int64_t *total, struct err *err);
    /* 1: `record` (one JSON text, without a newline) and `key` (may stay empty) were appended to; 0: the end; -1: err. ERR_DROP:
     * this record can't be had (`record` may not grow over the topic's limit): it counts as failed, go on. ERR_RETRY: a signal
     * came, call again. ERR_STOP: nothing more comes. */
    int (*next)(void *state, struct buf *record, struct buf *key, struct err *err);
    int64_t (*skipped)(const void *state); /* what was passed over on purpose, such as blank lines; NULL: nothing ever */
    void (*close)(void *state);
};

#endif
