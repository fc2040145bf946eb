/* cli/cmd_check: `odw check`: every declaration is parsed and type-checked by the engine, in a scratch database. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "cli/check.h"
#include "cli/command.h"
#include "declaration/sql_scan.h"

/* A scratch database of a check that was killed is dropped by a later one, when it is this old. */
enum { LEFT_BEHIND_SECONDS = 3600 };

static const struct opt_usage usage = {
    .program = "odw check",
    .about =
        "Checks every declaration below the root before anything is touched: heads and contracts first, then each statement by "
        "the ClickHouse server itself, in a scratch database that is dropped again. Queues stand there as Null tables; record "
        "functions that aren't installed yet are stood in for. One row is sent through, so that what only shows while it runs is "
        "seen as well. Endpoints are described with sample parameters.",
    .shared = settings_shared,
    .more = "Exit codes: 0 all is well, 1 a declaration is wrong or the server can't be asked, 2 the command line or the "
            "configuration\n"
            "is wrong.\n",
};

struct check {
    struct clickhouse *c;
    struct plan *plan;
    struct arena arena;
    struct stand_in *stand_ins;
    char scratch[64];
    const char **failed; /* names of objects that could not be made */
    size_t n_failed, errors;
    bool made; /* the scratch database may exist */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = signal;
}

/* ---- the engine ---- */

/* Runs sql in the scratch database, or, outside, without one. */
static int run_sql(struct check *k, const char *sql, const struct clickhouse_param *params, size_t n_params, bool outside,
                   struct buf *out, struct err *err)
{
    struct clickhouse_query q = { .sql = sql, .params = params, .n_params = n_params, .no_database = outside };
    return clickhouse_run(k->c, &q, out, NULL, err);
}

static int outside(struct check *k, struct err *err, const char *format, const char *name)
{
    char sql[512];
    snprintf(sql, sizeof sql, format, name);
    return run_sql(k, sql, NULL, 0, true, NULL, err);
}

struct names {
    char text[16][64];
    size_t n;
};

static int keep_name(void *context, const struct str *fields, size_t n_fields)
{
    struct names *names = context;
    if (n_fields == 1 && fields[0].n < sizeof *names->text && names->n < 16)
        snprintf(names->text[names->n++], sizeof *names->text, "%.*s", STR_ARG(fields[0]));
    return 0;
}

static int names_of(struct check *k, const char *sql, struct names *names, struct err *err)
{
    struct buf out;
    names->n = 0;
    int failed = run_sql(k, sql, NULL, 0, true, &out, err);
    struct str rest = buf_str(&out);
    while (failed == 0 && rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        keep_name(names, &line, 1);
    }
    buf_fini(&out);
    return failed;
}

/* The scratch database and its functions, as far as they exist. Errors are told, not returned: there is nothing else to do. */
static void drop_scratch(struct check *k, const char *scratch)
{
    struct names functions;
    struct err err = ERR_INIT;
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT name FROM system.functions WHERE startsWith(name, '%s_')", scratch);
    outside(k, &err, "DROP DATABASE IF EXISTS %s SYNC", scratch);
    do {
        if (names_of(k, sql, &functions, &err) < 0)
            break;
        for (size_t i = 0; i < functions.n; i++)
            if (outside(k, &err, "DROP FUNCTION IF EXISTS %s", functions.text[i]) < 0)
                break;
    } while (functions.n > 0 && err.class == ERR_NONE);
    if (err.class != ERR_NONE)
        log_warn("the scratch database %s could not be dropped: %s", scratch, err.text);
}

static int make_scratch(struct check *k, struct err *err)
{
    struct names old;
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT name FROM system.databases WHERE name LIKE 'odw\\\\_check\\\\_%%' AND toUInt64OrZero(comment) < %lld",
             (long long)time(NULL) - LEFT_BEHIND_SECONDS);
    if (names_of(k, sql, &old, err) < 0)
        return -1;
    for (size_t i = 0; i < old.n; i++)
        drop_scratch(k, old.text[i]);
    drop_scratch(k, k->scratch);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s COMMENT '%lld'", k->scratch, (long long)time(NULL));
    k->made = true;
    if (run_sql(k, sql, NULL, 0, true, NULL, err) < 0 || clickhouse_use(k->c, k->scratch, err) < 0 ||
        check_stand_ins(&k->arena, k->c, k->plan, &k->stand_ins, err) < 0)
        return -1;
    for (const struct stand_in *f = k->stand_ins; f != NULL; f = f->next) {
        struct buf text;
        buf_init(&text, 1 << 20);
        check_put_stand_in(&text, k->scratch, f);
        int failed = run_sql(k, buf_text(&text), NULL, 0, true, NULL, err);
        buf_fini(&text);
        if (failed < 0)
            return err_at(err, "a stand-in for %s", f->name);
    }
    return 0;
}

