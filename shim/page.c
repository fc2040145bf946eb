/* shim/page: GET /api/NAME: one page of an endpoint's rows.
 *
 * Over a table that holds one row per delivery a page must be exact: a superseded version may neither show nor hide a row. A probe
 * over the rows as they lie finds how far down the keyset `limit` rows reach; FINAL then reads just that window, and the filters
 * apply after it. The window holds every row the page can need: a row whose newest version passes the filters is itself among the
 * rows as they lie. Where versions that are superseded filled the probe, the page comes out short, and the window is widened until
 * it doesn't. A page is held (at most 1,000 rows) before its first byte goes out, so that a failure is a status, never a body cut
 * short. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clickhouse/clickhouse.h"
#include "shim/param.h"
#include "shim/shim.h"
#include "shim/split.h"

enum { SPARE = 28, WIDEN = 4, SECONDS = 10, HINTS = 2, TOO_MANY_ROWS = 158 };

/* What a guess may cost: ClickHouse refuses a window with more rows before it reads any. */
#define GUESS_COSTS COSTS "&max_rows_to_read=300000"

/* Times as RFC 3339, integers as numbers, NaN as null; nothing but reading; what a single page may cost. */
#define COSTS                                                                                                                      \
    "readonly=2&session_timezone=UTC&date_time_output_format=iso&output_format_json_quote_64bit_integers=0"                        \
    "&output_format_json_quote_denormals=0&output_format_json_escape_forward_slashes=0&do_not_merge_across_partitions_select_"     \
    "final=1"                                                                                                                      \
    "&max_execution_time=10&max_result_bytes=67108864&result_overflow_mode=throw&max_memory_usage=2000000000"

struct asked {
    struct shim *shim;
    struct request *r;
    struct endpoint *e;
    struct clickhouse *c;
    size_t limit;
    bool given[ENDPOINT_PARAMS];
    struct clickhouse_param params[ENDPOINT_PARAMS + CURSOR_KEYS + 1];
    size_t n_params;
    unsigned char context[CURSOR_CONTEXT];
    struct str
        key[CURSOR_KEYS + 2]; /* the cursor's values, as ClickHouse wrote them; then the first key of its page, and its rows */
    bool has_key;
    const char *types[CURSOR_KEYS];
};

/* ---- what was asked ---- */

static int refuse(struct asked *q, const char *parameter, const char *why)
{
    reply_problem(&q->r->reply, PROBLEM_PARAMETER, q->r->path, parameter, 0, "%s: %s", parameter, why);
    return -1;
}

static int no_memory(struct asked *q)
{
    reply_problem(&q->r->reply, PROBLEM_BUSY, q->r->path, NULL, 0, "there is no memory left for this request");
    return -1;
}

/* Checks a text for a type and keeps it, bound, in the arena. */
static int bind(struct asked *q, const char *type, const char *low, const char *high, struct str given, struct str *out,
                char why[PARAM_WHY])
{
    struct buf text;
    buf_init(&text, PARAM_TEXT_MAX * 4 + 64);
    int rc = param_bind(type, low, high, given, &text, why);
    if (rc == 0) {
        char *copy = arena_copy(&q->r->arena, buf_str(&text));
        *out = (struct str){ copy, text.n };
        if (copy == NULL) {
            snprintf(why, PARAM_WHY, "there is no memory left for it");
            rc = -1;
        }
    }
    buf_fini(&text);
    return rc;
}

