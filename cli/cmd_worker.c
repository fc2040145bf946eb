/* cli/worker: `odw worker`: what has to happen again and again beside the stream. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/settings.h"
#include "cli/audit.h"
#include "cli/command.h"
#include "cli/gaps.h"
#include "cli/lock.h"
#include "cli/recovery.h"

static const struct opt own[] = {
    { .name = "worker-interval",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "30s",
      .min = 100,
      .max = 3600000,
      .help = "How often to look for messages that gave no row (empty ones get a dead letter)" },
    { .name = "worker-audit-interval",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "1h",
      .min = 1000,
      .max = 604800000,
      .help = "How often to audit, and to seal what was proven" },
    { .name = "worker-ledger-keep",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "30d",
      .min = 86400000,
      .max = 31536000000000,
      .help = "How long ledger lines are kept once they are proven and sealed" },
    { .name = "worker-replay-timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "5m",
      .min = 0,
      .max = 31536000000,
      .help = "How long a message that was sent again may be neither a row nor a letter nor waiting, before it is sent once more" },
    { .name = "once", .type = OPT_FLAG, .help = "Look once, audit once, then end" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw worker",
    .about = "Runs beside the stream: writes the dead letters of empty messages, sends dead letters that a rule in mv/ selects, "
             "audits and "
             "seals the ledger, lets old ledger lines go.",
    .own = own,
    .shared = settings_shared,
    .more = "It keeps no state of its own: it may be killed, and started again anywhere. A server that is away is tried again.\n\n"
            "Exit codes: 0 told to end (SIGTERM, SIGINT) or --once, 1 failed, 2 usage.",
};

struct worker {
    const struct opts *opts;
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    struct recovery recovery;
    bool recreated; /* a topic was; the next audit notes it */
};

static int connect_both(struct worker *w, struct err *err)
{
    if (w->ch == NULL && (w->ch = clickhouse_new(w->opts, err)) == NULL)
        return -1;
    if (w->kafka == NULL && (w->kafka = kafka_admin_new(w->opts, err)) == NULL)
        return -1;
    return 0;
}

static void note_empty(const struct plan_source *s, int32_t partition, const struct gaps *g)
{
    if (g->empty > 0)
        log_info("dead letters written for empty messages source=%s partition=%d messages=%" PRId64, s->stem, partition, g->empty);
}

static int look_at_gaps(struct worker *w, const struct plan_source *s, struct err *err)
{
    struct arena arena;
    struct positions at;
    int rc = -1;
    arena_init(&arena, 0);
    if (positions_load(&arena, w->ch, w->kafka, s, &at, err) < 0)
        goto out;
    if (at.before != NULL) {
        log_warn("the topic was deleted and created again: an audit notes it source=%s topic=%s", s->stem, s->topic);
        w->recreated = true;
        rc = 0;
        goto out;
    }
    for (int32_t i = 0; i < at.n; i++) {
        struct gaps g;
        if (gaps_tail(w->ch, w->kafka, s, &at.at[i], true, &g, err) < 0)
            goto out;
        note_empty(s, i, &g);
        do {
            if (gaps_look(w->ch, w->kafka, s, &at.at[i], at.at[i].proven, true, &g, err) < 0)
                goto out;
            note_empty(s, i, &g);
            if (g.lost > 0)
                log_error("messages are in no table: see 'odw audit' source=%s topic=%s partition=%d messages=%" PRId64
                          " first_offset=%" PRId64,
                          s->stem, s->topic, i, g.lost, g.first_lost);
        } while (g.more && g.lost == 0);
    }
    rc = 0;
out:
    arena_fini(&arena);
    return rc;
}

static int note_audit(struct worker *w, const char *report, bool holds, struct err *err)
{
    const struct clickhouse_param params[] = { { "report", str_of(report) }, { "holds", holds ? STR("true") : STR("false") } };
    const struct clickhouse_query q = {
        .sql = "INSERT INTO audits (audited_at, holds, report) SELECT now64(3, 'UTC'), {holds:Bool}, {report:String}",
        .params = params,
        .n_params = 2,
    };
    return clickhouse_run(w->ch, &q, NULL, NULL, err);
}

static int audit(struct worker *w, const struct plan *plan, struct err *err)
{
    bool holds = false;
    struct lock *lock = lock_take(w->opts, "audit", AUDIT_WAIT_S, err);
    if (lock == NULL)
        return -1;
    json_t *report = audit_all(w->ch, w->kafka, plan, &(struct audit_options){ .read_only = false }, &holds, err);
    lock_release(lock);
    if (report == NULL)
        return -1;
    char *text = json_dumps(report, JSON_COMPACT);
    json_decref(report);
    if (text == NULL)
        return err_set(err, ERR_STOP, "out of memory for the audit's report");
    if (holds)
        log_info("audit holds");
    else
        log_error("audit does not hold: see 'odw audit'");
    int rc = note_audit(w, text, holds, err);
    free(text);
    return rc;
}

struct expiry {
    struct worker *worker;
    struct err *err;
};

