/* cli/apply_contract: does a changed contract still read what the views were made for? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/apply.h"
#include "declaration/sql_scan.h"

/* The next element of "Tuple(name Type, …)": false at the end. *rest begins after the "(". */
static bool next_element(struct str *rest, struct str *name, struct str *type)
{
    struct sql_scan s = sql_scan_of(*rest, 1);
    struct token t = sql_scan_code(&s);
    if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
        return false;
    *name = t.text;
    const char *from = t.raw.p + t.raw.n, *to = from;
    int depth = 0;
    for (t = sql_scan_code(&s); t.kind != TOKEN_END && t.kind != TOKEN_OPEN_END; t = sql_scan_code(&s)) {
        if (depth == 0 && (token_is_sign(t, ',') || token_is_sign(t, ')')))
            break;
        depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        to = t.raw.p + t.raw.n;
    }
    *type = str_trim((struct str){ from, (size_t)(to - from) });
    *rest = s.rest;
    return true;
}

static struct str elements(const char *type)
{
    const char *open = strchr(type, '(');
    return open != NULL ? str_of(open + 1) : STR("");
}

static bool find_element(const char *tuple, struct str name, struct str *type)
{
    struct str rest = elements(tuple), n;
    while (next_element(&rest, &n, type))
        if (str_eq(n, name))
            return true;
    return false;
}

static bool is_required(const struct contract *c, struct str name)
{
    const struct contract_field *f;
    for (size_t i = 0; (f = contract_field(c, i)) != NULL; i++)
        if (str_eq(str_of(f->name), name))
            return f->required;
    return false;
}

/* In place: a type within a type may come on lines of its own. What is quoted stays. */
static void unfold(char *type)
{
    char *to = type, quote = '\0';
    for (const char *p = type; *p != '\0'; p++) {
        if (quote != '\0') {
            if (*p == '\\' && p[1] != '\0')
                *to++ = *p++;
            else if (*p == quote)
                quote = '\0';
        } else if (*p == '\'' || *p == '`') {
            quote = *p;
        } else if (*p == '\n') {
            while (p[1] == ' ')
                p++;
            if (to > type && to[-1] == ',')
                *to++ = ' ';
            continue;
        }
        *to++ = *p;
    }
    *to = '\0';
}

/* As ClickHouse writes a type: the contract's text may differ from it in spaces. */
static char *normal_type(struct apply *a, const char *type, struct err *err)
{
    const struct clickhouse_param p = { "type", str_of(type) };
    return clickhouse_value(a->ch, "SELECT toTypeName(defaultValueOfTypeName({type:String}))", &p, 1, err);
}

/* Whether a value of the one is one of the other: LowCardinality is how it is stored. */
static bool same_values(struct str a, struct str b)
{
    struct str low = STR("LowCardinality(");
    if (str_starts(a, low))
        a = (struct str){ a.p + low.n, a.n - low.n - 1 };
    if (str_starts(b, low))
        b = (struct str){ b.p + low.n, b.n - low.n - 1 };
    return str_eq(a, b);
}

static int one_contract(struct apply *a, const struct plan_source *s, struct err *err)
{
    char intake[256];
    snprintf(intake, sizeof intake, "%s_intake", s->stem);
    struct object *o = apply_object(a, intake);
    if (o == NULL || !o->exists)
        return 0;
    const struct clickhouse_param p = { "table", str_of(intake) };
    char *have =
        clickhouse_value(a->ch,
                         "SELECT type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} AND "
                         "name = 'record'",
                         &p, 1, err);
    char *want = have != NULL ? normal_type(a, contract_type(s->contract), err) : NULL;
    struct buf broken;
    struct str rest, name, type, other;
    buf_init(&broken, 0);
    int done = -1;
    if (have == NULL || want == NULL)
        goto out;
    done = 0;
    unfold(have);
    unfold(want);
    if (have[0] == '\0' || strcmp(have, want) == 0)
        goto out;
    for (rest = elements(have); next_element(&rest, &name, &type);) {
        bool kept = find_element(want, name, &other);
        if (!kept && !contract_drops(s->contract, name))
            buf_printf(&broken, "%s%.*s (%.*s) is gone", broken.n > 0 ? "; " : "", STR_ARG(name), STR_ARG(type));
        else if (kept && !same_values(type, other))
            buf_printf(&broken, "%s%.*s was %.*s, is %.*s", broken.n > 0 ? "; " : "", STR_ARG(name), STR_ARG(type), STR_ARG(other));
    }
    for (rest = elements(want); next_element(&rest, &name, &type);)
        if (!find_element(have, name, &other) && is_required(s->contract, name))
            buf_printf(&broken, "%s%.*s is new and required, which messages so far don't have", broken.n > 0 ? "; " : "",
                       STR_ARG(name));
    if (broken.n > 0 && !opts_flag(a->opts, "allow-incompatible"))
        done =
            err_set(err, ERR_STOP,
                    "contracts/%s.schema.json: expected a contract that reads what the last one read: %s; add fields that may be "
                    "absent, or say --allow-incompatible",
                    s->stem, buf_text(&broken));
    else if (broken.n > 0)
        log_warn("contracts/%s.schema.json: an incompatible change: %s", s->stem, buf_text(&broken));
out:
    buf_fini(&broken);
    free(have);
    free(want);
    return done;
}

int apply_contracts(struct apply *a, struct err *err)
{
    for (size_t i = 0; i < a->plan->n_sources && !a->no_database; i++)
        if (one_contract(a, &a->plan->sources[i], err) < 0)
            return -1;
    return 0;
}