static int read_params(struct asked *q)
{
    const char *known[ENDPOINT_PARAMS + 2];
    char why[PARAM_WHY];
    size_t n = 0;
    struct str value, parts[2 + ENDPOINT_PARAMS * 2];
    size_t n_parts = 0;
    for (size_t i = 0; i < q->e->n_params; i++)
        known[n++] = q->e->params[i].d->name;
    known[n++] = "limit";
    if (q->e->n_order > 0)
        known[n++] = "cursor";
    if (request_args_check(q->r, known, n) < 0)
        return -1;

    parts[n_parts++] = str_of(q->e->name);
    for (size_t i = 0; i < q->e->n_params; i++) {
        const struct declaration_param *p = q->e->params[i].d;
        value = request_arg(q->r, p->name);
        if (value.p == NULL && q->e->params[i].required) {
            snprintf(why, sizeof why, "expected a value (%s), got none", p->type);
            return refuse(q, p->name, why);
        }
        if (value.p == NULL && p->fallback == NULL)
            continue;
        struct clickhouse_param *bound = &q->params[q->n_params];
        bound->name = p->name;
        if (bind(q, p->type, p->low, p->high, value.p != NULL ? value : str_of(p->fallback), &bound->value, why) < 0)
            return refuse(q, p->name, why);
        q->given[i] = true;
        q->n_params++;
        parts[n_parts++] = str_of(p->name);
        parts[n_parts++] = bound->value;
    }
    cursor_context(parts, n_parts, q->context);

    q->limit = ENDPOINT_LIMIT;
    value = request_arg(q->r, "limit");
    if (value.p != NULL) {
        struct str text;
        if (bind(q, "UInt16", "1", "1000", value, &text, why) < 0)
            return refuse(q, "limit", why);
        q->limit = (size_t)strtoul(text.p, NULL, 10);
    }
    value = request_arg(q->r, "cursor");
    if (value.p != NULL) {
        switch (cursor_get(&q->shim->secret, q->context, value, &q->r->arena, q->key, q->e->n_order + HINTS)) {
        case CURSOR_OK:
            q->has_key = true;
            break;
        case CURSOR_FOREIGN:
            return refuse(q, "cursor",
                          "expected the `next` of a page with the same filters, got one of other filters, or of another endpoint");
        case CURSOR_DAMAGED:
            return refuse(q, "cursor", "expected the `next` of an earlier page, unchanged");
        }
    }
    return 0;
}

/* ---- asking ---- */

struct sink {
    struct buf rows;
};

static int on_body(void *context, const char *p, size_t n)
{
    struct sink *s = context;
    return buf_put(&s->rows, p, n);
}

static int failed(struct asked *q, int code, const struct err *err)
{
    struct request *r = q->r;
    switch (code) {
    case 159: /* TIMEOUT_EXCEEDED */
    case 160: /* TOO_SLOW */
        reply_problem(&r->reply, PROBLEM_TIMEOUT, r->path, NULL, 0,
                      "the database didn't answer within %d s: ask for less, such as a narrower time", SECONDS);
        break;
    case 202: /* TOO_MANY_SIMULTANEOUS_QUERIES */
    case 241: /* MEMORY_LIMIT_EXCEEDED */
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "the database has no room for this question now");
        break;
    case 396: /* TOO_MANY_ROWS_OR_BYTES */
        reply_problem(&r->reply, PROBLEM_PARAMETER, r->path, "limit", 0,
                      "limit: expected a page of at most 64 MiB, got more: ask for fewer rows");
        break;
    default:
        if (err->class == ERR_RETRY && code == 0)
            reply_problem(&r->reply, PROBLEM_CLICKHOUSE, r->path, NULL, 0, "the database can't be reached, or has too much to do");
        else
            reply_problem(&r->reply, PROBLEM_QUERY, r->path, NULL, 0,
                          "the database refused this endpoint's question (code %d); the shim's log says why", code);
    }
    log_warn("endpoint %s: %s", q->e->name, err->text);
    return -1;
}

/* guess: 1 is returned, and nothing said, where the question would read too much. */
static int ask(struct asked *q, struct buf *sql, bool guess, struct buf *rows)
{
    struct err err = ERR_INIT;
    struct sink sink;
    int code = 0;
    if (sql->failed)
        return no_memory(q);
    buf_init(&sink.rows, REPLY_MAX);
    struct clickhouse_query query = { .sql = buf_text(sql),
                                      .params = q->params,
                                      .n_params = q->n_params,
                                      .settings = guess ? GUESS_COSTS : COSTS,
                                      .timeout_ms = (SECONDS + 2) * 1000,
                                      .on_body = on_body,
                                      .context = &sink };
    if (clickhouse_run(q->c, &query, NULL, &code, &err) < 0) {
        bool full = sink.rows.failed;
        buf_fini(&sink.rows);
        if (guess && code == TOO_MANY_ROWS)
            return 1;
        return failed(q, full ? 396 : code, &err);
    }
    *rows = sink.rows;
    return 0;
}

