/* cli/apply_source: a source's queue, its intake and its views, while messages flow through them.
 *
 * Views are changed in place (ALTER … MODIFY QUERY): ClickHouse puts the new query in its place in one step, and a block that is on
 * its way goes on with what it began with; so nothing has to stop, and at each moment each view is an old or a new one. The intake
 * gets what is new first, the views follow, the view that reads the queue is the last: a record of the old form meets an intake of
 * the new one, where fields are matched by name. A kill in between leaves just that; the next apply goes on.
 *
 * Only a view that writes to another table than before must be dropped and made anew, and that must never happen while messages
 * flow. The queue is detached for it, which waits for the block in hand. That costs more than it looks like: a queue that is
 * detached doesn't tell the group, so that its partitions move again only after the session timeout (measured; 6 s in
 * clickhouse-config/). */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cli/apply.h"
#include "cli/apply_statement.h"

struct work {
    struct plan_source *source;
    struct object *queue, *judge;
    bool stop; /* something has to be dropped and made anew */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_between(const struct apply *a, const struct work *w, const struct object *o)
{
    return apply_source_of(a, o->plan) == w->source && o != w->queue && o != w->judge;
}

static int between(struct apply *a, const struct work *w, struct err *err)
{
    for (size_t i = 0; i < a->plan->n_objects; i++)
        if (is_between(a, w, &a->objects[i]) && apply_settle(a, &a->objects[i], err) < 0)
            return -1;
    return 0;
}

static int afterwards(struct apply *a, const struct work *w, struct err *err)
{
    for (size_t i = 0; i < a->plan->n_objects; i++)
        if (is_between(a, w, &a->objects[i]) && apply_settle_drops(a, &a->objects[i], err) < 0)
            return -1;
    return 0;
}

static int attach(struct apply *a, struct object *queue, struct err *err)
{
    if (!a->dry_run && apply_named(a, queue, "ATTACH TABLE ", "", err) < 0)
        return -1;
    queue->detached = false;
    queue->exists = true;
    return 0;
}

/* With the queue detached. Killed in here, the next apply goes on, and a restart of the server attaches the queue; either way the
 * messages wait in Kafka. */
static int while_stopped(struct apply *a, const struct work *w, struct err *err)
{
    struct object *queue = w->queue, *judge = w->judge;
    double began = now();
    if (!a->dry_run && apply_named(a, queue, "DETACH TABLE ", " SYNC", err) < 0)
        return -1;
    queue->detached = true;
    int done = between(a, w, err);
    /* It can only be made where its queue is; without it the queue reads nothing. */
    if (done == 0 && apply_anew(judge)) {
        change(&a->changes, "drop materialized view %s, to be made anew", judge->plan->name);
        done = a->dry_run ? 0 : apply_named(a, judge, "DROP VIEW IF EXISTS ", " SYNC", err);
        judge->exists = done < 0;
    }
    struct err second = ERR_INIT;
    if (attach(a, queue, done == 0 ? err : &second) < 0) {
        if (done < 0)
            log_error("%s stays detached: %s; 'odw apply' attaches it, or a restart of the server", queue->plan->name, second.text);
        return -1;
    }
    if (!a->dry_run)
        printf("%s was stopped for %.1f s; its consumers go on once the session timeout is over\n", w->source->stem, now() - began);
    return done;
}

/* A queue that reads another topic, or as another group: nothing flows between the two statements, because there is no queue. */
static int settle_queue(struct apply *a, struct object *queue, struct err *err)
{
    const char *file = apply_file(a, queue->plan);
    if (!queue->exists)
        return apply_create(a, queue, err);
    if (!queue->changed)
        return 0;
    if (!statement_same_queue(queue->plan->statement, queue->create)) {
        change(&a->changes, "replace queue %s (%s)", queue->plan->name, file);
        if (a->dry_run)
            return 0;
        if (apply_named(a, queue, "DROP TABLE IF EXISTS ", " SYNC", err) < 0 || apply_run(a, file, queue->plan->statement, err) < 0)
            return -1;
    }
    return a->dry_run ? 0 : apply_note(a, queue->plan->name, queue->plan->digest, err);
}

static int settle_source(struct apply *a, const struct work *w, struct err *err)
{
    struct object *queue = w->queue, *judge = w->judge;
    if (queue->detached) {
        change(&a->changes, "attach queue %s: an odw apply was cut off", queue->plan->name);
        if (between(a, w, err) < 0 || attach(a, queue, err) < 0)
            return -1;
    } else if (w->stop && queue->exists && judge->exists) {
        if (while_stopped(a, w, err) < 0)
            return -1;
    } else if (between(a, w, err) < 0) {
        return -1;
    }
    /* What the ledger answers for must be known before the first message is read. */
    if (apply_starts(a, w->source, err) < 0 || settle_queue(a, queue, err) < 0 || apply_settle(a, judge, err) < 0)
        return -1;
    return afterwards(a, w, err);
}

int apply_source(struct apply *a, struct plan_source *s, struct err *err)
{
    struct work w = { .source = s };
    for (size_t i = 0; i < a->plan->n_objects; i++) {
        struct object *o = &a->objects[i];
        if (apply_source_of(a, o->plan) != s)
            continue;
        if (o->plan->kind == PLAN_QUEUE)
            w.queue = o;
        else if (o->plan->kind == PLAN_JUDGE)
            w.judge = o;
        w.stop = w.stop || apply_anew(o);
    }
    if (w.queue == NULL || w.judge == NULL)
        return err_set(err, ERR_STOP, "source %s: expected a queue and a view of the kind judge in mv/each-source/ that reads it",
                       s->stem);
    if (w.queue->parked) {
        log_warn("%s was detached permanently, so %s is left as it is: ATTACH TABLE %s, then odw apply", w.queue->plan->name,
                 s->stem, w.queue->plan->name);
        return 0;
    }
    /* Ctrl-C waits until the queue is attached again. */
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &old);
    int done = settle_source(a, &w, err);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return done;
}
