/* shim/health: a probe once a second, and GET /health. */
#include "kafka/kafka.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "clickhouse/clickhouse.h"
#include "shim/shim.h"

enum { EVERY_MS = 900, ANSWER_MS = 2000, WATCH_MS = 300, STALE_MS = 10000 };

static const char *const names[PARTS] = { [PART_CLICKHOUSE] = "clickhouse", [PART_KAFKA] = "kafka" };

static void note(struct shim *shim, enum part part, bool ok, const char *why)
{
    struct part_state *p = &shim->parts[part];
    pthread_mutex_lock(&shim->health_lock);
    bool changed = p->seen_ms == 0 || p->ok != ok;
    p->seen_ms = monotonic_ms();
    if (changed) {
        p->ok = ok;
        p->since_ms = wall_ms();
    }
    pthread_mutex_unlock(&shim->health_lock);
    if (changed && ok)
        log_info("%s answers", names[part]);
    else if (changed)
        log_warn("%s is away: %s", names[part], why);
}

static void *probe(void *context)
{
    struct shim *shim = context;
    struct clickhouse *c = NULL;
    for (;;) {
        struct err err = ERR_INIT;
        struct buf out;
        buf_init(&out, 65536);
        if (c == NULL)
            c = clickhouse_new(shim->settings, &err);
        struct clickhouse_query query = { .sql = "SELECT 1 FORMAT TSV", .no_database = true, .timeout_ms = ANSWER_MS };
        bool ok = c != NULL && clickhouse_run(c, &query, &out, NULL, &err) == 0;
        note(shim, PART_CLICKHOUSE, ok, err.text);
        buf_fini(&out);
        if (shim->producer != NULL) {
            err = ERR_INIT;
            ok = kafka_producer_check(shim->producer, ANSWER_MS, &err) == 0;
            note(shim, PART_KAFKA, ok, err.text);
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += EVERY_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&shim->health_lock);
        while (!shim->health_stop && pthread_cond_timedwait(&shim->health_wake, &shim->health_lock, &until) == 0)
            ;
        bool stop = shim->health_stop;
        pthread_mutex_unlock(&shim->health_lock);
        if (stop)
            break;
    }
    clickhouse_free(c);
    return NULL;
}

int health_start(struct shim *shim, struct err *err)
{
    pthread_condattr_t attr;
    pthread_mutex_init(&shim->health_lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&shim->health_wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&shim->prober, NULL, probe, shim) != 0)
        return err_set(err, ERR_STOP, "can't start a thread");
    shim->has_prober = true;
    return 0;
}

void health_stop(struct shim *shim)
{
    if (!shim->has_prober)
        return;
    pthread_mutex_lock(&shim->health_lock);
    shim->health_stop = true;
    pthread_cond_signal(&shim->health_wake);
    pthread_mutex_unlock(&shim->health_lock);
    pthread_join(shim->prober, NULL);
    shim->has_prober = false;
}

static void put_time(struct buf *b, int64_t ms)
{
    time_t second = (time_t)(ms / 1000);
    struct tm utc;
    char text[40];
    gmtime_r(&second, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(b, "\"%s.%03dZ\"", text, (int)(ms % 1000));
}

/* What stops sources, and why: for those who may read, since a cause may name what is inside. An answer does not wait for a server
 * that is away: then it has what was known last, or nothing. */
static void put_problems(struct shim *shim, struct buf *out)
{
    json_t *status = watch_look(shim, WATCH_MS);
    char *problems = json_dumps(json_object_get(status, "problems"), JSON_COMPACT | JSON_ENSURE_ASCII);
    if (problems != NULL && json_integer_value(json_object_get(status, "age_ms")) < STALE_MS)
        buf_printf(out, ",\"problems\":%s", problems);
    free(problems);
    json_decref(status);
}

void health_answer(struct shim *shim, struct request *r)
{
    struct buf *out = &r->reply.body;
    struct part_state parts[PARTS];
    int64_t now = monotonic_ms();
    bool all = true;
    pthread_mutex_lock(&shim->health_lock);
    memcpy(parts, shim->parts, sizeof parts);
    pthread_mutex_unlock(&shim->health_lock);
    for (int i = 0; i < PARTS; i++)
        /* No answer for so long is one too: the probe hangs. */
        if (i != PART_KAFKA || shim->producer != NULL)
            all = all && parts[i].ok && now - parts[i].seen_ms < EVERY_MS + 2 * ANSWER_MS;
    bool draining = atomic_load(&shim->draining);
    r->reply.status = all && !draining ? 200 : 503;
    r->reply.retry_after = r->reply.status == 503 ? 2 : 0;
    buf_printf(out, "{\"status\":\"%s\",\"parts\":{", draining ? "stopping" : all ? "ok" : "degraded");
    const char *comma = "";
    for (int i = 0; i < PARTS; i++) {
        if (i == PART_KAFKA && shim->producer == NULL)
            continue;
        buf_printf(out, "%s\"%s\":{\"status\":\"%s\"", comma, names[i],
                   parts[i].seen_ms == 0 ? "unknown"
                   : parts[i].ok         ? "ok"
                                         : "away");
        comma = ",";
        if (parts[i].seen_ms != 0) {
            buf_puts(out, ",\"since\":");
            put_time(out, parts[i].since_ms);
        }
        buf_putc(out, '}');
    }
    buf_puts(out, "}");
    if (r->trusted)
        put_problems(shim, out);
    buf_puts(out, "}\n");
}