/* The type that a key's value is bound as: of a column's type, without what a value needn't know. */
static char *key_type(struct str type)
{
    char *copy = NULL;
    if (str_starts(type, STR("LowCardinality(")))
        type = (struct str){ type.p + 15, type.n - 16 };
    /* Whatever zone a column shows its times in: they travel as UTC. */
    if (str_starts(type, STR("DateTime64(")) && type.n > 12 && asprintf(&copy, "DateTime64(%c, 'UTC')", type.p[11]) < 0)
        copy = NULL;
    else if (str_eq(type, STR("DateTime")) || str_starts(type, STR("DateTime(")))
        copy = strdup("DateTime('UTC')");
    else if (copy == NULL)
        copy = strndup(type.p, type.n);
    return copy;
}

/* Asks for the types of the keyset's columns, once. */
static int learn_types(struct asked *q)
{
    struct endpoint *e = q->e;
    struct buf sql, rows;
    int rc = -1;
    pthread_mutex_lock(&e->lock);
    bool known = e->n_order == 0 || e->key_types[e->n_order - 1] != NULL;
    pthread_mutex_unlock(&e->lock);
    if (known)
        goto known;
    buf_init(&sql, 1 << 20);
    buf_init(&rows, 0);
    buf_puts(&sql, "SELECT toTypeName(");
    for (size_t i = 0; i < e->n_order; i++) {
        buf_puts(&sql, i > 0 ? "), toTypeName(" : "");
        clickhouse_put_name(&sql, str_of(e->order[i].name));
    }
    /* An aggregate gives a row, and its type, over no rows at all. */
    buf_puts(&sql, ") FROM (SELECT ");
    for (size_t i = 0; i < e->n_order; i++) {
        buf_puts(&sql, i > 0 ? ", any(" : "any(");
        clickhouse_put_name(&sql, str_of(e->order[i].name));
        buf_puts(&sql, ") AS ");
        clickhouse_put_name(&sql, str_of(e->order[i].name));
    }
    buf_puts(&sql, " FROM (\n");
    endpoint_sql(e, q->given, false, &sql);
    buf_puts(&sql, ") WHERE 0) FORMAT JSONCompactEachRow");
    if (ask(q, &sql, false, &rows) < 0)
        goto out;
    char *types[CURSOR_KEYS] = { NULL };
    size_t at = 1;
    bool ok = true;
    for (size_t i = 0; i < e->n_order && ok; i++, at++) {
        while (at < rows.n && rows.p[at] == ' ')
            at++;
        size_t end = split_value(buf_str(&rows), at, NULL, 0);
        struct buf text;
        buf_init(&text, 4096);
        if (end > 0)
            split_text((struct str){ rows.p + at, end - at }, &text);
        types[i] = end > 0 ? key_type(buf_str(&text)) : NULL;
        buf_fini(&text);
        ok = types[i] != NULL && param_known(types[i]);
        if (!ok)
            log_error("endpoint %s: %s has the type %s, which can't stand in a keyset", e->name, e->order[i].name,
                      types[i] != NULL ? types[i] : "?");
        at = end;
    }
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < e->n_order; i++) {
        if (ok && e->key_types[i] == NULL)
            e->key_types[i] = types[i]; /* of two that asked at once, the first stays: others may be reading it */
        else
            free(types[i]);
    }
    pthread_mutex_unlock(&e->lock);
    if (ok)
        rc = 0;
    else
        reply_problem(&q->r->reply, PROBLEM_INTERNAL, q->r->path, NULL, 0,
                      "this endpoint's order can't be paged; the shim's log says why");
