/* shim/declared: what the files say that requests are answered by: endpoints, sources and their contracts, read together and read
 * again on SIGHUP. */
#ifndef ODW_SHIM_DECLARED_H
#define ODW_SHIM_DECLARED_H

#include <pthread.h>

#include "base/err.h"
#include "shim/endpoint.h"
#include "shim/source.h"

/* As it was on disk at one moment. */
struct declared {
    struct endpoints *endpoints;
    struct source *sources; /* NULL: none */
    size_t users;           /* under the lock of declarations */
};

struct declarations {
    pthread_mutex_t lock;
    struct declared *now;
};

/* NULL and err with file and line. */
struct declared *declared_load(const char *root, struct err *err) __attribute__((warn_unused_result));
void declared_free(struct declared *d);

/* Who began with some declarations ends with them; those that nobody uses any more are freed. */
struct declared *declared_borrow(struct declarations *all);
void declared_back(struct declarations *all, struct declared *d);
/* Takes `fresh`, for all who come from now on. */
void declared_put(struct declarations *all, struct declared *fresh);

#endif
