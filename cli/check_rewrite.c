/* cli/check_rewrite: statements as a scratch database can take them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/functions.h"
#include "declaration/sql_scan.h"

/* What a Kafka queue has besides its declared columns. */
static const char queue_columns[] =
    ", _topic LowCardinality(String), _key String, _offset UInt64, _partition UInt64, _timestamp Nullable(DateTime), "
    "_timestamp_ms Nullable(DateTime64(3)), _headers Nested(name String, value String), _error String, _raw_message String";

/* ---- stand-ins ---- */

static struct stand_in *add(struct arena *a, struct stand_in **first, struct str name, struct str returns)
{
    struct stand_in *f = arena_alloc(a, sizeof *f);
    if (f == NULL)
        return NULL;
    f->name = arena_copy(a, name);
    f->returns = arena_copy(a, returns);
    f->next = *first;
    if (f->name == NULL || f->returns == NULL)
        return NULL;
    *first = f;
    return f;
}

/* The text between <tag> and </tag>, entities replaced; moves *s behind it. */
static bool element(struct arena *a, struct str *s, const char *tag, struct str *out)
{
    static const struct {
        const char *entity;
        char c;
    } entities[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' }, { "&#39;", '\'' }, { "&amp;", '&' } };
    char open[40], close[40];
    snprintf(open, sizeof open, "<%s>", tag);
    snprintf(close, sizeof close, "</%s>", tag);
    const char *from = memmem(s->p, s->n, open, strlen(open));
    if (from == NULL)
        return false;
    from += strlen(open);
    const char *to = memmem(from, (size_t)(s->p + s->n - from), close, strlen(close));
    char *text = to != NULL ? arena_copy(a, (struct str){ from, (size_t)(to - from) }) : NULL;
    if (text == NULL)
        return false;
    size_t n = 0;
    for (const char *p = text; *p != '\0';) {
        size_t i = 0;
        while (i < 6 && strncmp(p, entities[i].entity, strlen(entities[i].entity)) != 0)
            i++;
        text[n++] = i < 6 ? entities[i].c : *p;
        p += i < 6 ? strlen(entities[i].entity) : 1;
    }
    text[n] = '\0';
    *out = (struct str){ text, n };
    s->n = (size_t)(s->p + s->n - to) - strlen(close);
    s->p = to + strlen(close);
    return true;
}

/* The declarations that the programs beside this one print; nothing where there is none. */
static int read_declared(struct buf *xml)
{
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    int n = functions_programs(programs, NULL);
    for (int i = 0; i < n; i++) {
        char command[PATH_MAX + 64], chunk[4096];
        if (strchr(programs[i].path, '\'') != NULL)
            return -1;
        /* Without the contracts, which the plan has. */
        snprintf(command, sizeof command, "'%s' --xml --contracts /nonexistent 2>/dev/null", programs[i].path);
        FILE *f = popen(command, "re");
        if (f == NULL)
            return -1;
        size_t got;
        while ((got = fread(chunk, 1, sizeof chunk, f)) > 0)
            buf_put(xml, chunk, got);
        pclose(f);
    }
    return xml->failed ? -1 : 0;
}

/* Each name of a function that the server has, between line ends: all at once, because each look at system.functions costs as much
 * as all of it. The caller frees. */
static char *server_functions(struct clickhouse *c, struct err *err)
{
    return clickhouse_value(c, "SELECT concat('\\n', arrayStringConcat(groupUniqArray(name), '\\n'), '\\n') FROM system.functions",
                            NULL, 0, err);
}

static bool has_function(const char *names, struct str name)
{
    char line[256];
    snprintf(line, sizeof line, "\n%.*s\n", STR_ARG(name));
    return strstr(names, line) != NULL;
}

int check_stand_ins(struct arena *a, struct clickhouse *c, const struct plan *p, struct stand_in **first, struct err *err)
{
    struct buf xml;
    int failed = 0;
    *first = NULL;
    buf_init(&xml, 1 << 20);
    if (read_declared(&xml) < 0)
        buf_clear(&xml);
    char *names = server_functions(c, err);
    if (names == NULL)
        failed = -1;
    struct str rest = buf_str(&xml), one, name, returns, arg;
    while (failed == 0 && element(a, &rest, "function", &one)) {
        struct str in = one;
        if (!element(a, &in, "name", &name) || (in = one, !element(a, &in, "return_type", &returns)) || has_function(names, name))
            continue;
        struct stand_in *f = add(a, first, name, returns);
        if (f == NULL)
            failed = err_set(err, ERR_STOP, "out of memory");
        in = one;
        while (f != NULL && f->n_args < 8 && element(a, &in, "argument", &arg)) {
            struct str type;
            if (element(a, &arg, "type", &type))
                f->args[f->n_args++] = type.p;
        }
    }
    for (size_t i = 0; failed == 0 && i < p->n_contracts; i++) {
        const struct contract *k = p->contracts[i];
        struct stand_in *f = add(a, first, str_of(contract_function(k)), str_of(contract_type(k)));
        if (f == NULL) {
            failed = err_set(err, ERR_STOP, "out of memory");
            break;
        }
        f->args[f->n_args++] = "DateTime64(3, 'UTC')";
        f->args[f->n_args++] = "String";
    }
    free(names);
    buf_fini(&xml);
    return failed;
}