out:
    buf_fini(&sql);
    buf_fini(&rows);
    if (rc < 0)
        return -1;
known:
    for (size_t i = 0; i < e->n_order; i++)
        q->types[i] = e->key_types[i];
    return 0;
}

/* The cursor's values become the parameters _k1, _k2, …. */
static int bind_key(struct asked *q)
{
    static const char *const names[CURSOR_KEYS] = { "_k1", "_k2", "_k3", "_k4", "_k5", "_k6", "_k7", "_k8" };
    char why[PARAM_WHY];
    for (size_t i = 0; q->has_key && i < q->e->n_order; i++) {
        struct clickhouse_param *p = &q->params[q->n_params];
        p->name = names[i];
        /* A key's text may be longer than a parameter's. */
        bool text = strcmp(q->types[i], "String") == 0;
        if (text)
            p->value = q->key[i];
        else if (bind(q, q->types[i], NULL, NULL, q->key[i], &p->value, why) < 0)
            return refuse(q, "cursor", "expected the `next` of a page since the table was last changed");
        q->n_params++;
    }
    return 0;
}

static void put_condition(struct asked *q, bool window, struct buf *sql)
{
    const char *word = " WHERE ";
    if (q->has_key) {
        buf_puts(sql, word);
        endpoint_after(q->e, q->types, sql);
        word = " AND ";
    }
    if (window) {
        buf_puts(sql, word);
        clickhouse_put_name(sql, str_of(q->e->order[0].name));
        buf_printf(sql, " %c= {_edge:%s}", q->e->order[0].descending ? '>' : '<', q->types[0]);
    }
}

/* How far the next `rows` rows reach, as they lie: how many there are (at most `rows`), and the first key of the last of them. */
static int probe(struct asked *q, size_t rows, size_t *found, struct str *edge)
{
    struct buf sql, answer, text;
    int rc = -1;
    struct str first = str_of(q->e->order[0].name);
    buf_init(&sql, 1 << 20);
    buf_init(&answer, 0);
    buf_init(&text, 0);
    buf_printf(&sql, "SELECT count(), %s(", q->e->order[0].descending ? "min" : "max");
    clickhouse_put_name(&sql, first);
    buf_puts(&sql, ") FROM (SELECT ");
    clickhouse_put_name(&sql, first);
    buf_puts(&sql, " FROM (\n");
    endpoint_sql(q->e, q->given, false, &sql);
    buf_puts(&sql, ")");
    put_condition(q, false, &sql);
    buf_puts(&sql, " ORDER BY ");
    endpoint_order(q->e, &sql);
    buf_printf(&sql, " LIMIT %zu) FORMAT JSONCompactEachRow", rows);
    if (ask(q, &sql, false, &answer) < 0)
        goto out;
    struct str row = buf_str(&answer);
    size_t end = split_value(row, 1, NULL, 0), at = end + 1;
    *found = end > 0 ? (size_t)strtoull(buf_text(&answer) + 1, NULL, 10) : 0;
    while (at < row.n && row.p[at] == ' ')
        at++;
    end = at < row.n ? split_value(row, at, NULL, 0) : 0;
    if (end == 0) {
        reply_problem(&q->r->reply, PROBLEM_QUERY, q->r->path, NULL, 0, "the database gave an answer that can't be read");
        goto out;
    }
    if (*found > 0) {
        char why[PARAM_WHY];
        split_text((struct str){ row.p + at, end - at }, &text);
        if (strcmp(q->types[0], "String") == 0)
            *edge = (struct str){ arena_copy(&q->r->arena, buf_str(&text)), text.n };
        else if (bind(q, q->types[0], NULL, NULL, buf_str(&text), edge, why) < 0)
            edge->p = NULL;
        if (edge->p == NULL) {
            no_memory(q);
            goto out;
        }
    }
    rc = 0;
out:
    buf_fini(&sql);
    buf_fini(&answer);
    buf_fini(&text);
    return rc;
}

