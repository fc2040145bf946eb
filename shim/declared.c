/* shim/declared: one set of declarations is current; an older one lives as long as a request that began with it. */
#include "shim/declared.h"

#include <stdlib.h>

struct declared *declared_load(const char *root, struct err *err)
{
    struct declared *d = calloc(1, sizeof *d);
    if (d == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    d->endpoints = endpoints_load(root, err);
    if (d->endpoints == NULL || sources_load(root, &d->sources, err) < 0) {
        declared_free(d);
        return NULL;
    }
    return d;
}

void declared_free(struct declared *d)
{
    if (d == NULL)
        return;
    endpoints_free(d->endpoints);
    sources_free(d->sources);
    free(d);
}

struct declared *declared_borrow(struct declarations *all)
{
    pthread_mutex_lock(&all->lock);
    struct declared *d = all->now;
    d->users++;
    pthread_mutex_unlock(&all->lock);
    return d;
}

void declared_back(struct declarations *all, struct declared *d)
{
    pthread_mutex_lock(&all->lock);
    bool last = --d->users == 0 && d != all->now;
    pthread_mutex_unlock(&all->lock);
    if (last)
        declared_free(d);
}

void declared_put(struct declarations *all, struct declared *fresh)
{
    pthread_mutex_lock(&all->lock);
    struct declared *old = all->now;
    all->now = fresh;
    bool unused = old != NULL && old->users == 0;
    pthread_mutex_unlock(&all->lock);
    if (unused)
        declared_free(old);
}
