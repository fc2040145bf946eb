/* lib/declaration/plan_contracts: the contracts that a plan has beside those of its queues. */
#include "declaration/plan_contracts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "declaration/sql_scan.h"

static const char suffix[] = ".schema.json";

static int is_contract(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), str_of(suffix));
}

int plan_contracts_load(struct plan *p, struct err *err)
{
    struct dirent **files = NULL;
    int rc = -1;
    const char *folder = plan_path(&p->arena, p->root, "contracts");
    int n = folder != NULL ? scandir(folder, &files, is_contract, alphasort) : -1;
    if (n < 0 && folder != NULL && errno == ENOENT)
        return 0;
    if (n < 0)
        return err_errno(err, ERR_STOP, "the folder %s can't be read", folder != NULL ? folder : "of contracts");
    if ((p->contracts = arena_alloc(&p->arena, ((size_t)n + 1) * sizeof *p->contracts)) == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    for (int i = 0; i < n; i++) {
        const char *path = arena_printf(&p->arena, "%s/%s", folder, files[i]->d_name);
        if (path == NULL) {
            err_set(err, ERR_STOP, "out of memory");
            goto out;
        }
        if ((p->contracts[p->n_contracts] = contract_load(path, err)) == NULL)
            goto out;
        p->n_contracts++;
    }
    rc = 0;
out:
    for (int i = 0; i < n; i++)
        free(files[i]);
    free(files);
    return rc;
}

const struct contract *plan_contract(const struct plan *p, const char *stem)
{
    for (size_t i = 0; i < p->n_contracts; i++)
        if (strcmp(contract_stem(p->contracts[i]), stem) == 0)
            return p->contracts[i];
    return NULL;
}

static bool types_records(const struct declaration *d)
{
    return strcmp(declaration_value(d, "kind"), plan_kind_name(PLAN_RECORDS)) == 0 && declaration_value(d, "contract") != NULL;
}

/* `CREATE MATERIALIZED VIEW … TO table AS`: the table. */
static struct str target_of(const struct declaration *d)
{
    struct sql_scan scan = sql_scan_of(str_of(d->sql), 1);
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END && t.kind != TOKEN_OPEN_END && !token_is(t, "AS");
         t = sql_scan_code(&scan))
        if (token_is(t, "TO"))
            return sql_scan_code(&scan).raw;
    return STR("");
}

/* Contracts whose records are typed by some view, each once: their function's reasons against `record`. */
static const char *record_violations(struct plan *p, const struct declaration *views)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, 0);
    for (size_t i = 0; i < p->n_contracts; i++) {
        bool typed = false;
        for (const struct declaration *v = views; v != NULL && !typed; v = v->next)
            typed = types_records(v) && strcmp(declaration_value(v, "contract"), contract_stem(p->contracts[i])) == 0;
        if (typed)
            buf_printf(&b, "%scontract = '%s', %s(asked_at, record).violations", n++ > 0 ? ", " : "multiIf(",
                       contract_stem(p->contracts[i]), contract_function(p->contracts[i]));
    }
    buf_puts(&b, n > 0 ? ", emptyArrayString())" : "emptyArrayString()");
    const char *expression = b.failed ? NULL : arena_copy(&p->arena, buf_str(&b));
    buf_fini(&b);
    return expression;
}

static const char *recorded(struct plan *p, const struct declaration *views)
{
    struct buf b;
    buf_init(&b, 0);
    for (const struct declaration *v = views; v != NULL; v = v->next)
        if (types_records(v) && target_of(v).n > 0)
            buf_printf(&b, "%sSELECT document FROM %.*s", b.n > 0 ? " UNION ALL " : "", STR_ARG(target_of(v)));
    if (b.n == 0)
        buf_puts(&b, "SELECT '' AS document WHERE 0");
    const char *query = b.failed ? NULL : arena_copy(&p->arena, buf_str(&b));
    buf_fini(&b);
    return query;
}

/* When and about which version the newest answers were given that are not among a view's rows yet. Answers come in order of
 * asked_at but for those of one block, which takes less than six hours. */
static const char *new_answers(struct plan *p, const struct declaration *d)
{
    struct str table = target_of(d);
    return arena_printf(
        &p->arena,
        "SELECT max(asked_at) AS at, argMax(identity, asked_at) FROM extraction_records"
        " WHERE contract = '%s' AND status = 'ok' AND asked_at > (SELECT max(extracted_at) - INTERVAL 6 HOUR FROM %.*s)"
        " GROUP BY document HAVING (document, at) NOT IN (SELECT document, extracted_at FROM %.*s)",
        declaration_value(d, "contract"), STR_ARG(table), STR_ARG(table));
}

int plan_contracts_words(struct plan *p, const struct declaration *d, const struct declaration *views,
                         const char *words[VIEW_WORDS_MAX], struct err *err)
{
    const char *name = declaration_value(d, "contract");
    const struct contract *c = name != NULL ? plan_contract(p, name) : NULL;
    struct buf b;
    size_t n = 0;
    if (name == NULL && strcmp(declaration_value(d, "kind"), plan_kind_name(PLAN_RECORDS)) == 0)
        return err_set(err, ERR_STOP, "%s:1: a view of kind records lacks '-- contract: NAME': whose answers it types", d->path);
    if (name != NULL && c == NULL)
        return err_set(err, ERR_STOP, "%s:%d: contract: there is no contracts/%.100s%s", d->path, declaration_line(d, "contract"),
                       name, suffix);
    buf_init(&b, 0);
    buf_puts(&b, "map(");
    for (size_t i = 0; i < p->n_contracts; i++)
        buf_printf(&b, "%s'%s', '%s'", i > 0 ? ", " : "", contract_stem(p->contracts[i]), contract_hash(p->contracts[i]));
    buf_putc(&b, ')');
    const char *hashes = b.failed ? NULL : arena_copy(&p->arena, buf_str(&b)), *violations = record_violations(p, views),
               *rows = recorded(p, views);
    buf_fini(&b);
    if (hashes == NULL || violations == NULL || rows == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    words[n++] = "contract_hashes", words[n++] = hashes;
    words[n++] = "record_violations", words[n++] = violations;
    words[n++] = "recorded", words[n++] = rows;
    if (c != NULL) {
        words[n++] = "contract", words[n++] = contract_stem(c);
        words[n++] = "contract_hash", words[n++] = contract_hash(c);
        words[n++] = "record_function", words[n++] = contract_function(c);
    }
    if (types_records(d)) {
        const char *answers = new_answers(p, d);
        if (answers == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        words[n++] = "new_answers", words[n++] = answers;
    }
    words[n] = NULL;
    return 0;
}