/* Up to limit + 1 rows; edge: the window's end, or NULL for none. guess: as for ask. */
static int read_rows(struct asked *q, const struct str *edge, bool guess, struct buf *rows)
{
    struct endpoint *e = q->e;
    struct buf sql;
    size_t n_params = q->n_params;
    buf_init(&sql, 1 << 20);
    buf_puts(&sql, "SELECT ");
    for (size_t i = 0; i < e->n_order; i++) {
        clickhouse_put_name(&sql, str_of(e->order[i].name));
        buf_printf(&sql, " AS _k%zu, ", i + 1);
    }
    buf_puts(&sql, "* FROM (\n");
    endpoint_sql(e, q->given, e->exact, &sql);
    buf_puts(&sql, ")");
    put_condition(q, edge != NULL, &sql);
    if (edge != NULL)
        q->params[q->n_params++] = (struct clickhouse_param){ "_edge", *edge };
    if (edge != NULL && endpoint_is_sparse(e, q->given)) {
        /* With a filter that few rows pass the window is wide: FINAL then reads only granules that hold a row in question. */
        buf_puts(&sql, " AND (");
        for (size_t i = 0; i < e->n_order; i++) {
            buf_puts(&sql, i > 0 ? ", " : "");
            clickhouse_put_name(&sql, str_of(e->order[i].name));
        }
        buf_puts(&sql, ") IN (SELECT ");
        for (size_t i = 0; i < e->n_order; i++) {
            buf_puts(&sql, i > 0 ? ", " : "");
            clickhouse_put_name(&sql, str_of(e->order[i].name));
        }
        buf_puts(&sql, " FROM (\n");
        endpoint_sql(e, q->given, false, &sql);
        buf_puts(&sql, ")");
        put_condition(q, true, &sql);
        buf_puts(&sql, ")");
    }
    if (e->n_order > 0) {
        buf_puts(&sql, " ORDER BY ");
        endpoint_order(e, &sql);
    }
    buf_printf(&sql, " LIMIT %zu FORMAT JSONEachRow", q->limit + 1);
    int rc = ask(q, &sql, guess, rows);
    buf_fini(&sql);
    q->n_params = n_params;
    return rc;
}

static size_t count_rows(const struct buf *rows)
{
    size_t n = 0;
    for (const char *p = rows->p, *end = p + rows->n; p != NULL && p < end; n++) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        p = line != NULL ? line + 1 : end;
    }
    return n;
}

/* ---- answering ---- */

/* {"_k1":"…","_k2":"…","id":… → the byte where "id" begins; the values go to keys. 0: not such a row. */
static size_t cut_keys(struct str row, size_t n, struct str *keys)
{
    size_t at = 1;
    for (size_t i = 0; i < n; i++) {
        char name[16];
        int length = snprintf(name, sizeof name, "\"_k%zu\":", i + 1);
        if (row.n < at + (size_t)length || memcmp(row.p + at, name, (size_t)length) != 0)
            return 0;
        at += (size_t)length;
        size_t end = split_value(row, at, NULL, 0);
        if (end == 0 || end >= row.n)
            return 0;
        keys[i] = (struct str){ row.p + at, end - at };
        at = end + (row.p[end] == ',');
    }
    return at;
}

static bool is_unfiltered(const struct asked *q)
{
    for (size_t i = 0; i < q->e->n_params; i++)
        if (q->given[i])
            return false;
    return true;
}

/* A first page without filters is what is asked for most: what it reached is remembered. */
static void remember(struct asked *q, struct str first, struct str last, size_t rows)
{
    struct endpoint *e = q->e;
    if (q->has_key || first.n >= ENDPOINT_HINT || last.n >= ENDPOINT_HINT || !is_unfiltered(q))
        return;
    pthread_mutex_lock(&e->lock);
    snprintf(e->first_page[0], ENDPOINT_HINT, "%.*s", STR_ARG(first));
    snprintf(e->first_page[1], ENDPOINT_HINT, "%.*s", STR_ARG(last));
    e->first_page_rows = rows;
    pthread_mutex_unlock(&e->lock);
}

