/* shim/pool: things that one thread uses at a time and that are worth keeping: connections, readers. */
#ifndef ODW_SHIM_POOL_H
#define ODW_SHIM_POOL_H

#include <pthread.h>
#include <stddef.h>

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    void **idle;
    size_t n_idle, out, max;
};

/* max: most that are out at once. */
int pool_init(struct pool *p, size_t max) __attribute__((warn_unused_result));
/* All must be back; `destroy` is called for each. */
void pool_fini(struct pool *p, void (*destroy)(void *thing));

/* One of the kept, or NULL with 0 where the caller shall make one, which counts as out from now on. -1 where all are out and none
 * came back within wait_ms. */
int pool_get(struct pool *p, int wait_ms, void **thing) __attribute__((warn_unused_result));
/* NULL: it was broken, or couldn't be made. */
void pool_put(struct pool *p, void *thing);

#endif