/* ---- objects ---- */

static void report(struct check *k, const struct declaration *d, const char *sent, const struct err *err)
{
    struct buf line;
    buf_init(&line, 8192);
    check_explain(d, sent, k->scratch, err, &line);
    fprintf(stderr, "%s\n", buf_text(&line));
    buf_fini(&line);
    k->errors++;
}

/* Whether it names something that failed: its own error would only repeat that one. */
static bool follows_failure(const struct check *k, const char *statement)
{
    struct sql_scan scan = sql_scan_of(str_of(statement), 1);
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan))
        for (size_t i = 0; i < k->n_failed; i++)
            if ((t.kind == TOKEN_WORD || t.kind == TOKEN_NAME) && str_eq(t.text, str_of(k->failed[i])))
                return true;
    return false;
}

/* -1 only where the server can't be asked; what is wrong with a declaration is counted. */
static int check_object(struct check *k, const struct plan_object *o, struct err *err)
{
    struct buf sql;
    struct err engine = ERR_INIT;
    size_t had_failed = k->n_failed;
    if (follows_failure(k, o->statement)) {
        k->failed[k->n_failed++] = o->name;
        return 0;
    }
    buf_init(&sql, 1 << 22);
    check_rewrite(&sql, o, k->scratch, k->stand_ins);
    if (run_sql(k, buf_text(&sql), NULL, 0, false, NULL, &engine) < 0) {
        if (engine.class == ERR_RETRY) {
            buf_fini(&sql);
            return err_set(err, engine.class, "%s", engine.text);
        }
        report(k, o->declaration, buf_text(&sql), &engine);
        k->failed[k->n_failed++] = o->name;
    }
    int failed = engine.class == ERR_NONE ? check_types(k->c, o, k->scratch, &engine, err) : 0;
    if (failed == 0 && engine.class != ERR_NONE && k->n_failed == had_failed)
        report(k, o->declaration, o->statement, &engine);
    buf_fini(&sql);
    return failed;
}

/* One row through the whole stage: conversions between a view and its table are only made when a row comes. */
static int check_flow(struct check *k, const struct plan_source *s, struct err *err)
{
    char sql[256];
    struct err engine = ERR_INIT;
    snprintf(sql, sizeof sql, "INSERT INTO %s_queue (message, _timestamp_ms) SELECT '{}', now64(3)", s->stem);
    if (run_sql(k, sql, NULL, 0, false, NULL, &engine) == 0)
        return 0;
    if (engine.class == ERR_RETRY)
        return err_set(err, engine.class, "%s", engine.text);
    /* "while pushing to view odw_check_1.events_transform: while pushing to …": the first is where it went wrong. */
    const struct plan_object *guilty = NULL;
    const char *first = NULL;
    for (size_t i = 0; i < k->plan->n_objects; i++) {
        char where[300];
        snprintf(where, sizeof where, "pushing to view %s.%s", k->scratch, k->plan->objects[i].name);
        const char *at = strstr(engine.text, where);
        if (at != NULL && strchr(" (:.,", at[strlen(where)]) != NULL && (first == NULL || at < first)) {
            guilty = &k->plan->objects[i];
            first = at;
        }
    }
    report(k, guilty != NULL ? guilty->declaration : s->queue, guilty != NULL ? guilty->statement : "", &engine);
    return 0;
}

/* ---- endpoints ---- */

static bool has_column(struct str described, struct str name)
{
    while (described.n > 0) {
        struct str line = str_cut(&described, '\n');
        if (str_eq(str_cut(&line, '\t'), name))
            return true;
    }
    return false;
}