static bool is_json(const struct endpoint *e, struct str name)
{
    for (size_t i = 0; i < e->n_json; i++)
        if (str_eq(name, e->json[i]))
            return true;
    return false;
}

/* The row from `at` on, its JSON columns as the JSON that their text is. What isn't JSON (somebody's own INSERT) stays a string. */
static void put_row(const struct endpoint *e, struct str row, size_t at, struct buf *body)
{
    size_t copied = at;
    while (e->n_json > 0 && at < row.n && row.p[at] == '"') {
        size_t name_end = split_value(row, at, NULL, 0), end = name_end > 0 ? split_value(row, name_end + 1, NULL, 0) : 0;
        if (end == 0)
            break;
        struct str value = { row.p + name_end + 1, end - name_end - 1 };
        if (value.p[0] == '"' && value.n > 2 && is_json(e, (struct str){ row.p + at + 1, name_end - at - 2 })) {
            buf_put(body, row.p + copied, name_end + 1 - copied);
            size_t begin = body->n;
            split_text(value, body);
            struct str json = { body->p + begin, body->n - begin };
            if (!body->failed && split_value(json, 0, NULL, 0) == json.n)
                copied = end;
            else
                body->n = begin - (name_end + 1 - copied);
        }
        at = end + 1;
    }
    buf_put(body, row.p + copied, row.n - copied);
}

static int put_page(struct asked *q, const struct buf *rows, bool more)
{
    struct buf *body = &q->r->reply.body;
    struct str rest = buf_str(rows), keys[CURSOR_KEYS], first = { NULL, 0 };
    size_t n = 0;
    buf_puts(body, "{\"items\":[");
    while (rest.n > 0 && n < q->limit) {
        struct str row = str_cut(&rest, '\n');
        size_t at = cut_keys(row, q->e->n_order, keys);
        if (at == 0) {
            reply_problem(&q->r->reply, PROBLEM_QUERY, q->r->path, NULL, 0, "the database gave an answer that can't be read");
            return -1;
        }
        if (n == 0)
            first = keys[0];
        buf_puts(body, n++ > 0 ? ",\n{" : "\n{");
        put_row(q->e, row, at, body);
    }
    buf_puts(body, n > 0 ? "\n],\"next\":" : "],\"next\":");
    if (more && n > 0) {
        struct buf texts;
        size_t ends[CURSOR_KEYS + HINTS], n_values = q->e->n_order + HINTS;
        struct str values[CURSOR_KEYS + HINTS];
        buf_init(&texts, REPLY_MAX);
        for (size_t i = 0; i < n_values; i++) {
            if (i < q->e->n_order)
                split_text(keys[i], &texts);
            else if (i == q->e->n_order)
                split_text(first, &texts);
            else
                buf_printf(&texts, "%zu", n);
            ends[i] = texts.n;
        }
        for (size_t i = 0; i < n_values; i++) {
            size_t begin = i > 0 ? ends[i - 1] : 0;
            values[i] = (struct str){ texts.p + begin, ends[i] - begin };
        }
        remember(q, values[n_values - HINTS], values[0], n);
        buf_putc(body, '"');
        int rc = texts.failed ? -1 : cursor_put(&q->shim->secret, q->context, values, n_values, body);
        buf_putc(body, '"');
        buf_fini(&texts);
        if (rc < 0) {
            reply_problem(&q->r->reply, PROBLEM_QUERY, q->r->path, NULL, 0,
                          "the page ends in a row whose key is too long for a cursor");
            return -1;
        }
    } else {
        buf_puts(body, "null");
    }
    buf_puts(body, "}\n");
    return body->failed ? no_memory(q) : 0;
}

