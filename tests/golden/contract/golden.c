/* tests/golden/contract: runs NN_name.in files and compares what comes out with NN_name.out; UPDATE=1 rewrites them.
 *
 * A file is a schema, a line of three dashes, then a message per line, read as of 2026-11-20T12:00:00Z. In a line that begins with
 * '~' (left off), \xHH is a byte. Every message is read twice, with columns and without: the verdict and its reasons must agree. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/contract.h"
#include "pii/policy.h"
#include "show.h"

#define POLICIES "udfs/pii_redact_with/share/policies" /* as they are installed; there are no keys but "not-secret" */
#define APPENDED INT64_C(1795176000000)                /* 2026-11-20T12:00:00Z */

static int read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    size_t n;
    do {
        if (buf_reserve(out, 4096) < 0)
            break;
        n = fread(out->p + out->n, 1, 4096, file);
        out->n += n;
    } while (n > 0);
    fclose(file);
    return 0;
}

static struct str unescape(struct str line, struct buf *scratch)
{
    if (line.n == 0 || line.p[0] != '~')
        return line;
    buf_clear(scratch);
    for (size_t i = 1; i < line.n; i++) {
        char hex[3] = { 0 };
        if (i + 3 < line.n && line.p[i] == '\\' && line.p[i + 1] == 'x') {
            memcpy(hex, line.p + i + 2, 2);
            buf_putc(scratch, (char)strtol(hex, NULL, 16));
            i += 3;
        } else {
            buf_putc(scratch, line.p[i]);
        }
    }
    return buf_str(scratch);
}

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
        struct str line = str_cut(&rest, '\n'), message = unescape(line, &scratch);
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

static int run_case(const char *path, struct buf *out)
{
    struct err err = ERR_INIT;
    struct buf in;
    int bad = 0;
    buf_init(&in, 0);
    if (read_file(path, &in) < 0) {
        perror(path);
        exit(1);
    }
    struct str rest = buf_str(&in), schema = rest;
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
    buf_fini(&in);
    return bad;
}

int main(void)
{
    glob_t files;
    int failed = 0;
    const char *update = getenv("UPDATE");
    if (glob("tests/golden/contract/[0-9]*.in", 0, NULL, &files) != 0) {
        fprintf(stderr, "tests/golden/contract: no cases\n");
        return 1;
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct buf out, expected;
        char path[4096];
        buf_init(&out, 0);
        buf_init(&expected, 0);
        snprintf(path, sizeof path, "%.*s.out", (int)strlen(files.gl_pathv[i]) - 3, files.gl_pathv[i]);
        bool bad = run_case(files.gl_pathv[i], &out) < 0;
        if (update != NULL && *update == '1') {
            FILE *file = fopen(path, "we");
            if (file == NULL || fwrite(out.p, 1, out.n, file) != out.n || fclose(file) != 0) {
                perror(path);
                return 1;
            }
        } else if (read_file(path, &expected) < 0 || !str_eq(buf_str(&out), buf_str(&expected))) {
            fprintf(stderr, "%s: expected what is there, got:\n%.*s", path, STR_ARG(buf_str(&out)));
            bad = true;
        }
        printf("%s %s\n", bad ? "FAIL" : "ok  ", files.gl_pathv[i]);
        failed += bad;
        buf_fini(&out);
        buf_fini(&expected);
    }
    globfree(&files);
    return failed > 0;
}
