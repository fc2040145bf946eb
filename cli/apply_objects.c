/* cli/apply_objects: tables and views as they are declared: what is new is made, what changed is changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/apply.h"
#include "cli/apply_statement.h"

int apply_run(struct apply *a, const char *what, const char *sql, struct err *err)
{
    /* A DETACH waits for the block that is being written. */
    struct clickhouse_query q = { .sql = sql, .timeout_ms = 300000 };
    return clickhouse_run(a->ch, &q, NULL, NULL, err) < 0 ? err_at(err, "%s", what) : 0;
}

const char *apply_file(const struct apply *a, const struct plan_object *p)
{
    const char *path = p->declaration->path;
    size_t n = strlen(a->plan->root);
    return strncmp(path, a->plan->root, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

struct object *apply_object(const struct apply *a, const char *name)
{
    for (size_t i = 0; i < a->plan->n_objects; i++)
        if (strcmp(a->objects[i].plan->name, name) == 0)
            return &a->objects[i];
    return NULL;
}

struct plan_source *apply_source_of(const struct apply *a, const struct plan_object *p)
{
    if (p->source != NULL)
        return p->source;
    return p->kind == PLAN_TRANSFORM ? plan_source(a->plan, p->declaration->stem) : NULL;
}

/* ---- what is there ---- */

struct look {
    struct apply *a;
    bool failed, applied_exists;
    struct buf gone; /* noted, there, and not declared any more */
};

static int take_table(void *context, const struct str *fields, size_t n_fields)
{
    struct look *l = context;
    char name[256];
    if (n_fields < 5)
        return -1;
    snprintf(name, sizeof name, "%.*s", STR_ARG(fields[0]));
    struct object *o = apply_object(l->a, name);
    if (strcmp(name, "applied") == 0)
        l->applied_exists = true;
    if (o == NULL)
        return 0;
    o->detached = str_eq(fields[3], STR("1"));
    o->parked = str_eq(fields[4], STR("1"));
    o->exists = !o->detached;
    o->engine = arena_copy(&l->a->arena, fields[1]);
    o->create = arena_copy(&l->a->arena, fields[2]);
    return o->engine != NULL && o->create != NULL ? 0 : -1;
}

static int take_note(void *context, const struct str *fields, size_t n_fields)
{
    struct look *l = context;
    char name[256];
    if (n_fields < 2)
        return -1;
    snprintf(name, sizeof name, "%.*s", STR_ARG(fields[0]));
    struct object *o = apply_object(l->a, name);
    if (o != NULL)
        o->noted = arena_copy(&l->a->arena, fields[1]);
    else
        buf_printf(&l->gone, "%s%s", l->gone.n > 0 ? ", " : "", name);
    return 0;
}

static int check_engine(const struct apply *a, const struct object *o, struct err *err)
{
    const char *verb = o->plan->declaration->verb;
    bool view = strcmp(verb, "VIEW") == 0, materialized = strcmp(verb, "MATERIALIZED VIEW") == 0;
    const char *expected = view ? "View" : "MaterializedView";
    bool is_view = strcmp(o->engine, "View") == 0 || strcmp(o->engine, "MaterializedView") == 0;
    if ((view || materialized) ? strcmp(o->engine, expected) == 0 : !is_view)
        return 0;
    return err_set(err, ERR_STOP,
                   "%s: expected %s to be a %s, found a table with the engine %s in database %s: rename or drop it first",
                   apply_file(a, o->plan), o->plan->name, verb, o->engine, a->database);
}

int apply_look(struct apply *a, struct err *err)
{
    struct look l = { .a = a };
    int done = -1;
    bool scratch = false;
    buf_init(&l.gone, 0);
    a->objects = arena_alloc(&a->arena, sizeof *a->objects * (a->plan->n_objects + 1));
    if (a->objects == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < a->plan->n_objects; i++)
        a->objects[i].plan = &a->plan->objects[i];
    if (apply_object(a, "applied") == NULL) {
        err_set(err, ERR_STOP, "expected sql/applied.sql, where odw apply notes what it made, found none below %s", a->plan->root);
        goto out;
    }
    done = 0;
    if (a->no_database)
        goto out;
    done = clickhouse_rows(a->ch,
                           "SELECT name, engine, create_table_query, 0, 0 FROM system.tables WHERE database = currentDatabase()"
                           " UNION ALL SELECT table, '', '', 1, is_permanently FROM system.detached_tables"
                           " WHERE database = currentDatabase()",
                           NULL, 0, take_table, &l, err);
    if (done == 0 && l.applied_exists)
        done =
            clickhouse_rows(a->ch, "SELECT name, argMax(digest, applied_at) AS last FROM applied GROUP BY name HAVING last != ''",
                            NULL, 0, take_note, &l, err);
    for (size_t i = 0; i < a->plan->n_objects && done == 0; i++) {
        struct object *o = &a->objects[i];
        o->changed = (o->exists || o->detached) && (o->noted == NULL || strcmp(o->noted, o->plan->digest) != 0);
        if (o->exists)
            done = check_engine(a, o, err);
        if (done < 0 || !o->exists || !o->changed || strcmp(o->plan->declaration->verb, "TABLE") != 0 ||
            o->plan->kind == PLAN_QUEUE)
            continue;
        if (!scratch)
            done = apply_scratch_begin(a, err);
        scratch = true;
        if (done == 0)
            done = apply_table_alters(a, o, err);
    }
    if (done == 0 && l.gone.n > 0)
        log_info("no longer declared, and left as they are (DROP them by hand): %s", buf_text(&l.gone));
out:
    if (scratch)
        apply_scratch_end(a);
    buf_fini(&l.gone);
    return done;
}

/* ---- making and changing ---- */

int apply_note(struct apply *a, const char *name, const char *digest, struct err *err)
{
    const struct clickhouse_param params[] = { { "name", str_of(name) }, { "digest", str_of(digest) } };
    struct clickhouse_query q = { .sql = "INSERT INTO applied SELECT {name:String}, {digest:String}, now64(3)",
                                  .params = params,
                                  .n_params = 2 };
    return clickhouse_run(a->ch, &q, NULL, NULL, err);
}

static const char *word(const struct plan_object *p)
{
    if (p->kind == PLAN_QUEUE)
        return "queue";
    return strcmp(p->declaration->verb, "TABLE") == 0  ? "table"
           : strcmp(p->declaration->verb, "VIEW") == 0 ? "view"
                                                       : "materialized view";
}

int apply_create(struct apply *a, struct object *o, struct err *err)
{
    change(&a->changes, "create %s %s (%s)", word(o->plan), o->plan->name, apply_file(a, o->plan));
    if (a->dry_run)
        return 0;
    if (apply_run(a, apply_file(a, o->plan), o->plan->statement, err) < 0)
        return -1;
    o->exists = true;
    return apply_note(a, o->plan->name, o->plan->digest, err);
}

int apply_named(struct apply *a, const struct object *o, const char *before, const char *after, struct err *err)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_puts(&sql, before);
    clickhouse_put_name(&sql, str_of(o->plan->name));
    buf_puts(&sql, after);
    int done = apply_run(a, apply_file(a, o->plan), buf_text(&sql), err);
    buf_fini(&sql);
    return done;
}

/* drops: those that take a column away, else the others. */
static int alter_table(struct apply *a, struct object *o, bool drops, struct err *err)
{
    for (size_t i = 0; i < o->n_alters; i++) {
        struct buf after;
        if ((strncmp(o->alters[i], "DROP COLUMN", 11) == 0) != drops)
            continue;
        change(&a->changes, "alter %s %s: %s (%s)", word(o->plan), o->plan->name, o->says[i], apply_file(a, o->plan));
        if (a->dry_run)
            continue;
        buf_init(&after, 0);
        buf_printf(&after, " %s", o->alters[i]);
        int done = apply_named(a, o, "ALTER TABLE ", buf_text(&after), err);
        buf_fini(&after);
        if (done < 0)
            return -1;
    }
    return 0;
}

bool apply_anew(const struct object *o)
{
    char have[256], want[256];
    return o->exists && o->changed && strcmp(o->plan->declaration->verb, "MATERIALIZED VIEW") == 0 &&
           (statement_refreshes(o->plan->statement) || statement_refreshes(o->create) ||
            !statement_target(o->plan->statement, want) || !statement_target(o->create, have) || strcmp(want, have) != 0);
}

static int change_view(struct apply *a, struct object *o, struct err *err)
{
    struct buf sql;
    bool materialized = strcmp(o->plan->declaration->verb, "MATERIALIZED VIEW") == 0;
    bool anew = apply_anew(o);
    change(&a->changes, "%s %s %s (%s)", anew ? "replace" : "change", word(o->plan), o->plan->name, apply_file(a, o->plan));
    if (a->dry_run)
        return 0;
    if (anew) {
        if (apply_named(a, o, "DROP VIEW IF EXISTS ", " SYNC", err) < 0)
            return -1;
        return apply_run(a, apply_file(a, o->plan), o->plan->statement, err);
    }
    const char *select = statement_select(o->plan->statement);
    if (select == NULL)
        return err_set(err, ERR_STOP, "%s: expected AS and a SELECT", apply_file(a, o->plan));
    buf_init(&sql, 0);
    buf_puts(&sql, materialized ? "ALTER TABLE " : "CREATE OR REPLACE VIEW ");
    clickhouse_put_name(&sql, str_of(o->plan->name));
    buf_printf(&sql, "%s%s", materialized ? " MODIFY QUERY " : " AS ", select);
    int done = apply_run(a, apply_file(a, o->plan), buf_text(&sql), err);
    buf_fini(&sql);
    return done;
}

static bool has_drops(const struct object *o)
{
    for (size_t i = 0; i < o->n_alters; i++)
        if (strncmp(o->alters[i], "DROP COLUMN", 11) == 0)
            return true;
    return false;
}

int apply_settle_drops(struct apply *a, struct object *o, struct err *err)
{
    if (!o->settled || !has_drops(o))
        return 0;
    if (alter_table(a, o, true, err) < 0)
        return -1;
    return a->dry_run ? 0 : apply_note(a, o->plan->name, o->plan->digest, err);
}

int apply_settle(struct apply *a, struct object *o, struct err *err)
{
    if (!o->exists && !o->detached)
        return apply_create(a, o, err);
    if (!o->changed)
        return 0;
    if ((strcmp(o->plan->declaration->verb, "TABLE") == 0 ? alter_table(a, o, false, err) : change_view(a, o, err)) < 0)
        return -1;
    o->settled = true;
    /* Killed before this line, the next apply does the same once more, which changes nothing. */
    return a->dry_run || has_drops(o) ? 0 : apply_note(a, o->plan->name, o->plan->digest, err);
}

int apply_objects(struct apply *a, struct err *err)
{
    /* First where the others are noted. */
    if (apply_settle(a, apply_object(a, "applied"), err) < 0)
        return -1;
    for (size_t i = 0; i < a->plan->n_objects; i++) {
        struct object *o = &a->objects[i];
        if (apply_source_of(a, o->plan) == NULL && strcmp(o->plan->name, "applied") != 0 && apply_settle(a, o, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < a->plan->n_sources; i++)
        if (apply_source(a, &a->plan->sources[i], err) < 0)
            return -1;
    return 0;
}