/* Where the window may end, appended to `edge`; -1 where there is nothing to go by. */
static int guess(struct asked *q, struct buf *edge)
{
    struct endpoint *e = q->e;
    size_t want = q->limit + 1;
    if (q->has_key) {
        const char *count = arena_copy(&q->r->arena, q->key[e->n_order + 1]);
        return count != NULL
                   ? param_ahead(q->types[0], q->key[e->n_order], q->key[0], (size_t)strtoull(count, NULL, 10), want, edge)
                   : -1;
    }
    if (!is_unfiltered(q))
        return -1;
    pthread_mutex_lock(&e->lock);
    /* A fourth more than is wanted: the newest rows needn't lie as those of before, nor as evenly. */
    size_t rows = e->first_page_rows, more = (want > rows ? want - rows : 0) + want / 4 + 1;
    int rc = param_ahead(q->types[0], str_of(e->first_page[0]), str_of(e->first_page[1]), rows, more, edge);
    pthread_mutex_unlock(&e->lock);
    return rc;
}

/* 1 where the guess gave the page, 0 where it didn't, -1 with an answer. */
static int put_guessed_page(struct asked *q)
{
    struct buf rows, text;
    int rc = 0;
    buf_init(&text, 4096);
    buf_init(&rows, 0);
    if (guess(q, &text) == 0) {
        struct str edge = buf_str(&text);
        rc = read_rows(q, &edge, true, &rows);
        if (rc == 0 && count_rows(&rows) > q->limit)
            rc = put_page(q, &rows, true) < 0 ? -1 : 1;
        else if (rc > 0)
            rc = 0;
    }
    buf_fini(&text);
    buf_fini(&rows);
    return rc;
}

static int put_exact_page(struct asked *q)
{
    int guessed = put_guessed_page(q);
    if (guessed != 0)
        return guessed > 0 ? 0 : -1;
    size_t reach = q->limit + 1 + SPARE;
    for (;;) {
        struct buf rows;
        struct str edge = { NULL, 0 };
        size_t found, n;
        buf_init(&rows, 0);
        if (probe(q, reach, &found, &edge) < 0)
            return -1;
        if (found == 0)
            return put_page(q, &rows, false);
        if (read_rows(q, &edge, false, &rows) < 0)
            return -1;
        n = count_rows(&rows);
        /* Enough, or nothing lies further down. */
        if (n > q->limit || found < reach) {
            int rc = put_page(q, &rows, n > q->limit);
            buf_fini(&rows);
            return rc;
        }
        buf_fini(&rows);
        reach *= WIDEN;
    }
}

static int put_plain_page(struct asked *q)
{
    struct buf rows;
    if (read_rows(q, NULL, false, &rows) < 0)
        return -1;
    int rc = put_page(q, &rows, q->e->n_order > 0 && count_rows(&rows) > q->limit);
    buf_fini(&rows);
    return rc;
}

static void put_cache(struct asked *q)
{
    struct reply *a = &q->r->reply;
    unsigned char tag[CURSOR_CONTEXT];
    struct str body = buf_str(&a->body);
    if (q->e->cache_seconds < 0)
        return;
    cursor_context(&body, 1, tag);
    char *p = a->etag;
    *p++ = '"';
    for (size_t i = 0; i < sizeof tag; i++, p += 2)
        snprintf(p, 3, "%02x", tag[i]);
    *p++ = '"';
    *p = '\0';
    snprintf(a->cache, sizeof a->cache, "private, max-age=%ld", q->e->cache_seconds);
    if (q->r->if_none_match.n > 0 && memmem(q->r->if_none_match.p, q->r->if_none_match.n, a->etag, strlen(a->etag)) != NULL) {
        a->status = 304;
        buf_clear(&a->body);
    }
}

void page_answer(struct shim *shim, struct request *r, struct endpoint *e)
{
    struct asked q = { .shim = shim, .r = r, .e = e };
    if (read_params(&q) < 0)
        return;
    q.c = shim_clickhouse(shim, r);
    if (q.c == NULL)
        return;
    if (learn_types(&q) == 0 && bind_key(&q) == 0 && (e->exact ? put_exact_page(&q) : put_plain_page(&q)) == 0)
        put_cache(&q);
    shim_clickhouse_back(shim, q.c);
}
