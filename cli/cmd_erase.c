/* cli/cmd_erase: `odw erase`: a person's records, dead letters and what was counted of them, for good. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "base/sha256.h"
#include "cli/audit.h"
#include "cli/command.h"
#include "cli/dlq.h"
#include "cli/erase.h"
#include "cli/gaps.h"
#include "cli/lock.h"

static const struct opt own[] = {
    { .name = "source", .type = OPT_TEXT, .arg = "NAME", .help = "Whose records" },
    { .name = "where",
      .type = OPT_TEXT,
      .arg = "EXPR",
      .help = "A condition on the columns of the view that people read, in ClickHouse's SQL" },
    { .name = "letters-containing",
      .type = OPT_TEXT,
      .arg = "TEXT",
      .help = "Also dead letters with this text anywhere in payload, key or headers" },
    { .name = "dry-run", .type = OPT_FLAG, .help = "Count what would be erased, change nothing" },
    { .name = "yes", .type = OPT_FLAG, .help = "Don't ask" },
    { .name = "wait",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "30s",
      .min = 0,
      .max = 86400000,
      .help = "How long to wait until what lies on the topic is consumed: what isn't can't be found" },
    DLQ_BY,
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw erase",
    .about =
        "Removes records for good: all versions of their rows, the dead letters that say the same, and what was counted of "
        "them. The erasure is recorded (who, when, hashes), so that 'odw audit' still holds, and the stream takes none of it in "
        "again.",
    .operands = "[COLUMN=VALUE]...",
    .max_operands = 32,
    .own = own,
    .shared = settings_shared,
    .more =
        "COLUMN=VALUE is a condition too; all of them must hold.\n\n"
        "  odw erase --source events distinct_id=ada --dry-run\n"
        "  odw erase --source events --where \"distinct_id = 'ada' AND timestamp < '2026-11-01'\" --yes\n\n"
        "It is about what is there now. What the same person sends tomorrow is another record; messages stay on the topic until "
        "its\n"
        "retention, and are passed over if they are read again. Killed, the same command completes it.\n\n"
        "Exit codes: 0 done, 1 failed, declined, or messages still wait to be consumed, 2 the command line is wrong.\n",
};

struct run {
    const struct opts *opts;
    struct plan *plan;
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    struct lock *lock; /* one at a time, and none while an audit seals */
    struct arena arena;
    struct erasure erasure;
    int64_t waiting; /* messages that were not consumed yet */
};

/* ---- the condition ---- */