static void check_order(struct check *k, const struct declaration *d, struct str described)
{
    const char *order = declaration_value(d, "order");
    struct str rest = str_of(order != NULL ? order : "");
    while (rest.n > 0) {
        struct str one = str_cut(&rest, ',');
        one = str_trim(one);
        struct str name = str_cut(&one, ' ');
        if (has_column(described, name))
            continue;
        fprintf(stderr, "%s:%d: order: the statement selects no '%.*s'\n", d->path, declaration_line(d, "order"), STR_ARG(name));
        k->errors++;
    }
}

static int check_endpoint(struct check *k, const struct declaration *d, struct err *err)
{
    struct clickhouse_param params[32];
    struct buf sql, out;
    struct err engine = ERR_INIT;
    int failed = 0;
    if (follows_failure(k, d->sql))
        return 0;
    for (size_t i = 0; i < d->n_params; i++) {
        params[i].name = d->params[i].name;
        if (check_sample(&k->arena, d->params[i].type, &params[i].value) == 0)
            continue;
        fprintf(stderr, "%s:%d: param %s: expected a type of values, got %s\n", d->path, d->params[i].line, d->params[i].name,
                d->params[i].type);
        k->errors++;
        return 0;
    }
    buf_init(&sql, 1 << 22);
    buf_printf(&sql, "DESCRIBE (%s\n)", d->sql);
    if (run_sql(k, buf_text(&sql), params, d->n_params, false, &out, &engine) == 0)
        check_order(k, d, buf_str(&out));
    else if (engine.class == ERR_RETRY)
        failed = err_set(err, engine.class, "%s", engine.text);
    else
        report(k, d, buf_text(&sql), &engine);
    buf_fini(&out);
    buf_fini(&sql);
    return failed;
}

/* ---- all of it ---- */

static int check_all(struct check *k, struct err *err)
{
    for (size_t i = 0; i < k->plan->n_objects && stopped == 0; i++)
        if (check_object(k, &k->plan->objects[i], err) < 0)
            return -1;
    for (size_t i = 0; i < k->plan->n_sources && stopped == 0 && k->errors == 0; i++)
        if (check_flow(k, &k->plan->sources[i], err) < 0)
            return -1;
    for (const struct declaration *d = k->plan->endpoints; d != NULL && stopped == 0; d = d->next)
        if (check_endpoint(k, d, err) < 0)
            return -1;
    return 0;
}

static size_t count_endpoints(const struct plan *p)
{
    size_t n = 0;
    for (const struct declaration *d = p->endpoints; d != NULL; d = d->next)
        n++;
    return n;
}

int check_declarations(const struct opts *o, bool summary, struct err *err)
{
    struct check k = { 0 };
    int code = 1;
    arena_init(&k.arena, 0);
    snprintf(k.scratch, sizeof k.scratch, "odw_check_%ld", (long)getpid());
    k.plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), err);
    if (k.plan == NULL)
        goto out;
    k.failed = calloc(k.plan->n_objects + 1, sizeof *k.failed);
    k.c = clickhouse_new(o, err);
    if (k.failed == NULL || k.c == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    if (make_scratch(&k, err) == 0 && check_all(&k, err) == 0 && stopped == 0 && k.errors == 0) {
        if (summary)
            printf("%zu objects and %zu endpoints are well\n", k.plan->n_objects, count_endpoints(k.plan));
        code = 0;
    }
    if (stopped != 0)
        err_set(err, ERR_STOP, "stopped by signal %d; nothing was left behind", (int)stopped);
out:
    if (k.made)
        drop_scratch(&k, k.scratch);
    if (k.errors > 0)
        fprintf(stderr, "%zu error%s\n", k.errors, k.errors == 1 ? "" : "s");
    clickhouse_free(k.c);
    plan_free(k.plan);
    free(k.failed);
    arena_fini(&k.arena);
    return code;
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "check", argc, argv, &o);
    if (code >= 0)
        return code;
    struct sigaction on_stop = { .sa_handler = stop };
    sigaction(SIGINT, &on_stop, NULL);
    sigaction(SIGTERM, &on_stop, NULL);
    code = check_declarations(o, true, &err);
    if (err.class != ERR_NONE)
        fprintf(stderr, "%s\n", err.text);
    opts_free(o);
    return code;
}

const struct command command_check = {
    .name = "check",
    .about = "check every declaration against the server, before anything is touched",
    .order = 10,
    .run = run,
};
