/* cli/apply_table: what makes a table that exists the one that is declared, as far as that takes nothing away. The declared form
 * is made in a scratch database, so that both are compared as ClickHouse itself reads them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/apply.h"
#include "cli/apply_statement.h"
#include "declaration/sql_scan.h"

struct part { /* a column or an index */
    char *name, *type, *rest /* DEFAULT … */, *codec, *comment;
};

struct parts {
    struct arena *arena;
    struct part *at;
    size_t n, cap;
    bool failed;
};

struct shape {
    struct parts columns, indices;
    char *engine, *partition, *sorting, *primary, *sampling, *create;
    struct arena *arena;
};

static char *scratch_name(struct apply *a)
{
    return arena_printf(&a->arena, "%s_apply_scratch", a->database);
}

static int scratch_run(struct apply *a, const char *before, struct err *err)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_puts(&sql, before);
    clickhouse_put_name(&sql, str_of(scratch_name(a)));
    struct clickhouse_query q = { .sql = buf_text(&sql), .no_database = true };
    int done = clickhouse_run(a->ch, &q, NULL, NULL, err);
    buf_fini(&sql);
    return done;
}

int apply_scratch_begin(struct apply *a, struct err *err)
{
    /* One that a killed apply left behind goes first. */
    if (scratch_run(a, "DROP DATABASE IF EXISTS ", err) < 0 || scratch_run(a, "CREATE DATABASE ", err) < 0)
        return err_at(err, "a scratch database to compare with");
    return 0;
}

void apply_scratch_end(struct apply *a)
{
    struct err err = ERR_INIT;
    if (scratch_run(a, "DROP DATABASE IF EXISTS ", &err) < 0)
        fprintf(stderr, "odw apply: %s\n", err.text);
}

static int take_part(void *context, const struct str *fields, size_t n_fields)
{
    struct parts *p = context;
    if (n_fields < 5)
        return -1;
    if (p->n == p->cap) {
        size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
        struct part *at = arena_alloc(p->arena, cap * sizeof *at);
        if (at == NULL)
            return -1;
        if (p->n > 0)
            memcpy(at, p->at, p->n * sizeof *at);
        p->at = at;
        p->cap = cap;
    }
    struct part *part = &p->at[p->n++];
    part->name = arena_copy(p->arena, fields[0]);
    part->type = arena_copy(p->arena, fields[1]);
    part->rest = arena_copy(p->arena, fields[2]);
    part->codec = arena_copy(p->arena, fields[3]);
    part->comment = arena_copy(p->arena, fields[4]);
    return part->name != NULL && part->type != NULL && part->rest != NULL && part->codec != NULL && part->comment != NULL ? 0 : -1;
}

static int take_table(void *context, const struct str *f, size_t n_fields)
{
    struct shape *s = context;
    if (n_fields < 6)
        return -1;
    char **to[] = { &s->engine, &s->partition, &s->sorting, &s->primary, &s->sampling, &s->create };
    for (size_t i = 0; i < 6; i++)
        if ((*to[i] = arena_copy(s->arena, f[i])) == NULL)
            return -1;
    return 0;
}

static int shape_read(struct apply *a, const char *database, const char *table, struct shape *out, struct err *err)
{
    *out = (struct shape){ .columns = { .arena = &a->arena }, .indices = { .arena = &a->arena }, .arena = &a->arena };
    const struct clickhouse_param params[] = { { "database", str_of(database) }, { "table", str_of(table) } };
    /* The engine with its arguments, without the clauses that follow it. */
    if (clickhouse_rows(a->ch,
                        "SELECT if(engine = 'Null', engine, extract(engine_full, '^([A-Za-z]+(?:\\\\([^()]*\\\\))?)')), "
                        "partition_key, sorting_key, primary_key,"
                        " sampling_key, create_table_query FROM system.tables"
                        " WHERE database = {database:String} AND name = {table:String}",
                        params, 2, take_table, out, err) < 0 ||
        clickhouse_rows(
            a->ch,
            "SELECT name, type, if(default_kind = '', '', concat(default_kind, ' ', default_expression)), compression_codec,"
            " comment FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position",
            params, 2, take_part, &out->columns, err) < 0 ||
        clickhouse_rows(a->ch,
                        "SELECT name, concat(expr, ' TYPE ', type_full, ' GRANULARITY ', toString(granularity)), '', '', ''"
                        " FROM system.data_skipping_indices WHERE database = {database:String} AND table = {table:String}",
                        params, 2, take_part, &out->indices, err) < 0)
        return -1;
    return out->create != NULL ? 0 : err_set(err, ERR_STOP, "table %s.%s: expected it in system.tables", database, table);
}

