/* tests/golden/contract: runs NN_name.in files and compares what comes out with NN_name.out; UPDATE=1 rewrites them.
 *
 * A file is a schema, a line of three dashes, then a message per line, read as of 2026-11-20T12:00:00Z. In a line that begins with
 * '~' (left off), \xHH is a byte. Every message is read twice, with columns and without: the verdict and its reasons must agree. */
#include "contract/contract.h"
#include "pii/policy.h"
#include "show.h"
#include "tests/golden/cases.h"

#define POLICIES "udfs/pii_redact_with/share/policies" /* as they are installed; there are no keys but "not-secret" */
#define APPENDED INT64_C(1795176000000)                /* 2026-11-20T12:00:00Z */

static void put_reasons(struct reader *r, struct buf *out)
{
    const struct str *violations;
    size_t n = reader_violations(r, &violations);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "    %.*s\n", STR_ARG(violations[i]));
}

static int run_messages(const struct contract *c, struct str rest, struct buf *out)
{
    struct err err = ERR_INIT;
    struct buf scratch, reasons, checked;
    struct col record;
    struct reader *r = reader_new(c, &err);
    buf_init(&scratch, 0);
    buf_init(&reasons, 0);
    buf_init(&checked, 0);
    struct pii_policies *policies = pii_policies_load(POLICIES, &err);
    if (r == NULL || policies == NULL || reader_use_policies(r, policies, &err) < 0 ||
        col_init(&record, "record", contract_type(c), 0, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    struct cursor cursor;
    int bad = 0;
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n'), message = cases_unescape(line, &scratch);
        buf_clear(&reasons);
        buf_clear(&checked);
        enum verdict alone = reader_read(r, message, APPENDED, NULL);
        put_reasons(r, &checked);
        enum verdict verdict = reader_read(r, message, APPENDED, &record);
        put_reasons(r, &reasons);
        if (alone != verdict || !str_eq(buf_str(&checked), buf_str(&reasons))) {
            fprintf(stderr, "checked alone it is %s, with columns %s: %.*s\n", verdict_name(alone), verdict_name(verdict),
                    STR_ARG(line));
            bad = -1;
        }
        buf_printf(out, "%.*s\n  %s", STR_ARG(line), verdict_name(verdict));
        buf_put_str(out, buf_str(&reasons).n > 0 ? STR("\n") : STR(" "));
        buf_put_str(out, buf_str(&reasons));
        if (verdict == VERDICT_OK) {
            struct buf row;
            buf_init(&row, 0);
            col_clear(&record, 1 << 20);
            if (reader_read(r, message, APPENDED, &record) != VERDICT_OK || cursor_init(&cursor, &record) < 0)
                exit(1);
            show_row(&cursor, &row);
            cursor_fini(&cursor);
            /* Behind "{violations: [], verdict: 1, ". */
            buf_printf(out, "{%.*s\n", (int)row.n - 29, row.p + 29);
            buf_fini(&row);
        }
        if (verdict == VERDICT_SIMULATED)
            buf_puts(out, "\n");
    }
    reader_free(r);
    pii_policies_free(policies);
    col_fini(&record);
    buf_fini(&scratch);
    buf_fini(&reasons);
    buf_fini(&checked);
    return bad;
}

static int run_case(struct str in, struct buf *out)
{
    struct err err = ERR_INIT;
    int bad = 0;
    struct str rest = in, schema = rest;
    for (schema.n = 0; rest.n > 0;) {
        struct str line = str_cut(&rest, '\n');
        if (str_eq(line, STR("---")))
            break;
        schema.n = (size_t)(rest.p - schema.p);
    }
    struct contract *c = contract_compile("test", schema, "test.schema.json", &err);
    if (c == NULL) {
        buf_printf(out, "refused: %s\n", err.text);
    } else {
        buf_printf(out, "%s\n", contract_type(c));
        bad = run_messages(c, rest, out);
    }
    contract_free(c);
    return bad;
}

int main(void)
{
    return cases_run("tests/golden/contract/[0-9]*.in", run_case);
}
