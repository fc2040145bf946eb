/* cli/check_types: whether a view's columns fit the table that they go to, or what odw worker does with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "declaration/sql_scan.h"

/* The name after TO, before AS. */
static bool target_of(const char *statement, struct str *name)
{
    struct sql_scan scan = sql_scan_of(str_of(statement), 1);
    int depth = 0;
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
        depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        if (depth == 0 && token_is(t, "as"))
            return false;
        if (depth == 0 && token_is(t, "to")) {
            *name = sql_scan_code(&scan).text;
            return true;
        }
    }
    return false;
}

/* "LowCardinality(Nullable(String))" → String, and whether it was Nullable. */
static struct str base_type(struct str type, bool *nullable)
{
    static const char *const wrappers[] = { "LowCardinality(", "Nullable(" };
    *nullable = false;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            if (str_starts(type, str_of(wrappers[j])) && str_ends(type, STR(")"))) {
                size_t n = strlen(wrappers[j]);
                *nullable = *nullable || j == 1;
                type = (struct str){ type.p + n, type.n - n - 1 };
            }
    return type;
}

static bool is_text(struct str type)
{
    return str_eq(type, STR("String")) || str_starts(type, STR("FixedString("));
}

/* Types that a text must be parsed for. */
static bool is_parsed(struct str type)
{
    static const char *const prefixes[] = { "UInt", "Int", "Float", "BFloat", "Decimal", "Date", "Time",
                                            "UUID", "IPv", "Bool",  "Array(", "Tuple(",  "Map(" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (str_starts(type, str_of(prefixes[i])))
            return true;
    return false;
}

struct fit {
    struct str target;
    struct err *problem;
};

/* Fields: column, the view's type, the table's. */
static int check_column(void *context, const struct str *f, size_t n)
{
    struct fit *fit = context;
    bool from_null, to_null;
    if (n != 3)
        return -1;
    struct str from = base_type(f[1], &from_null), to = base_type(f[2], &to_null);
    if (is_text(from) && is_parsed(to))
        err_set(fit->problem, ERR_DROP, "`%.*s` is a text (%.*s), but %.*s has it as %.*s: parse it in the view", STR_ARG(f[0]),
                STR_ARG(f[1]), STR_ARG(fit->target), STR_ARG(f[2]));
    else if (from_null && !to_null)
        err_set(fit->problem, ERR_DROP, "`%.*s` may be NULL (%.*s), but %.*s has it as %.*s", STR_ARG(f[0]), STR_ARG(f[1]),
                STR_ARG(fit->target), STR_ARG(f[2]));
    return 0;
}

/* A recovery view selects letters and what is to be sent in their place. */
static int check_recovery(struct clickhouse *c, const struct plan_object *o, const char *scratch, struct err *problem,
                          struct err *err)
{
    const struct clickhouse_param params[] = { { "database", str_of(scratch) }, { "view", str_of(o->name) } };
    if (strcmp(o->declaration->verb, "VIEW") != 0)
        return err_set(problem, ERR_DROP, "a recovery only selects: expected CREATE VIEW, got CREATE %s", o->declaration->verb), 0;
    char *columns = clickhouse_value(c,
                                     "SELECT arrayStringConcat(groupArray(concat(name, ' ', type)), ', ') FROM (SELECT name, type"
                                     " FROM system.columns WHERE database = {database:String} AND table = {view:String}"
                                     " ORDER BY position)",
                                     params, 2, err);
    if (columns != NULL && strcmp(columns, "id String, payload String") != 0)
        err_set(problem, ERR_DROP,
                "expected the columns id String, payload String (a dead letter, and what is sent in its place), got %s", columns);
    int failed = columns == NULL ? -1 : 0;
    free(columns);
    return failed;
}

int check_types(struct clickhouse *c, const struct plan_object *o, const char *scratch, struct err *problem, struct err *err)
{
    struct fit fit = { .problem = problem };
    if (o->kind == PLAN_RECOVERY)
        return check_recovery(c, o, scratch, problem, err);
    if (strcmp(o->declaration->verb, "MATERIALIZED VIEW") != 0 || !target_of(o->statement, &fit.target))
        return 0;
    const struct clickhouse_param params[] = { { "database", str_of(scratch) },
                                               { "view", str_of(o->name) },
                                               { "target", fit.target } };
    return clickhouse_rows(c,
                           "SELECT v.name, v.type, t.type FROM system.columns AS v "
                           "INNER JOIN system.columns AS t ON t.name = v.name AND t.database = v.database "
                           "WHERE v.database = {database:String} AND v.table = {view:String} AND t.table = {target:String} "
                           "ORDER BY v.position",
                           params, 3, check_column, &fit, err);
}
