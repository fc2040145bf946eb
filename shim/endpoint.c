/* shim/endpoint: the questions in shim/endpoints/, read and held ready to be asked. */
#include "shim/endpoint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clickhouse/clickhouse.h"
#include "declaration/sql_scan.h"
#include "shim/param.h"

/* A line of the statement. It stands if each of the parameters in it is given, or always. */
struct endpoint_line {
    struct str text;
    bool if_given;
    bool keyed;      /* it names a column of the keyset */
    unsigned params; /* a bit per parameter */
    size_t final_at; /* where " FINAL" goes; 0: not in this line */
};

static int bad(const struct declaration *d, int line, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int bad(const struct declaration *d, int line, struct err *err, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(err, ERR_STOP, "%s:%d: %s", d->path, line, text);
}

static int read_order(struct endpoint *e, struct arena *a, struct err *err)
{
    const char *order = declaration_value(e->d, "order");
    struct str rest = str_of(order != NULL ? order : "");
    while (rest.n > 0) {
        struct str item = str_trim(str_cut(&rest, ','));
        struct str name = str_trim(str_cut(&item, ' '));
        struct str direction = str_trim(item);
        bool desc = direction.n == 4 && strncasecmp(direction.p, "desc", 4) == 0;
        if (name.n == 0 || (direction.n > 0 && !desc && !(direction.n == 3 && strncasecmp(direction.p, "asc", 3) == 0)))
            return bad(e->d, declaration_line(e->d, "order"), err, "expected columns such as `timestamp desc, id desc`, got `%s`",
                       order);
        if (e->n_order == CURSOR_KEYS)
            return bad(e->d, declaration_line(e->d, "order"), err, "expected at most %d columns", CURSOR_KEYS);
        char *copy = arena_copy(a, name);
        if (copy == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        e->order[e->n_order++] = (struct endpoint_key){ copy, desc };
    }
    return 0;
}

static int find_param(const struct endpoint *e, struct str name)
{
    for (size_t i = 0; i < e->n_params; i++)
        if (str_eq(name, str_of(e->params[i].d->name)))
            return (int)i;
    return -1;
}

/* Cuts the statement into lines, and says where a line is left out when its parameter is. */
static int read_lines(struct endpoint *e, struct arena *a, struct err *err)
{
    struct str rest = str_of(e->d->sql);
    size_t n = 1;
    for (size_t i = 0; i < rest.n; i++)
        n += rest.p[i] == '\n';
    e->lines = arena_alloc(a, n * sizeof *e->lines);
    if (e->lines == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    int at = e->d->sql_line;
    while (rest.n > 0) {
        struct endpoint_line *line = &e->lines[e->n_lines++];
        struct str text = str_cut(&rest, '\n');
        struct sql_scan scan = sql_scan_of(text, at);
        struct token t;
        *line = (struct endpoint_line){ .text = text };
        while ((t = sql_scan_next(&scan)).kind != TOKEN_END && t.kind != TOKEN_OPEN_END) {
            if (t.kind == TOKEN_COMMENT) {
                struct str said = t.raw;
                while (said.n > 0 && (said.p[0] == '-' || said.p[0] == ' '))
                    said.p++, said.n--;
                line->if_given = str_eq(str_trim(said), STR("if given"));
                line->text.n = (size_t)(t.raw.p - text.p); /* comments don't travel */
            } else if (t.kind == TOKEN_PLACEHOLDER) {
                struct str name = t.text;
                int i = find_param(e, str_trim(str_cut(&name, ':')));
                if (i < 0)
                    return bad(e->d, at, err, "{%.*s} has no `-- param` in the head", STR_ARG(t.text));
                line->params |= 1u << i;
            } else if (t.kind == TOKEN_WORD || t.kind == TOKEN_NAME) {
                for (size_t k = 0; k < e->n_order; k++)
                    line->keyed = line->keyed || str_eq(t.text, str_of(e->order[k].name));
            }
        }
        if (line->if_given && line->params == 0)
            return bad(e->d, at, err, "expected a {name:Type} on a line that ends in `-- if given`");
        for (size_t i = 0; i < e->n_params; i++)
            if (!line->if_given && (line->params >> i & 1) && e->params[i].d->fallback == NULL)
                e->params[i].required = true;
        at++;
    }
    return 0;
}

/* The identity of a table, from its head in sql/; NULL where it has none, or there is no such declaration. */
static const char *identity_of(struct arena *a, const char *root, struct str table, struct err *err)
{
    char *path = arena_printf(a, "%s/sql/%.*s.sql", root, STR_ARG(table));
    if (path == NULL || access(path, F_OK) != 0)
        return NULL;
    struct declaration *d = declaration_load(a, ROOM_TABLE, path, err);
    return d != NULL ? declaration_value(d, "identity") : NULL;
}

static bool order_is(const struct endpoint *e, const char *identity)
{
    struct str rest = str_of(identity);
    size_t n = 0;
    while (rest.n > 0) {
        struct str column = str_trim(str_cut(&rest, ','));
        if (n >= e->n_order || !str_eq(column, str_of(e->order[n].name)))
            return false;
        n++;
    }
    return n == e->n_order;
}

/* Is there one FROM, of a table with an identity? Then rows are de-duplicated by the shim, and " FINAL" goes behind the table. */
static int read_from(struct endpoint *e, struct arena *a, const char *root, struct err *err)
{
    struct sql_scan scan = sql_scan_of(str_of(e->d->sql), e->d->sql_line);
    struct token t = sql_scan_code(&scan), table = { .kind = TOKEN_END };
    const char *behind = NULL, *identity = NULL, *other = NULL;
    int tables = 0, at = 0;
    while (t.kind != TOKEN_END && t.kind != TOKEN_OPEN_END) {
        static const char *const words[] = { "JOIN",  "GROUP", "DISTINCT", "LIMIT",     "UNION",
                                             "FINAL", "WITH",  "ORDER",    "INTERSECT", "EXCEPT" };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (token_is(t, words[i]))
                other = words[i];
        if (!token_is(t, "FROM")) {
            t = sql_scan_code(&scan);
            continue;
        }
        t = sql_scan_code(&scan);
        tables++;
        if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
            continue;
        const char *found = identity_of(a, root, t.text, err);
        if (err->class != ERR_NONE)
            return -1;
        if (found == NULL)
            continue;
        identity = found;
        table = t;
        at = t.line;
        behind = t.raw.p + t.raw.n;
        t = sql_scan_code(&scan);
        if (token_is(t, "AS")) {
            t = sql_scan_code(&scan);
            behind = t.raw.p + t.raw.n;
        }
    }
    if (identity == NULL)
        return 0;
    if (tables > 1 || other != NULL)
        return bad(e->d, at, err,
                   "%.*s holds an event once per delivery, and only a plain SELECT of it is de-duplicated here; this one has %s: "
                   "read a view instead",
                   STR_ARG(table.text), other != NULL ? other : "a second FROM");
    if (!order_is(e, identity))
        return bad(e->d, declaration_line(e->d, "order"), err, "expected `-- order:` to name exactly the identity of %.*s (%s)",
                   STR_ARG(table.text), identity);
    e->exact = true;
    for (size_t i = 0; i < e->n_lines; i++)
        if (behind > e->lines[i].text.p && behind <= e->lines[i].text.p + e->lines[i].text.n)
            e->lines[i].final_at = (size_t)(behind - e->lines[i].text.p);
    return 0;
}

static int read_params(struct endpoint *e, struct err *err)
{
    for (size_t i = 0; i < e->d->n_params; i++) {
        const struct declaration_param *p = &e->d->params[i];
        const char *texts[] = { p->fallback, p->low, p->high };
        char why[PARAM_WHY];
        if (e->n_params == ENDPOINT_PARAMS)
            return bad(e->d, p->line, err, "expected at most %d parameters", ENDPOINT_PARAMS);
        if (strcmp(p->name, "limit") == 0 || strcmp(p->name, "cursor") == 0 || p->name[0] == '_')
            return bad(e->d, p->line, err, "the parameter name '%s' is the shim's own", p->name);
        if (!param_known(p->type))
            return bad(
                e->d, p->line, err,
                "a value can't be checked for %s; use an integer, Float, Bool, String, UUID, Date or DateTime type (times in UTC)",
                p->type);
        for (int k = 0; k < 3; k++) {
            struct buf ignore;
            bool text_length = k > 0 && (strcmp(p->type, "String") == 0);
            buf_init(&ignore, 64 * 1024);
            int rc = texts[k] == NULL ? 0
                                      : param_bind(text_length ? "UInt16" : p->type, k == 0 ? p->low : NULL,
                                                   k == 0 ? p->high : NULL, str_of(texts[k]), &ignore, why);
            buf_fini(&ignore);
            if (rc < 0)
                return bad(e->d, p->line, err, "%s of %s: %s", k == 0 ? "default" : "bound", p->name, why);
        }
        e->params[e->n_params++] = (struct endpoint_param){ p, false };
    }
    return 0;
}

static int read_cache(struct endpoint *e, struct err *err)
{
    const char *json = declaration_value(e->d, "json");
    for (struct str rest = json != NULL ? str_of(json) : STR(""); rest.n > 0;) {
        if (e->n_json == ENDPOINT_JSON)
            return bad(e->d, declaration_line(e->d, "json"), err, "expected at most %d columns, got more", ENDPOINT_JSON);
        e->json[e->n_json++] = str_trim(str_cut(&rest, ','));
    }
    const char *cache = declaration_value(e->d, "cache");
    e->cache_seconds = -1;
    if (cache == NULL)
        return 0;
    long long ms = declaration_duration(cache);
    if (ms < 1000 || ms > 365LL * 86400 * 1000)
        return bad(e->d, declaration_line(e->d, "cache"), err, "expected a time from 1s to 365d, got `%s`", cache);
    e->cache_seconds = (long)(ms / 1000);
    return 0;
}

struct endpoints *endpoints_load(const char *root, struct err *err)
{
    struct endpoints *all = calloc(1, sizeof *all);
    struct declaration *d = NULL;
    struct endpoint **end;
    char *folder;
    if (all == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    arena_init(&all->arena, (size_t)16 << 20);
    end = &all->first;
    folder = arena_printf(&all->arena, "%s/shim/endpoints", root);
    if (folder == NULL || declaration_load_folder(&all->arena, ROOM_ENDPOINT, folder, &d, err) < 0)
        goto fail;
    for (; d != NULL; d = d->next) {
        struct endpoint *e = arena_alloc(&all->arena, sizeof *e);
        if (e == NULL)
            goto fail;
        pthread_mutex_init(&e->lock, NULL);
        *end = e;
        end = &e->next;
        e->d = d;
        e->name = d->stem;
        e->about = declaration_value(d, "about");
        e->scope = declaration_value(d, "scope");
        if (read_order(e, &all->arena, err) < 0 || read_params(e, err) < 0 || read_lines(e, &all->arena, err) < 0 ||
            read_from(e, &all->arena, root, err) < 0 || read_cache(e, err) < 0)
            goto fail;
    }
    return all;
fail:
    err_set(err, ERR_STOP, "out of memory");
    endpoints_free(all);
    return NULL;
}

void endpoints_free(struct endpoints *all)
{
    if (all == NULL)
        return;
    for (struct endpoint *e = all->first; e != NULL; e = e->next) {
        for (size_t i = 0; i < CURSOR_KEYS; i++)
            free(e->key_types[i]);
        pthread_mutex_destroy(&e->lock);
    }
    arena_fini(&all->arena);
    free(all);
}

struct endpoint *endpoints_find(const struct endpoints *all, struct str name)
{
    for (struct endpoint *e = all->first; e != NULL; e = e->next)
        if (str_eq(name, str_of(e->name)))
            return e;
    return NULL;
}

static bool stands(const struct endpoint *e, const struct endpoint_line *line, const bool *given)
{
    for (size_t k = 0; line->if_given && k < e->n_params; k++)
        if (!given[k] && (line->params >> k & 1))
            return false;
    return true;
}

bool endpoint_is_sparse(const struct endpoint *e, const bool *given)
{
    for (size_t i = 0; i < e->n_lines; i++)
        if (e->lines[i].params != 0 && !e->lines[i].keyed && stands(e, &e->lines[i], given))
            return true;
    return false;
}

void endpoint_sql(const struct endpoint *e, const bool *given, bool final, struct buf *out)
{
    for (size_t i = 0; i < e->n_lines; i++) {
        const struct endpoint_line *line = &e->lines[i];
        if (!stands(e, line, given))
            continue;
        size_t cut = final && line->final_at > 0 ? line->final_at : line->text.n;
        buf_put(out, line->text.p, cut);
        if (cut == line->final_at && cut > 0 && final)
            buf_puts(out, " FINAL");
        buf_put(out, line->text.p + cut, line->text.n - cut);
        buf_putc(out, '\n');
    }
}

static void after(const struct endpoint *e, const char *const *types, size_t i, struct buf *out)
{
    char sign = e->order[i].descending ? '<' : '>';
    struct str name = str_of(e->order[i].name);
    clickhouse_put_name(out, name);
    if (i + 1 == e->n_order) {
        buf_printf(out, " %c {_k%zu:%s}", sign, i + 1, types[i]);
        return;
    }
    buf_printf(out, " %c= {_k%zu:%s} AND NOT (", sign, i + 1, types[i]);
    clickhouse_put_name(out, name);
    buf_printf(out, " = {_k%zu:%s} AND NOT (", i + 1, types[i]);
    after(e, types, i + 1, out);
    buf_puts(out, "))");
}

void endpoint_after(const struct endpoint *e, const char *const *types, struct buf *out)
{
    after(e, types, 0, out);
}

void endpoint_order(const struct endpoint *e, struct buf *out)
{
    for (size_t i = 0; i < e->n_order; i++) {
        buf_puts(out, i > 0 ? ", " : "");
        clickhouse_put_name(out, str_of(e->order[i].name));
        buf_puts(out, e->order[i].descending ? " DESC" : " ASC");
    }
}
