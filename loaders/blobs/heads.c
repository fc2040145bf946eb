/* loaders/blobs/heads: HEAD requests by a few threads. */
#include "loaders/blobs/heads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct worker {
    struct heads *heads;
    struct s3 *s3;
    pthread_t thread;
};

struct heads {
    char bucket[64];
    int n_workers;
    struct worker *workers;
    struct heads_item *items;
    size_t n;
    atomic_size_t next;
};

struct heads *heads_new(const struct s3 *s3, const char *bucket, int at_once, struct err *err)
{
    struct heads *h = calloc(1, sizeof *h);
    if (h == NULL || (h->workers = calloc((size_t)at_once, sizeof *h->workers)) == NULL) {
        free(h);
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    snprintf(h->bucket, sizeof h->bucket, "%s", bucket);
    for (; h->n_workers < at_once; h->n_workers++) {
        struct worker *w = &h->workers[h->n_workers];
        w->heads = h;
        if ((w->s3 = s3_copy(s3, err)) == NULL) {
            heads_free(h);
            return NULL;
        }
    }
    return h;
}

void heads_free(struct heads *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < h->n_workers; i++)
        s3_free(h->workers[i].s3);
    free(h->workers);
    free(h);
}

static void *work(void *context)
{
    struct worker *w = context;
    struct heads *h = w->heads;
    for (size_t i; (i = atomic_fetch_add(&h->next, 1)) < h->n;) {
        struct heads_item *item = &h->items[i];
        item->err = ERR_INIT;
        item->there = s3_head(w->s3, h->bucket, item->key, &item->head, &item->err) == 0;
    }
    return NULL;
}

int heads_ask(struct heads *h, struct heads_item *items, size_t n, struct err *err)
{
    sigset_t all, before;
    int started = 0;
    h->items = items;
    h->n = n;
    atomic_store(&h->next, 0);
    /* Signals are for the thread that called. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < h->n_workers && (size_t)started < n &&
           pthread_create(&h->workers[started].thread, NULL, work, &h->workers[started]) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started == 0 && n > 0)
        return err_set(err, ERR_STOP, "no thread can be started");
    for (int i = 0; i < started; i++)
        pthread_join(h->workers[i].thread, NULL);
    for (size_t i = 0; i < n; i++)
        if (!items[i].there && items[i].err.class == ERR_STOP) {
            *err = items[i].err;
            return -1;
        }
    return 0;
}
