/* shim/watch: how sources are doing, for GET /health and GET /metrics: gathered when somebody asks, by one thread for all who do.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "declaration/plan.h"
#include "shim/shim.h"
#include "status/status.h"

enum { FRESH_MS = 2000 }; /* what is younger answers the next question too */

static bool same_problem(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "source"), json_object_get(b, "source")) &&
           json_equal(json_object_get(a, "remedy"), json_object_get(b, "remedy"));
}

/* A problem whose beginning nobody knows began when it was first seen here. */
static void put_since(json_t *status, const json_t *last)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    json_t *p, *seen;
    size_t i, k;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_array_foreach(json_object_get(status, "problems"), i, p)
    {
        if (!json_is_null(json_object_get(p, "since")))
            continue;
        json_object_set_new(p, "since", json_string(text));
        json_array_foreach(json_object_get(last, "problems"), k, seen)
        {
            if (same_problem(p, seen))
                json_object_set(p, "since", json_object_get(seen, "since"));
        }
    }
}

static void *gather(void *context)
{
    struct shim *shim = context;
    struct watch *w = &shim->watch;
    struct err err = ERR_INIT;
    struct status *asking = NULL;
    struct plan *plan = plan_load(shim->root, opts_text(shim->settings, "database"), &err);
    if (plan != NULL)
        asking = status_new(shim->settings, plan, false);
    if (asking == NULL)
        log_warn("GET /health and /metrics say nothing of sources: %s", plan == NULL ? err.text : "out of memory");
    pthread_mutex_lock(&w->lock);
    w->blind = asking == NULL;
    while (!w->stop && asking != NULL) {
        if (!w->wanted) {
            pthread_cond_wait(&w->asked, &w->lock);
            continue;
        }
        w->wanted = false;
        pthread_mutex_unlock(&w->lock);
        json_t *fresh = status_gather(asking);
        int64_t now = monotonic_ms();
        pthread_mutex_lock(&w->lock);
        if (fresh == NULL)
            continue;
        put_since(fresh, w->last);
        json_decref(w->last);
        w->last = fresh;
        w->last_ms = now;
        pthread_cond_broadcast(&w->told);
    }
    pthread_cond_broadcast(&w->told);
    pthread_mutex_unlock(&w->lock);
    status_free(asking);
    plan_free(plan);
    return NULL;
}

int watch_start(struct shim *shim, struct err *err)
{
    struct watch *w = &shim->watch;
    pthread_condattr_t attr;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->asked, NULL);
    pthread_cond_init(&w->told, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&w->thread, NULL, gather, shim) != 0)
        return err_set(err, ERR_STOP, "can't start a thread");
    w->runs = true;
    return 0;
}

void watch_stop(struct shim *shim)
{
    struct watch *w = &shim->watch;
    if (!w->runs)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->asked);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->runs = false;
    json_decref(w->last);
    w->last = NULL;
}

json_t *watch_look(struct shim *shim, int wait_ms)
{
    struct watch *w = &shim->watch;
    int64_t now = monotonic_ms(), end = now + wait_ms;
    const struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
    pthread_mutex_lock(&w->lock);
    bool fresh = w->last != NULL && now - w->last_ms < FRESH_MS;
    if (!fresh && !w->blind) {
        w->wanted = true;
        pthread_cond_signal(&w->asked);
    }
    while (!w->stop && !w->blind && !(w->last != NULL && w->last_ms > now - FRESH_MS))
        if (pthread_cond_timedwait(&w->told, &w->lock, &until) == ETIMEDOUT)
            break;
    json_t *last = json_deep_copy(w->last);
    if (last != NULL)
        json_object_set_new(last, "age_ms", json_integer(monotonic_ms() - w->last_ms));
    pthread_mutex_unlock(&w->lock);
    return last;
}