static int read_condition(struct run *r, struct err *err)
{
    struct erasure *e = &r->erasure;
    const struct opts *o = r->opts;
    const char *where = opts_text(o, "where");
    struct buf hashed;
    uint8_t digest[32];
    buf_init(&hashed, 0);
    if (where != NULL) {
        if (erase_check_expression(where, err) < 0)
            return -1;
        buf_printf(&e->condition, "(%s)", where);
        buf_puts(&hashed, where);
    }
    for (int i = 0; i < opts_operands(o); i++) {
        struct str value = str_of(opts_operand(o, i)), column = str_cut(&value, '=');
        char *name = arena_printf(&r->arena, "v%zu", e->n_values);
        if (memchr(opts_operand(o, i), '=', strlen(opts_operand(o, i))) == NULL || column.n == 0 || value.n == 0)
            return err_set(err, ERR_STOP, "expected COLUMN=VALUE, got '%.100s'", opts_operand(o, i));
        buf_puts(&e->condition, e->condition.n > 0 ? " AND toString(" : "toString(");
        clickhouse_put_name(&e->condition, column);
        buf_printf(&e->condition, ") = {%s:String}", name);
        e->params[e->n_params++] = (struct clickhouse_param){ name, value };
        e->values[e->n_values++] = value.p;
        buf_printf(&hashed, "\n%s", opts_operand(o, i));
    }
    e->records = e->condition.n > 0;
    e->containing = opts_text(o, "letters-containing");
    if (e->containing != NULL) {
        if (e->containing[0] == '\0')
            return err_set(err, ERR_STOP, "--letters-containing: an empty text is in every letter");
        e->params[e->n_params++] = (struct clickhouse_param){ "containing", str_of(e->containing) };
        buf_printf(&hashed, "\n\n%s", e->containing);
    }
    buf_printf(&hashed, "\n%s", e->source->stem);
    sha256(buf_str(&hashed), digest);
    buf_fini(&hashed);
    for (int i = 0; i < 8; i++)
        snprintf(e->condition_hash + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

static int check_usage(const struct opts *o, struct err *err)
{
    if (opts_text(o, "source") == NULL)
        return err_set(err, ERR_STOP, "expected --source NAME");
    if (opts_text(o, "where") == NULL && opts_operands(o) == 0 && opts_text(o, "letters-containing") == NULL)
        return err_set(err, ERR_STOP, "expected a condition: COLUMN=VALUE, or --where EXPR");
    if (!opts_flag(o, "yes") && !opts_flag(o, "dry-run") && !isatty(STDIN_FILENO))
        return err_set(err, ERR_STOP, "nobody can be asked here: expected --yes, or --dry-run");
    return 0;
}

/* ---- the stage ---- */

/* Until all that lay on the topic when this began is consumed. */
static int wait_for_stage(struct run *r, struct err *err)
{
    struct erasure *e = &r->erasure;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t end = (int64_t)t.tv_sec * 1000 + opts_number(r->opts, "wait"), *high = NULL;
    int32_t n = 0;
    for (bool said = false;;) {
        if (positions_load(&r->arena, r->ch, r->kafka, e->source, &e->at, err) < 0)
            return -1;
        if (high == NULL && (high = arena_alloc(&r->arena, sizeof *high * (size_t)e->at.n)) == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        for (; n < e->at.n; n++)
            high[n] = e->at.at[n].high;
        r->waiting = 0;
        for (int32_t i = 0; i < n; i++) {
            struct gaps g;
            if (e->at.at[i].committed < high[i] && gaps_tail(r->ch, r->kafka, e->source, &e->at.at[i], false, &g, err) < 0)
                return -1;
            if (e->at.at[i].committed < high[i])
                r->waiting += high[i] - e->at.at[i].committed;
        }
        clock_gettime(CLOCK_MONOTONIC, &t);
        if (r->waiting == 0 || (int64_t)t.tv_sec * 1000 >= end)
            return 0;
        if (!said)
            log_info("waiting until %" PRId64 " messages are consumed, for %" PRId64 " s at most", r->waiting,
                     opts_number(r->opts, "wait") / 1000);
        said = true;
        nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
    }
}

static bool agreed(const struct erasure *e)
{
    char line[16];
    fprintf(stderr, "Erase %" PRId64 " records (%" PRId64 " rows) of %s and %" PRId64 " dead letters for good? [y/N] ",
            e->identities, e->rows, e->source->stem, e->letters);
    return fgets(line, sizeof line, stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static void say_topic(const struct run *r)
{
    const struct erasure *e = &r->erasure;
    const char *retention = declaration_value(e->source->queue, "retention");
    if (e->on_topic > 0)
        printf("%" PRId64
               " messages about it stay on the topic %s, the last of %s UTC, until its retention (%s) has passed; read again, "
               "they are passed over\n",
               e->on_topic, e->source->topic, e->last_moment, retention);
    else
        printf("the topic %s holds no message about it that was consumed\n", e->source->topic);
}

static int erase(struct run *r, struct err *err)
{
    const struct opts *o = r->opts;
    struct erasure *e = &r->erasure;
    char who[64];
    if (check_usage(o, err) < 0 || (r->plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), err)) == NULL)
        return -1;
    e->plan = r->plan;
    e->source = plan_source(r->plan, opts_text(o, "source"));
    if (e->source == NULL)
        return err_set(err, ERR_STOP, "--source: there is no kafka-engine/%s.sql below %s", opts_text(o, "source"), r->plan->root);
    const struct plan_object *view = plan_object(r->plan, e->source->stem);
    e->view = view != NULL && view->kind == PLAN_VIEW ? view->name : e->source->rows->creates;
    if (read_condition(r, err) < 0 || (r->ch = clickhouse_new(o, err)) == NULL || (r->kafka = kafka_admin_new(o, err)) == NULL)
        return -1;
    e->ch = r->ch;
    if (!opts_flag(o, "dry-run") && (r->lock = lock_take(o, "audit", AUDIT_WAIT_S, err)) == NULL)
        return -1;
    if (opts_flag(o, "dry-run") ? positions_load(&r->arena, r->ch, r->kafka, e->source, &e->at, err) : wait_for_stage(r, err))
        return -1;
    if (e->at.before != NULL)
        return err_set(
            err, ERR_RETRY,
            "topic %s was deleted and created again, and what came from the former one isn't sealed yet; run 'odw audit', "
            "then this",
            e->source->topic);
    if (erase_count(e, err) < 0 || erase_find_unfinished(e, err) < 0)
        return -1;
    if (opts_flag(o, "dry-run")) {
        printf("would erase %" PRId64 " records (%" PRId64 " rows) and %" PRId64 " dead letters\n", e->identities, e->rows,
               e->letters);
        return 0;
    }
    bool found = e->identities + e->rows + e->letters > 0;
    if (!found && e->id[0] == '\0') {
        printf("nothing matches: nothing was erased\n");
    } else {
        if (e->id[0] != '\0')
            log_info("completing an erasure that was cut off erasure=%s", e->id);
        else if (!opts_flag(o, "yes") && !agreed(e))
            return err_set(err, ERR_DROP, "nothing was erased");
        if (erase_run(e, dlq_who(o, who), err) < 0)
            return -1;
        printf("erased %" PRId64 " records and %" PRId64 " dead letters of %s, as erasure %s\n", e->identities, e->letters,
               e->source->stem, e->id);
        if (e->asked_models)
            printf(
                "what a language model answered about it is kept on each ClickHouse node until 'odw llm cache clear --containing "
                "TEXT' there\n");
        say_topic(r);
    }
    if (r->waiting > 0)
        return err_set(err, ERR_RETRY,
                       "%" PRId64 " messages still wait to be consumed: what they say of it is not erased; run it again "
                       "once 'odw status' shows no lag",
                       r->waiting);
    return 0;
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "odw erase", argc, argv, &o);
    if (code >= 0)
        return code;
    struct run r = { .opts = o };
    arena_init(&r.arena, 0);
    buf_init(&r.erasure.condition, 65536);
    int rc = erase(&r, &err);
    lock_release(r.lock);
    code = 0;
    if (rc < 0) {
        fprintf(stderr, "odw erase: %s\n", err.text);
        code = err.class == ERR_STOP ? 2 : 1;
        if (code == 2)
            fputs("Try 'odw erase --help'.\n", stderr);
    }
    kafka_admin_free(r.kafka);
    clickhouse_free(r.ch);
    plan_free(r.plan);
    buf_fini(&r.erasure.condition);
    arena_fini(&r.arena);
    opts_free(o);
    return code;
}

const struct command command_erase = {
    .name = "erase", .about = "remove a person's records, letters and what was counted of them", .order = 56, .run = run
};