static int drop_partition(void *context, const struct str *fields, size_t n_fields)
{
    struct expiry *e = context;
    struct buf sql;
    int rc = -1;
    buf_init(&sql, 0);
    buf_puts(&sql, "ALTER TABLE ledger DROP PARTITION ID ");
    if (n_fields == 2 && clickhouse_put_text(&sql, fields[0]) == 0 && clickhouse_do(e->worker->ch, buf_text(&sql), e->err) == 0) {
        log_info("ledger lines let go, their days are sealed partition=%.*s lines=%.*s", STR_ARG(fields[0]), STR_ARG(fields[1]));
        rc = 0;
    }
    buf_fini(&sql);
    return rc;
}

/* Lets whole days of lines go that are old, and of which every line was proven. */
static int expire_lines(struct worker *w, const struct plan_source *s, struct err *err)
{
    char keep[32];
    snprintf(keep, sizeof keep, "%" PRId64, opts_number(w->opts, "worker-ledger-keep") / 1000);
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) },
                                               { "topic", str_of(s->topic) },
                                               { "keep", str_of(keep) } };
    struct expiry e = { w, err };
    return clickhouse_rows(
        w->ch,
        "WITH (SELECT max(since) FROM ledger_starts WHERE source = {source:String} AND topic = {topic:String}) AS last,"
        " proofs AS (SELECT partition AS proven_partition, argMax(proven_offset, proven_at) AS proven FROM ledger_proofs"
        "  WHERE source = {source:String} AND topic = {topic:String} AND since = last GROUP BY proven_partition)"
        " SELECT _partition_id, count() FROM ledger LEFT JOIN proofs ON proven_partition = partition"
        " WHERE source = {source:String} AND topic = {topic:String} AND _partition_id IN"
        "  (SELECT partition_id FROM system.parts WHERE active AND database = currentDatabase() AND table = 'ledger'"
        "   GROUP BY partition_id HAVING max(modification_time) < now() - {keep:UInt64})"
        " GROUP BY _partition_id"
        " HAVING countIf(sent_at >= last AND offset >= proven) = 0 AND max(appended_at) < now64(3, 'UTC') - "
        "toIntervalSecond({keep:UInt64})",
        params, 3, drop_partition, &e, err);
}

/* One round; what fails for one source is no reason to leave the others. */
static int round_of(struct worker *w, bool with_audit)
{
    struct plan *plan = NULL;
    struct err err = ERR_INIT;
    int rc = -1;
    if (connect_both(w, &err) < 0 || (plan = plan_load(opts_text(w->opts, "root"), opts_text(w->opts, "database"), &err)) == NULL) {
        log_warn("%s", err.text);
        goto out;
    }
    rc = 0;
    w->recreated = false;
    for (size_t i = 0; i < plan->n_sources; i++) {
        const struct plan_source *s = &plan->sources[i];
        struct err one = ERR_INIT;
        if (look_at_gaps(w, s, &one) < 0) {
            log_warn("source=%s %s", s->stem, one.text);
            rc = -1;
        }
    }
    w->recovery.opts = w->opts;
    w->recovery.ch = w->ch;
    w->recovery.kafka = w->kafka;
    struct err letters = ERR_INIT;
    if (recovery_round(&w->recovery, plan, &letters) < 0) {
        log_warn("dead letters: %s", letters.text);
        rc = -1;
    }
    if ((with_audit || w->recreated) && rc == 0) {
        if (audit(w, plan, &err) < 0) {
            log_warn("audit: %s", err.text);
            rc = -1;
        }
        for (size_t i = 0; i < plan->n_sources && rc == 0; i++) {
            const struct plan_source *s = &plan->sources[i];
            if (expire_lines(w, s, &err) < 0) {
                log_warn("source=%s %s", s->stem, err.text);
                rc = -1;
            }
        }
    }
out:
    plan_free(plan);
    return rc;
}

static int work(const struct opts *o)
{
    struct worker w = { .opts = o };
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int64_t interval = opts_number(o, "worker-interval"), audits = opts_number(o, "worker-audit-interval");
    int64_t audit_at = monotonic_ms() + (opts_flag(o, "once") ? 0 : audits);
    int rc;
    for (;;) {
        bool due = monotonic_ms() >= audit_at;
        rc = round_of(&w, due);
        if (due && rc == 0)
            audit_at = monotonic_ms() + audits;
        if (opts_flag(o, "once"))
            break;
        const struct timespec wait = { .tv_sec = interval / 1000, .tv_nsec = interval % 1000 * 1000000 };
        if (sigtimedwait(&signals, NULL, &wait) > 0) {
            rc = 0;
            break;
        }
    }
    kafka_producer_free(w.recovery.producer);
    kafka_admin_free(w.kafka);
    clickhouse_free(w.ch);
    return rc;
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    int code = settings_start(&usage, "odw worker", argc, argv, &o);
    if (code >= 0)
        return code;
    int rc = work(o);
    opts_free(o);
    return rc < 0 ? 1 : 0;
}

const struct command command_worker = { .name = "worker",
                                        .about = "run beside the stream: letters of empty messages, declared recovery, audits",
                                        .order = 60,
                                        .run = run };
