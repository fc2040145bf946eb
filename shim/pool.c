/* shim/pool: things that one thread uses at a time and that are worth keeping. */
#include "shim/pool.h"

#include <stdlib.h>
#include <time.h>

int pool_init(struct pool *p, size_t max)
{
    pthread_condattr_t attr;
    *p = (struct pool){ .max = max, .idle = calloc(max, sizeof *p->idle) };
    if (p->idle == NULL)
        return -1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->returned, &attr);
    pthread_condattr_destroy(&attr);
    return 0;
}

void pool_fini(struct pool *p, void (*destroy)(void *thing))
{
    if (p->idle == NULL)
        return;
    for (size_t i = 0; i < p->n_idle; i++)
        destroy(p->idle[i]);
    free(p->idle);
    p->idle = NULL;
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->returned);
}

int pool_get(struct pool *p, int wait_ms, void **thing)
{
    struct timespec until;
    int rc = 0;
    *thing = NULL;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&p->lock);
    while (p->out == p->max && rc == 0)
        rc = pthread_cond_timedwait(&p->returned, &p->lock, &until) == 0 ? 0 : -1;
    if (p->out < p->max) {
        rc = 0;
        p->out++;
        if (p->n_idle > 0)
            *thing = p->idle[--p->n_idle]; /* the one used last is the warmest */
    }
    pthread_mutex_unlock(&p->lock);
    return rc;
}

void pool_put(struct pool *p, void *thing)
{
    pthread_mutex_lock(&p->lock);
    p->out--;
    if (thing != NULL)
        p->idle[p->n_idle++] = thing;
    pthread_cond_signal(&p->returned);
    pthread_mutex_unlock(&p->lock);
}
