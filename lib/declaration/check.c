/* lib/declaration/check: whether a head and its statement say what their folder asks for. */
#include "declaration/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/opt.h"
#include "declaration/sql_scan.h"

enum { PARAMS_MAX = 32 };

/* "kind=transform|aggregate": the words its value may be. '!' after a key: required. A final '*': any word may follow ("param
 * level"). */
static const char *const room_keys[][10] = {
    [ROOM_QUEUE] = { "about!", "topic!", "partitions!", "retention!", "key", "max-message-bytes", "contract", "replays", "document",
                     NULL },
    [ROOM_TABLE] = { "about!", "identity", "version", "content", "retention", "source", "derived-from", NULL },
    [ROOM_VIEW] = { "about!", "kind!=transform|aggregate|extraction|records|recovery|schedule", "contract", NULL },
    [ROOM_EACH_SOURCE] = { "about!", "kind!=intake|judge|dead-letters|ledger", NULL },
    [ROOM_ENDPOINT] = { "about!", "order", "scope", "param *", "json", "cache", NULL },
};

static int at(const struct declaration *d, int line, struct err *err, const char *message)
{
    return err_set(err, ERR_STOP, "%s:%d: %s", d->path, line, message);
}

/* ---- keys ---- */

static size_t key_length(const char *row)
{
    return strcspn(row, "!=");
}

static bool row_fits(const char *row, const char *name)
{
    size_t n = key_length(row);
    if (n > 0 && row[n - 1] == '*')
        return strncmp(row, name, n - 1) == 0 && name[n - 1] != '\0' && strchr(name + n - 1, ' ') == NULL;
    return strlen(name) == n && strncmp(row, name, n) == 0;
}

static int unknown_key(const struct declaration *d, const struct declaration_key *k, struct err *err)
{
    char list[256] = "";
    size_t n = 0;
    for (const char *const *row = room_keys[d->room]; *row != NULL; row++) {
        size_t len = key_length(*row);
        bool any = (*row)[len - 1] == '*';
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s%s", n > 0 ? ", " : "", (int)(any ? len - 1 : len), *row,
                              any ? "NAME" : "");
    }
    return err_set(err, ERR_STOP, "%s:%d: unknown key '%.60s'; expected one of %s", d->path, k->line, k->name, list);
}

static bool is_word_of(const char *words, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = words; p != NULL; p = strchr(p, '|'), p = p != NULL ? p + 1 : NULL)
        if (n > 0 && strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
            return true;
    return false;
}

static int check_keys(const struct declaration *d, struct err *err)
{
    for (size_t i = 0; i < d->n_keys; i++) {
        const struct declaration_key *k = &d->keys[i];
        const char *const *row = room_keys[d->room];
        while (*row != NULL && !row_fits(*row, k->name))
            row++;
        if (*row == NULL)
            return unknown_key(d, k, err);
        const char *words = strchr(*row, '=');
        if (words != NULL && !is_word_of(words + 1, k->value))
            return err_set(err, ERR_STOP, "%s:%d: %s: expected one of %s, got '%.60s'", d->path, k->line, k->name, words + 1,
                           k->value);
    }
    for (const char *const *row = room_keys[d->room]; *row != NULL; row++) {
        size_t n = key_length(*row);
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)n, *row);
        if ((*row)[n] == '!' && declaration_value(d, name) == NULL)
            return err_set(err, ERR_STOP, "%s:%d: the head lacks '-- %s: …'", d->path, 1, name);
    }
    return 0;
}

