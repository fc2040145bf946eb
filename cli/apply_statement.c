/* cli/apply_statement: the parts of a CREATE statement, as declared or as ClickHouse shows it. */
#include "cli/apply_statement.h"

#include <stdio.h>

#include "declaration/sql_scan.h"

struct walk {
    struct sql_scan scan;
    int depth;
};

static struct walk walk_of(const char *statement)
{
    return (struct walk){ sql_scan_of(str_of(statement), 1), 0 };
}

/* The next token outside all parentheses; those themselves are passed over. */
static struct token next_outside(struct walk *w)
{
    for (;;) {
        struct token t = sql_scan_code(&w->scan);
        if (t.kind == TOKEN_END || t.kind == TOKEN_OPEN_END)
            return t;
        if (token_is_sign(t, ')'))
            w->depth--;
        else if (token_is_sign(t, '('))
            w->depth++;
        else if (w->depth == 0)
            return t;
    }
}

static bool at_end(struct token t)
{
    return t.kind == TOKEN_END || t.kind == TOKEN_OPEN_END;
}

const char *statement_select(const char *statement)
{
    struct walk w = walk_of(statement);
    for (struct token t = next_outside(&w); !at_end(t); t = next_outside(&w))
        if (token_is(t, "AS"))
            return t.raw.p + t.raw.n;
    return NULL;
}

bool statement_target(const char *statement, char name[256])
{
    struct walk w = walk_of(statement);
    for (struct token t = next_outside(&w); !at_end(t) && !token_is(t, "AS"); t = next_outside(&w)) {
        if (!token_is(t, "TO"))
            continue;
        t = next_outside(&w);
        snprintf(name, 256, "%.*s", STR_ARG(t.text));
        struct walk ahead = w;
        if (token_is_sign(next_outside(&ahead), '.')) {
            t = next_outside(&ahead);
            snprintf(name, 256, "%.*s", STR_ARG(t.text));
        }
        return !at_end(t);
    }
    return false;
}

bool statement_refreshes(const char *statement)
{
    struct walk w = walk_of(statement);
    for (struct token t = next_outside(&w); !at_end(t) && !token_is(t, "AS"); t = next_outside(&w))
        if (token_is(t, "REFRESH"))
            return true;
    return false;
}

/* From the column list on. */
static struct sql_scan from_columns(const char *statement)
{
    struct sql_scan s = sql_scan_of(str_of(statement), 1), before = s;
    for (struct token t = sql_scan_code(&s); !at_end(t) && !token_is_sign(t, '('); t = sql_scan_code(&s))
        before = s;
    return before;
}

bool statement_same_queue(const char *a, const char *b)
{
    struct sql_scan x = from_columns(a), y = from_columns(b);
    for (;;) {
        struct token s = sql_scan_code(&x), t = sql_scan_code(&y);
        bool s_end = at_end(s) || token_is(s, "COMMENT"), t_end = at_end(t) || token_is(t, "COMMENT");
        if (s_end || t_end)
            return s_end && t_end;
        if (!str_eq(s.text, t.text))
            return false;
    }
}

struct str statement_clause(const char *statement, const char *key)
{
    static const char *const clauses[] = {
        "ENGINE", "PARTITION", "PRIMARY", "ORDER", "SAMPLE", "TTL", "SETTINGS", "COMMENT", "AS"
    };
    struct walk w = walk_of(statement);
    const char *from = NULL;
    bool in_engine = false;
    for (struct token t = next_outside(&w);; t = next_outside(&w)) {
        bool clause = at_end(t);
        /* A column's own TTL or CODEC is inside the parentheses of the column list. */
        for (size_t i = 0; i < sizeof clauses / sizeof *clauses && !clause; i++)
            clause = token_is(t, clauses[i]);
        in_engine = in_engine || token_is(t, "ENGINE");
        if (clause && from != NULL) {
            const char *to = at_end(t) ? statement + strlen(statement) : t.raw.p;
            return str_trim((struct str){ from, (size_t)(to - from) });
        }
        if (at_end(t))
            return STR("");
        if (in_engine && token_is(t, key))
            from = t.raw.p + t.raw.n;
    }
}