int check_put_stand_in(struct buf *sql, const char *scratch, const struct stand_in *f)
{
    buf_printf(sql, "CREATE FUNCTION %s_%s AS (", scratch, f->name);
    for (size_t i = 0; i < f->n_args; i++)
        buf_printf(sql, "%sa%zu", i > 0 ? ", " : "", i);
    /* The arguments stay in the expression, so that a wrong one is seen. */
    buf_puts(sql, ") -> tupleElement((CAST(defaultValueOfTypeName(");
    clickhouse_put_text(sql, str_of(f->returns));
    buf_puts(sql, "), ");
    clickhouse_put_text(sql, str_of(f->returns));
    buf_puts(sql, ")");
    for (size_t i = 0; i < f->n_args; i++) {
        buf_printf(sql, ", CAST(a%zu, ", i);
        clickhouse_put_text(sql, str_of(f->args[i]));
        buf_putc(sql, ')');
    }
    return buf_puts(sql, "), 1)");
}

/* ---- statements ---- */

static bool is_stand_in(const struct stand_in *f, struct str name)
{
    while (f != NULL && !str_eq(str_of(f->name), name))
        f = f->next;
    return f != NULL;
}

int check_rewrite(struct buf *sql, const struct plan_object *o, const char *scratch, const struct stand_in *first)
{
    struct sql_scan scan = sql_scan_of(str_of(o->statement), 1);
    const char *from = o->statement;
    int depth = 0;
    enum { BEFORE, SCHEDULE, BODY } at = BEFORE;
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
        depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        if (o->kind == PLAN_QUEUE && depth == 0 && token_is_sign(t, ')')) {
            buf_put(sql, from, (size_t)(t.raw.p - from));
            buf_puts(sql, queue_columns);
            return buf_puts(sql, ") ENGINE = Null");
        }
        /* A schedule is checked, not run: neither at once nor while the others are looked at. */
        if (o->kind != PLAN_QUEUE && depth == 0 && at == BEFORE && token_is(t, "REFRESH")) {
            at = SCHEDULE;
            struct token when = sql_scan_code(&scan), number = sql_scan_code(&scan), unit = sql_scan_code(&scan);
            if (number.kind == TOKEN_END || unit.kind == TOKEN_END)
                break;
            buf_put(sql, from, (size_t)(when.raw.p + when.raw.n - from));
            buf_puts(sql, " 1 YEAR");
            from = unit.raw.p + unit.raw.n;
            continue;
        }
        if (at == SCHEDULE && token_is(t, "EMPTY"))
            at = BODY;
        if (at != BODY && depth == 0 && token_is(t, "AS")) {
            if (at == SCHEDULE) {
                buf_put(sql, from, (size_t)(t.raw.p - from));
                buf_puts(sql, "EMPTY ");
                from = t.raw.p;
            }
            at = BODY;
        }
        if (t.kind != TOKEN_WORD || !is_stand_in(first, t.text))
            continue;
        buf_put(sql, from, (size_t)(t.raw.p - from));
        buf_printf(sql, "%s_%.*s", scratch, STR_ARG(t.text));
        from = t.raw.p + t.raw.n;
    }
    return buf_puts(sql, from);
}

/* ---- values for parameters ---- */

static bool begins(const char *type, const char *with)
{
    return strncmp(type, with, strlen(with)) == 0;
}

/* "Wrapper(INNER)" → INNER. */
static char *inner(struct arena *a, const char *type)
{
    const char *open = strchr(type, '('), *close = strrchr(type, ')');
    return open != NULL && close != NULL ? arena_copy(a, (struct str){ open + 1, (size_t)(close - open - 1) }) : NULL;
}

int check_sample(struct arena *a, const char *type, struct str *value)
{
    static const struct {
        const char *type, *value;
    } samples[] = {
        { "String", "" },         { "UInt", "0" },     { "Int", "0" },
        { "Float", "0" },         { "Decimal", "0" },  { "DateTime", "2020-01-01 00:00:00" },
        { "Date", "2020-01-01" }, { "Bool", "false" }, { "UUID", "00000000-0000-0000-0000-000000000000" },
        { "IPv4", "0.0.0.0" },    { "IPv6", "::" },    { "Array(", "[]" },
        { "Map(", "{}" },
    };
    if (begins(type, "Nullable(")) {
        *value = (struct str){ NULL, 0 };
        return 0;
    }
    if (begins(type, "LowCardinality(")) {
        char *of = inner(a, type);
        return of != NULL ? check_sample(a, of, value) : -1;
    }
    if (begins(type, "Enum")) {
        const char *open = strchr(type, '\''), *close = open != NULL ? strchr(open + 1, '\'') : NULL;
        *value = close != NULL ? (struct str){ open + 1, (size_t)(close - open - 1) } : (struct str){ NULL, 0 };
        return close != NULL ? 0 : -1;
    }
    if (begins(type, "FixedString(")) {
        *value = STR("");
        return 0;
    }
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (begins(type, samples[i].type)) {
            *value = str_of(samples[i].value);
            return 0;
        }
    return -1;
}