static const struct part *find(const struct parts *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->at[i].name, name) == 0)
            return &p->at[i];
    return NULL;
}

static int add(struct apply *a, struct object *o, const char *alter, const char *say, struct err *err)
{
    if (o->n_alters == o->cap_alters) {
        size_t cap = o->cap_alters == 0 ? 16 : 2 * o->cap_alters;
        char **alters = arena_alloc(&a->arena, cap * sizeof *alters), **says = arena_alloc(&a->arena, cap * sizeof *says);
        if (alters == NULL || says == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        if (o->n_alters > 0) {
            memcpy(alters, o->alters, o->n_alters * sizeof *alters);
            memcpy(says, o->says, o->n_alters * sizeof *says);
        }
        o->alters = alters;
        o->says = says;
        o->cap_alters = cap;
    }
    o->alters[o->n_alters] = arena_copy(&a->arena, str_of(alter));
    o->says[o->n_alters] = arena_copy(&a->arena, str_of(say));
    if (o->alters[o->n_alters] == NULL || o->says[o->n_alters] == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    o->n_alters++;
    return 0;
}

/* "`name` Type DEFAULT … COMMENT '…' CODEC(…)" */
static void put_column(struct buf *b, const struct part *c)
{
    clickhouse_put_name(b, str_of(c->name));
    buf_printf(b, " %s", c->type);
    if (c->rest[0] != '\0')
        buf_printf(b, " %s", c->rest);
    if (c->comment[0] != '\0') {
        buf_puts(b, " COMMENT ");
        clickhouse_put_text(b, str_of(c->comment));
    }
    if (c->codec[0] != '\0')
        buf_printf(b, " %s", c->codec);
}

/* Is every name of the old Enum in the new one, with its number? Then the stored bytes mean the same. */
static bool enum_grows(const char *from, const char *to)
{
    if (strncmp(from, "Enum", 4) != 0 || strncmp(from, to, strcspn(from, "(") + 1) != 0)
        return false;
    struct sql_scan s = sql_scan_of(str_of(from), 1);
    for (struct token name = sql_scan_code(&s); name.kind != TOKEN_END && name.kind != TOKEN_OPEN_END; name = sql_scan_code(&s)) {
        if (name.kind != TOKEN_TEXT)
            continue;
        sql_scan_code(&s); /* = */
        struct token number = sql_scan_code(&s);
        bool found = false;
        struct sql_scan t = sql_scan_of(str_of(to), 1);
        for (struct token u = sql_scan_code(&t); u.kind != TOKEN_END && !found; u = sql_scan_code(&t)) {
            if (u.kind != TOKEN_TEXT || !str_eq(u.raw, name.raw))
                continue;
            sql_scan_code(&t);
            found = str_eq(sql_scan_code(&t).raw, number.raw);
        }
        if (!found)
            return false;
    }
    return true;
}

struct comparing {
    struct apply *apply;
    struct object *object;
    const struct shape *have, *want;
    struct buf refused; /* what can't be done */
    bool holds_nothing; /* ENGINE = Null: any change will do */
};

static void refuse(struct comparing *c, const char *what, const char *want, const char *have)
{
    buf_printf(&c->refused, "%s%s: expected %s, found %s", c->refused.n > 0 ? "; " : "", what, want[0] != '\0' ? want : "none",
               have[0] != '\0' ? have : "none");
}

static int add_printf(struct comparing *c, struct err *err, const char *say, struct buf *alter)
{
    int done = add(c->apply, c->object, buf_text(alter), say, err);
    buf_fini(alter);
    return done;
}

static int one_column(struct comparing *c, size_t i, struct err *err)
{
    const struct part *want = &c->want->columns.at[i], *have = find(&c->have->columns, want->name);
    struct buf alter;
    char say[512];
    buf_init(&alter, 0);
    if (have == NULL) {
        buf_puts(&alter, "ADD COLUMN IF NOT EXISTS ");
        put_column(&alter, want);
        if (i > 0) {
            buf_puts(&alter, " AFTER ");
            clickhouse_put_name(&alter, str_of(c->want->columns.at[i - 1].name));
        }
        snprintf(say, sizeof say, "add column %s %s", want->name, want->type);
        return add_printf(c, err, say, &alter);
    }
    if (strcmp(want->type, have->type) != 0 && !c->holds_nothing && !enum_grows(have->type, want->type)) {
        refuse(c, want->name, want->type, have->type);
        return 0;
    }
    if (strcmp(want->type, have->type) != 0 || strcmp(want->rest, have->rest) != 0 || strcmp(want->codec, have->codec) != 0 ||
        strcmp(want->comment, have->comment) != 0) {
        if (have->codec[0] != '\0' && want->codec[0] == '\0') {
            buf_puts(&alter, "MODIFY COLUMN ");
            clickhouse_put_name(&alter, str_of(want->name));
            buf_puts(&alter, " REMOVE CODEC");
            snprintf(say, sizeof say, "column %s without its codec", want->name);
            if (add_printf(c, err, say, &alter) < 0)
                return -1;
            buf_init(&alter, 0);
        }
        if (have->rest[0] != '\0' && want->rest[0] == '\0') {
            buf_puts(&alter, "MODIFY COLUMN ");
            clickhouse_put_name(&alter, str_of(want->name));
            buf_printf(&alter, " REMOVE %.*s", (int)strcspn(have->rest, " "), have->rest);
            snprintf(say, sizeof say, "column %s without its default", want->name);
            if (add_printf(c, err, say, &alter) < 0)
                return -1;
            buf_init(&alter, 0);
        }
        struct part column = *want;
        buf_puts(&alter, "MODIFY COLUMN ");
        put_column(&alter, &column);
        if (want->comment[0] == '\0' && have->comment[0] != '\0')
            buf_puts(&alter, " COMMENT ''");
        snprintf(say, sizeof say, "column %s %s%s%s", want->name, want->type, want->codec[0] != '\0' ? " " : "", want->codec);
        return add_printf(c, err, say, &alter);
    }
    buf_fini(&alter);
    return 0;
}

static int compare_columns(struct comparing *c, struct err *err)
{
    for (size_t i = 0; i < c->want->columns.n; i++)
        if (one_column(c, i, err) < 0)
            return -1;
    for (size_t i = 0; i < c->have->columns.n; i++) {
        const struct part *have = &c->have->columns.at[i];
        if (find(&c->want->columns, have->name) != NULL)
            continue;
        if (!c->holds_nothing) {
            refuse(c, have->name, "no such column", have->type);
            continue;
        }
        struct buf alter;
        char say[512];
        buf_init(&alter, 0);
        buf_puts(&alter, "DROP COLUMN IF EXISTS ");
        clickhouse_put_name(&alter, str_of(have->name));
        snprintf(say, sizeof say, "drop column %s", have->name);
        if (add_printf(c, err, say, &alter) < 0)
            return -1;
    }
    return 0;
}

static int compare_indices(struct comparing *c, struct err *err)
{
    struct buf alter;
    char say[512];
    for (size_t i = 0; i < c->have->indices.n; i++) {
        const struct part *have = &c->have->indices.at[i], *want = find(&c->want->indices, have->name);
        if (want != NULL && strcmp(want->type, have->type) == 0)
            continue;
        buf_init(&alter, 0);
        buf_puts(&alter, "DROP INDEX IF EXISTS ");
        clickhouse_put_name(&alter, str_of(have->name));
        snprintf(say, sizeof say, "drop index %s", have->name);
        if (add_printf(c, err, say, &alter) < 0)
            return -1;
    }
    for (size_t i = 0; i < c->want->indices.n; i++) {
        const struct part *want = &c->want->indices.at[i], *have = find(&c->have->indices, want->name);
        if (have != NULL && strcmp(want->type, have->type) == 0)
            continue;
        buf_init(&alter, 0);
        buf_puts(&alter, "ADD INDEX IF NOT EXISTS ");
        clickhouse_put_name(&alter, str_of(want->name));
        buf_printf(&alter, " %s", want->type);
        snprintf(say, sizeof say, "add index %s %s (parts that are there get it when they merge)", want->name, want->type);
        if (add_printf(c, err, say, &alter) < 0)
            return -1;
    }
    return 0;
}

/* "a = 1" of "a = 1, b = 2": the next setting; n 0 at the end. */
static struct str next_setting(struct str *rest)
{
    struct sql_scan s = sql_scan_of(*rest, 1);
    const char *from = rest->p, *to = rest->p + rest->n, *after = to;
    for (struct token t = sql_scan_code(&s); t.kind != TOKEN_END && t.kind != TOKEN_OPEN_END; t = sql_scan_code(&s))
        if (token_is_sign(t, ',')) {
            to = t.raw.p;
            after = t.raw.p + 1;
            break;
        }
    *rest = (struct str){ after, (size_t)(rest->p + rest->n - after) };
    return str_trim((struct str){ from, (size_t)(to - from) });
}

static struct str setting_name(struct str setting)
{
    return str_trim(str_cut(&setting, '='));
}

static bool has_setting(struct str settings, struct str setting, bool with_value)
{
    while (settings.n > 0) {
        struct str s = next_setting(&settings);
        if (str_eq(setting_name(s), setting_name(setting)) && (!with_value || str_eq(s, setting)))
            return true;
    }
    return false;
}

static int compare_settings(struct comparing *c, struct err *err)
{
    struct str have = statement_clause(c->have->create, "SETTINGS"), want = statement_clause(c->want->create, "SETTINGS"),
               rest = want;
    struct buf alter;
    char say[512];
    while (rest.n > 0) {
        struct str s = next_setting(&rest);
        if (has_setting(have, s, true))
            continue;
        buf_init(&alter, 0);
        buf_printf(&alter, "MODIFY SETTING %.*s", STR_ARG(s));
        snprintf(say, sizeof say, "setting %.*s", STR_ARG(s));
        if (add_printf(c, err, say, &alter) < 0)
            return -1;
    }
    for (rest = have; rest.n > 0;) {
        struct str s = setting_name(next_setting(&rest));
        if (has_setting(want, s, false))
            continue;
        buf_init(&alter, 0);
        buf_printf(&alter, "RESET SETTING %.*s", STR_ARG(s));
        snprintf(say, sizeof say, "setting %.*s back to the server's", STR_ARG(s));
        if (add_printf(c, err, say, &alter) < 0)
            return -1;
    }
    return 0;
}

static int compare_clauses(struct comparing *c, struct err *err)
{
    struct str have = statement_clause(c->have->create, "TTL"), want = statement_clause(c->want->create, "TTL");
    struct buf alter;
    if (!str_eq(have, want)) {
        char say[512];
        buf_init(&alter, 0);
        if (want.n > 0)
            buf_printf(&alter, "MODIFY TTL %.*s", STR_ARG(want));
        else
            buf_puts(&alter, "REMOVE TTL");
        snprintf(say, sizeof say, want.n > 0 ? "rows expire by %.*s" : "rows don't expire any more%.*s", STR_ARG(want));
        if (add_printf(c, err, say, &alter) < 0)
            return -1;
    }
    have = statement_clause(c->have->create, "COMMENT");
    want = statement_clause(c->want->create, "COMMENT");
    if (!str_eq(have, want)) {
        buf_init(&alter, 0);
        buf_printf(&alter, "MODIFY COMMENT %.*s", want.n > 0 ? (int)want.n : 2, want.n > 0 ? want.p : "''");
        return add_printf(c, err, "its comment", &alter);
    }
    return 0;
}

/* A sorting key may grow by columns that are new: what is there has their default, so it is sorted already. ClickHouse takes that
 * only in the statement that adds them. */
static bool grow_key(struct comparing *c)
{
    size_t n = strlen(c->have->sorting);
    if (strncmp(c->want->sorting, c->have->sorting, n) != 0 || strncmp(c->want->sorting + n, ", ", 2) != 0 ||
        strcmp(c->want->primary, c->have->primary) != 0)
        return false;
    struct buf all, say;
    bool grows = true;
    char **alters = c->object->alters, **says = c->object->says;
    buf_init(&all, 0);
    buf_init(&say, 0);
    for (struct str rest = str_of(c->want->sorting + n + 2); rest.n > 0 && grows;) {
        struct str name = str_trim(str_cut(&rest, ','));
        char begins[300];
        snprintf(begins, sizeof begins, "ADD COLUMN IF NOT EXISTS `%.*s` ", STR_ARG(name));
        grows = false;
        for (size_t i = 0; i < c->object->n_alters && !grows; i++) {
            if (strncmp(alters[i], begins, strlen(begins)) != 0)
                continue;
            grows = true;
            buf_printf(&all, "%s, ", alters[i]);
            buf_printf(&say, "%s, ", says[i]);
            memmove(alters + i, alters + i + 1, (c->object->n_alters - i - 1) * sizeof *alters);
            memmove(says + i, says + i + 1, (c->object->n_alters - i - 1) * sizeof *says);
            c->object->n_alters--;
        }
    }
    buf_printf(&all, "MODIFY ORDER BY (%s)", c->want->sorting);
    buf_printf(&say, "ORDER BY (%s)", c->want->sorting);
    struct err ignore = ERR_INIT;
    grows = grows && !all.failed && !say.failed && add(c->apply, c->object, buf_text(&all), buf_text(&say), &ignore) == 0;
    buf_fini(&all);
    buf_fini(&say);
    return grows;
}

int apply_table_alters(struct apply *a, struct object *o, struct err *err)
{
    struct shape have, want;
    char settings[300];
    const char *scratch = scratch_name(a);
    if (scratch == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    snprintf(settings, sizeof settings, "database=%s", scratch);
    struct clickhouse_query create = { .sql = o->plan->statement, .settings = settings, .no_database = true };
    if (clickhouse_run(a->ch, &create, NULL, NULL, err) < 0)
        return err_at(err, "%s", apply_file(a, o->plan));
    if (shape_read(a, a->database, o->plan->name, &have, err) < 0 || shape_read(a, scratch, o->plan->name, &want, err) < 0)
        return -1;
    struct comparing c = { a, o, &have, &want,
                           .holds_nothing = strcmp(want.engine, "Null") == 0 && strcmp(have.engine, "Null") == 0 };
    buf_init(&c.refused, 0);
    const struct {
        const char *what, *want, *have;
    } fixed[] = {
        { "engine", want.engine, have.engine },        { "PARTITION BY", want.partition, have.partition },
        { "ORDER BY", want.sorting, have.sorting },    { "PRIMARY KEY", want.primary, have.primary },
        { "SAMPLE BY", want.sampling, have.sampling },
    };
    int done = compare_columns(&c, err);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(fixed[i].want, fixed[i].have) != 0 && (fixed[i].want != want.sorting || !grow_key(&c)))
            refuse(&c, fixed[i].what, fixed[i].want, fixed[i].have);
    if (done == 0 && !c.holds_nothing)
        done = compare_indices(&c, err) < 0 || compare_settings(&c, err) < 0 ? -1 : 0;
    if (done == 0)
        done = compare_clauses(&c, err);
    if (done == 0 && c.refused.n > 0)
        done = err_set(err, ERR_STOP,
                       "%s: table %s can't be changed in place (%s); make a table of another name, or move its rows by hand",
                       apply_file(a, o->plan), o->plan->name, buf_text(&c.refused));
    buf_fini(&c.refused);
    return done;
}