static int check_values(const struct declaration *d, struct err *err)
{
    const char *v = declaration_value(d, "partitions");
    char *end = NULL;
    if (v != NULL && (strtol(v, &end, 10) < 1 || strtol(v, NULL, 10) > 10000 || *end != '\0'))
        return err_set(err, ERR_STOP, "%s:%d: partitions: expected 1 to 10000, got '%.60s'", d->path,
                       declaration_line(d, "partitions"), v);
    v = declaration_value(d, "retention");
    if (v != NULL && (declaration_duration(v) == -2 || declaration_duration(v) == 0))
        return err_set(err, ERR_STOP, "%s:%d: retention: expected a duration such as 12h or 7d, or 'forever', got '%.60s'", d->path,
                       declaration_line(d, "retention"), v);
    v = declaration_value(d, "max-message-bytes");
    if (v != NULL && (declaration_size(v) < 1 || declaration_size(v) > 1 << 30))
        return err_set(err, ERR_STOP, "%s:%d: max-message-bytes: expected a size of at most 1G such as 1048576 or 1M, got '%.60s'",
                       d->path, declaration_line(d, "max-message-bytes"), v);
    v = declaration_value(d, "replays");
    if (v != NULL && (v[strspn(v, "0123456789")] != '\0' || strlen(v) > 4 || atoi(v) > 1000))
        return err_set(err, ERR_STOP, "%s:%d: replays: expected 0 to 1000, got '%.60s'", d->path, declaration_line(d, "replays"),
                       v);
    v = declaration_value(d, "topic");
    if (v != NULL &&
        (strlen(v) > 249 || v[strspn(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] != '\0' ||
         strcmp(v, ".") == 0 || strcmp(v, "..") == 0))
        return err_set(err, ERR_STOP, "%s:%d: topic: expected up to 249 letters, digits, '.', '_' and '-', got '%.60s'", d->path,
                       declaration_line(d, "topic"), v);
    v = declaration_value(d, "cache");
    if (v != NULL && declaration_duration(v) < 0)
        return err_set(err, ERR_STOP, "%s:%d: cache: expected a duration such as 10s, got '%.60s'", d->path,
                       declaration_line(d, "cache"), v);
    return 0;
}

/* ---- what the statement creates ---- */

/* Skips IF NOT EXISTS; *t is the token after it. */
static void skip_if_not_exists(struct sql_scan *scan, struct token *t)
{
    if (!token_is(*t, "if"))
        return;
    for (int i = 0; i < 3; i++)
        *t = sql_scan_code(scan);
}

static int find_created(struct arena *a, struct declaration *d, struct err *err)
{
    struct sql_scan scan = sql_scan_of(str_of(d->sql), d->sql_line);
    struct token t = sql_scan_code(&scan);
    if (d->room == ROOM_ENDPOINT) {
        d->verb = "SELECT";
        return token_is(t, "select") || token_is(t, "with") ? 0 : at(d, t.line, err, "expected a SELECT");
    }
    static const char expected[] = "expected CREATE TABLE, CREATE VIEW or CREATE MATERIALIZED VIEW";
    if (!token_is(t, "create"))
        return at(d, t.line, err, expected);
    t = sql_scan_code(&scan);
    if (token_is(t, "or")) {
        sql_scan_code(&scan);
        t = sql_scan_code(&scan);
    }
    if (token_is(t, "table"))
        d->verb = "TABLE";
    else if (token_is(t, "view"))
        d->verb = "VIEW";
    else if (token_is(t, "materialized") && (t = sql_scan_code(&scan), token_is(t, "view")))
        d->verb = "MATERIALIZED VIEW";
    else
        return at(d, t.line, err, expected);
    t = sql_scan_code(&scan);
    skip_if_not_exists(&scan, &t);
    if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
        return at(d, t.line, err, "expected the name of what is created");
    d->creates = arena_copy(a, t.text);
    if (d->creates == NULL)
        return at(d, t.line, err, "out of memory");
    int line = t.line;
    t = sql_scan_code(&scan);
    if (token_is_sign(t, '.'))
        return at(d, line, err, "expected a name without a database: the setting 'database' decides where it goes");
    return 0;
}

static int wrong_name(const struct declaration *d, const char *expected, struct err *err)
{
    return err_set(err, ERR_STOP, "%s:%d: expected CREATE … %s (from the file's name), got '%.80s'", d->path, d->sql_line, expected,
                   d->creates);
}

static int check_name(const struct declaration *d, struct err *err)
{
    size_t n = strlen(d->stem);
    char expected[300];
    if (n == 0 || n > 100 || d->stem[0] < 'a' || d->stem[0] > 'z' ||
        d->stem[strspn(d->stem, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
        return at(d, 1, err, "expected a file name of lower-case letters, digits and '_' that begins with a letter");
    switch (d->room) {
    case ROOM_QUEUE:
        snprintf(expected, sizeof expected, "%s_queue", d->stem);
        if (strcmp(d->verb, "TABLE") != 0)
            return at(d, d->sql_line, err, "expected CREATE TABLE: a queue is a table with ENGINE = Kafka");
        return strcmp(d->creates, expected) == 0 ? 0 : wrong_name(d, expected, err);
    case ROOM_TABLE:
        if (strcmp(d->verb, "MATERIALIZED VIEW") == 0)
            return at(d, d->sql_line, err, "expected a table or a view; materialized views stand in mv/");
        return strcmp(d->creates, d->stem) == 0 ? 0 : wrong_name(d, d->stem, err);
    case ROOM_VIEW:
        snprintf(expected, sizeof expected, "%s or %s_…", d->stem, d->stem);
        if (strncmp(d->creates, d->stem, n) != 0 || (d->creates[n] != '\0' && d->creates[n] != '_'))
            return wrong_name(d, expected, err);
        return 0;
    case ROOM_EACH_SOURCE:
        return strncmp(d->creates, "{source}_", 9) == 0 ? 0 : wrong_name(d, "{source}_…", err);
    case ROOM_ENDPOINT:
        break;
    }
    return 0;
}

/* ---- identity and version ---- */

/* Reads the list after ORDER BY into `list` as "a, b"; an element that isn't a plain column becomes "(…)". */
static void read_order(struct sql_scan *scan, char *list, size_t size)
{
    struct token t = sql_scan_code(scan);
    bool parens = token_is_sign(t, '(');
    size_t n = 0;
    if (parens)
        t = sql_scan_code(scan);
    while (t.kind != TOKEN_END && !token_is_sign(t, ')') && n < size) {
        struct token first = t;
        size_t tokens = 0;
        for (int depth = 0; t.kind != TOKEN_END; t = sql_scan_code(scan), tokens++) {
            if (depth == 0 && (token_is_sign(t, ')') || token_is_sign(t, ',')))
                break;
            if (!parens && tokens > 0 && t.kind == TOKEN_WORD)
                break; /* the next clause */
            depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        }
        bool plain = tokens == 1 && (first.kind == TOKEN_WORD || first.kind == TOKEN_NAME);
        n += (size_t)snprintf(list + n, size - n, "%s%.*s", n > 0 ? ", " : "", plain ? (int)first.text.n : 5,
                              plain ? first.text.p : "(\xe2\x80\xa6)");
        if (!parens)
            return;
        if (token_is_sign(t, ','))
            t = sql_scan_code(scan);
    }
}

/* "a,b" and "a , b" become "a, b". */
static void normalise_list(const char *value, char *list, size_t size)
{
    struct str rest = str_of(value);
    size_t n = 0;
    while (rest.n > 0 && n < size) {
        struct str one = str_trim(str_cut(&rest, ','));
        n += (size_t)snprintf(list + n, size - n, "%s%.*s", n > 0 ? ", " : "", STR_ARG(one));
    }
}

/* ---- retention ---- */

/* The one `INTERVAL n UNIT` of a table's TTL, in milliseconds. *line: where the TTL is, 0: there is none. -1: it is of another
 * form, or only for some rows. */
static long long read_ttl(const struct declaration *d, int *line)
{
    static const struct {
        const char *unit;
        long long ms;
    } units[] = { { "second", 1000 }, { "minute", 60000 }, { "hour", 3600000 }, { "day", 86400000 }, { "week", 604800000 } };
    struct sql_scan scan = sql_scan_of(str_of(d->sql), d->sql_line);
    long long ms = 0;
    int depth = 0;
    *line = 0;
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
        depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        if (*line == 0) {
            *line = depth == 0 && token_is(t, "ttl") ? t.line : 0;
        } else if (depth == 0 && (token_is(t, "settings") || token_is(t, "comment"))) {
            break;
        } else if (token_is(t, "where") || token_is_sign(t, ',')) {
            return -1;
        } else if (token_is(t, "interval")) {
            long long n = str_integer(sql_scan_code(&scan).text);
            t = sql_scan_code(&scan);
            for (size_t i = 0; i < sizeof units / sizeof *units; i++)
                if (token_is(t, units[i].unit))
                    ms = ms == 0 ? n * units[i].ms : -1;
        }
    }
    return ms > 0 ? ms : -1;
}

/* What the audit goes by, and what ClickHouse does: the two must agree. */
static int check_retention(const struct declaration *d, struct err *err)
{
    const char *retention = declaration_value(d, "retention");
    int line;
    if (d->room != ROOM_TABLE || strcmp(d->verb, "TABLE") != 0)
        return 0;
    long long kept = retention != NULL ? declaration_duration(retention) : -1, ttl = read_ttl(d, &line);
    if (kept > 0 && line == 0)
        return err_set(err, ERR_STOP, "%s:%d: retention: expected a TTL in the statement that lets rows go after %s, found none",
                       d->path, declaration_line(d, "retention"), retention);
    if (kept > 0 && ttl > 0 && kept != ttl)
        return err_set(err, ERR_STOP, "%s:%d: retention: expected what the TTL says (line %d), got '%s'", d->path,
                       declaration_line(d, "retention"), line, retention);
    if (kept < 0 && ttl > 0)
        return err_set(err, ERR_STOP, "%s:%d: expected '-- retention: …' in the head, as the TTL says: the audit goes by it",
                       d->path, line);
    return 0;
}

static int check_identity(const struct declaration *d, struct err *err)
{
    const char *identity = declaration_value(d, "identity"), *version = declaration_value(d, "version");
    if (identity == NULL && version == NULL)
        return 0;
    char order[1024] = "", wanted[1024] = "", engine_version[128] = "";
    struct sql_scan scan = sql_scan_of(str_of(d->sql), d->sql_line);
    int depth = 0, order_line = d->sql_line;
    bool replacing = false;
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
        depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        if (depth != 0)
            continue;
        if (t.kind == TOKEN_WORD && str_ends(t.text, STR("ReplacingMergeTree"))) {
            replacing = true;
            struct sql_scan ahead = scan;
            struct token u = sql_scan_code(&ahead);
            if (!token_is_sign(u, '('))
                continue;
            /* Replicated…: the version stands after two texts. */
            while (token_is_sign(u, '(') || u.kind == TOKEN_TEXT || token_is_sign(u, ','))
                u = sql_scan_code(&ahead);
            if (u.kind == TOKEN_WORD)
                snprintf(engine_version, sizeof engine_version, "%.*s", STR_ARG(u.text));
        } else if (token_is(t, "order")) {
            struct token by = sql_scan_code(&scan);
            order_line = t.line;
            if (token_is(by, "by"))
                read_order(&scan, order, sizeof order);
        }
    }
    normalise_list(identity != NULL ? identity : "", wanted, sizeof wanted);
    if (identity != NULL && strcmp(order, wanted) != 0)
        return err_set(err, ERR_STOP, "%s:%d: identity: expected exactly the table's ORDER BY (line %d: %s), got '%.80s'", d->path,
                       declaration_line(d, "identity"), order_line, order[0] != '\0' ? order : "none", wanted);
    if (identity != NULL && version == NULL)
        return at(d, declaration_line(d, "identity"), err, "identity: needs '-- version: COLUMN' beside it: which delivery stands");
    if (version != NULL && (!replacing || strcmp(version, engine_version) != 0))
        return err_set(err, ERR_STOP, "%s:%d: version: expected the table's ENGINE = ReplacingMergeTree(%.60s), got %s%s%s",
                       d->path, declaration_line(d, "version"), version, replacing ? "ReplacingMergeTree(" : "another engine",
                       replacing ? engine_version : "", replacing ? ")" : "");
    return 0;
}

/* ---- params ---- */

/* One sentence after the prose: "default X" or "LOW to HIGH". */
static int read_sentence(struct arena *a, struct declaration_param *p, struct str s, struct str *prose, const char *start)
{
    struct str rest = s;
    struct str first = str_cut(&rest, ' ');
    if (str_eq(first, STR("default"))) {
        p->fallback = arena_copy(a, str_trim(rest));
        return p->fallback != NULL ? 0 : -1;
    }
    struct str to = str_cut(&rest, ' ');
    if (first.n > 0 && str_eq(to, STR("to")) && rest.n > 0 && memchr(rest.p, ' ', rest.n) == NULL) {
        p->low = arena_copy(a, first);
        p->high = arena_copy(a, rest);
        return p->low != NULL && p->high != NULL ? 0 : -1;
    }
    *prose = (struct str){ start, (size_t)(s.p + s.n - start) };
    return 0;
}

static int read_prose(struct arena *a, struct declaration_param *p, const char *value)
{
    struct str rest = str_of(value), prose = { value, 0 };
    while (rest.n > 0) {
        const char *stop = memmem(rest.p, rest.n, ". ", 2);
        struct str s = { rest.p, stop != NULL ? (size_t)(stop - rest.p) : rest.n };
        rest = stop != NULL ? (struct str){ stop + 2, rest.n - s.n - 2 } : (struct str){ rest.p + rest.n, 0 };
        s = str_trim(s);
        if (rest.n == 0 && str_ends(s, STR(".")))
            s.n--;
        if (read_sentence(a, p, s, &prose, value) < 0)
            return -1;
    }
    p->about = arena_copy(a, str_trim(prose));
    return p->about != NULL ? 0 : -1;
}

static int add_type(struct arena *a, const struct declaration *d, struct declaration_param *params, size_t n, struct token t,
                    struct err *err)
{
    struct str type = t.text;
    struct str name = str_trim(str_cut(&type, ':'));
    type = str_trim(type);
    for (size_t i = 0; i < n; i++) {
        struct declaration_param *p = &params[i];
        if (!str_eq(str_of(p->name), name))
            continue;
        if (p->type == NULL && (p->type = arena_copy(a, type)) == NULL)
            return at(d, t.line, err, "out of memory");
        if (!str_eq(str_of(p->type), type))
            return err_set(err, ERR_STOP, "%s:%d: {%.*s:%.*s} has the type %s elsewhere", d->path, t.line, STR_ARG(name),
                           STR_ARG(type), p->type);
        return 0;
    }
    return err_set(err, ERR_STOP, "%s:%d: {%.*s} has no '-- param %.*s: …' in the head", d->path, t.line,
                   (int)(t.text.n < 60 ? t.text.n : 60), t.text.p, (int)(name.n < 60 ? name.n : 60), name.p);
}

static int find_params(struct arena *a, struct declaration *d, struct err *err)
{
    struct declaration_param *params = arena_alloc(a, PARAMS_MAX * sizeof *params);
    size_t n = 0;
    if (params == NULL)
        return at(d, 1, err, "out of memory");
    for (size_t i = 0; i < d->n_keys; i++) {
        const struct declaration_key *k = &d->keys[i];
        if (strncmp(k->name, "param ", 6) != 0)
            continue;
        if (n == PARAMS_MAX)
            return at(d, k->line, err, "expected at most 32 params");
        params[n] = (struct declaration_param){ .name = k->name + 6, .line = k->line };
        if (read_prose(a, &params[n++], k->value) < 0)
            return at(d, k->line, err, "out of memory");
    }
    struct sql_scan scan = sql_scan_of(str_of(d->sql), d->sql_line);
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
        if (t.kind != TOKEN_PLACEHOLDER)
            continue;
        if (d->room != ROOM_ENDPOINT)
            return err_set(err, ERR_STOP, "%s:%d: {%.*s}: only endpoints take parameters", d->path, t.line,
                           (int)(t.text.n < 60 ? t.text.n : 60), t.text.p);
        if (add_type(a, d, params, n, t, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (params[i].type == NULL && strcmp(params[i].name, "limit") == 0)
            params[i].type = "UInt32";
        if (params[i].type == NULL)
            return err_set(err, ERR_STOP, "%s:%d: param %s: the statement has no {%s:Type}", d->path, params[i].line,
                           params[i].name, params[i].name);
    }
    d->params = params;
    d->n_params = n;
    return 0;
}

int declaration_check(struct arena *a, struct declaration *d, struct err *err)
{
    if (check_keys(d, err) < 0 || check_values(d, err) < 0 || find_created(a, d, err) < 0 || check_name(d, err) < 0 ||
        find_params(a, d, err) < 0)
        return -1;
    return check_identity(d, err) < 0 || check_retention(d, err) < 0 ? -1 : 0;
}
