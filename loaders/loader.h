/* loaders: what a data source is: it reads the outside world and emits JSON records; only lib/kafka knows Kafka. */
#ifndef ODW_LOADER_H
#define ODW_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

/* *total of a source that never ends (it is followed): its records wait for Kafka as long as it takes. */
#define LOADER_ENDLESS ((int64_t)-2)

struct loader {
    const char *name; /* the source's stem: `odw load NAME` */
    const char *about;
    const char *operands;      /* for the help, as in struct opt_usage */
    int max_operands;          /* -1: any number */
    const struct opt *options; /* its own rows */
    const char *more;          /* examples for the help */
    /* *state gets what next and close need. total: records to come where it is known, else -1 or LOADER_ENDLESS. -1 and err:
     * ERR_STOP where the command line asks for what can't be (exit 2), else the source can't be opened (exit 1). */
    int (*open)(const struct opts *o, void **state, int64_t *total, struct err *err);
    /* 1: `record` (one JSON text, without a newline) and `key` (may stay empty) were appended to; 0: the end; -1: err. ERR_DROP:
     * this record can't be had (`record` may not grow over the topic's limit): it counts as failed, go on. ERR_RETRY: nothing
     * yet, or a signal came: call again (it waits 100 ms at most, and as long as it likes where no position is kept).
     * ERR_STOP: nothing more comes. */
    int (*next)(void *state, struct buf *record, struct buf *key, struct err *err);
    int64_t (*skipped)(const void *state); /* what was passed over on purpose, such as blank lines; NULL: nothing ever */
    void (*close)(void *state);

    /* ---- going on where a load was; all NULL: it always starts at the beginning ----
     * The command keeps the position below which every record is acknowledged in a file, and hands it to the next load of the same
     * source, topic, operands and `identity`. A record may come twice after a crash, so its id must be a function of where it
     * stands in the source. */

    /* Appends where the loader stands after the record that `next` handed out last: any bytes, 16 MiB at most. Called a few times
     * a second. 1; 0: this load keeps none (generated, standard input). */
    int (*position)(void *state, struct buf *out);
    /* After open, before the first `next`: goes on behind `position`. -1 and err: it doesn't fit the source any more. */
    int (*resume)(void *state, struct str position, struct err *err);
    /* For what is too large for a position: before `resume`, where this load keeps one: a path that is this load's alone, as a
     * prefix of names for files of its own. NULL: it needs none. -1 and err: they can't be there. */
    int (*keep)(void *state, const char *path, struct err *err);
    /* Options that make it another load (not how it is run, as --rate), ending with NULL; NULL: none. Operands always do. */
    const char *const *identity;
    /* After the end the position stays, so that the next load takes what is new; false: it is forgotten, the next one begins
     * again. */
    bool incremental;
};

#endif
