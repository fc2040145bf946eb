/* cli/dlq_show: odw dlq show: one letter, with all that was done about it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "cli/dlq.h"
#include "declaration/plan.h"

enum { CLIP_BYTES = 2000 };

static const struct opt options[] = {
    { .name = "payload", .type = OPT_FLAG, .help = "Write the message to stdout, byte for byte, and nothing else" },
    { .name = "corrected", .type = OPT_FLAG, .help = "The same with the last correction" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq show",
    .about = "Shows one dead letter: what was received, why it did not hold, where it came from and what was done about it.",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .own = options,
    .shared = settings_shared,
    .more = "An ID is topic/partition/offset, as in 'odw dlq list'.\n\n"
            "  odw dlq show events/0/17 --payload > letter.json     then correct it, and\n"
            "  odw dlq edit events/0/17 --payload-file letter.json\n",
};

/* What is shown, in this order; an empty one isn't. */
static const struct {
    const char *name, *column;
    enum { PLAIN, LINES, BYTES } form;
} shown[] = {
    { "id", "id", PLAIN },
    { "source", "source", PLAIN },
    { "class", "class", PLAIN },
    { "status", "status", PLAIN },
    { "note", "note", PLAIN },
    { "offspring", "offspring", PLAIN },
    { "origin", "origin", PLAIN },
    { "attempt", "attempt", PLAIN },
    { "contract", "contract", PLAIN },
    { "appended", "appended_at", PLAIN },
    { "failed", "failed_at", PLAIN },
    { "key", "key", PLAIN },
    { "headers", "arrayStringConcat(arrayMap((n, v) -> concat(n, '=', v), header_names, header_values), ' ')", PLAIN },
    { "reasons", "arrayStringConcat(violations, '\\n')", LINES },
    { "payload", "payload", BYTES },
    { "corrected", "corrected", BYTES },
};
enum { SHOWN = sizeof shown / sizeof *shown };

struct letter_at {
    int rows;
    char source[128], offspring[320];
};

static int show_bytes(void *context, const struct str *f, size_t n)
{
    struct letter_at *s = context;
    s->rows++;
    return n == 1 && fwrite(f[0].p, 1, f[0].n, stdout) == f[0].n ? 0 : -1;
}

static int show_letter(void *context, const struct str *f, size_t n)
{
    struct letter_at *s = context;
    struct buf b;
    if (n != SHOWN)
        return -1;
    buf_init(&b, 0);
    s->rows++;
    snprintf(s->source, sizeof s->source, "%.*s", STR_ARG(f[1]));
    snprintf(s->offspring, sizeof s->offspring, "%.*s", str_eq(f[3], STR("recovered")) ? (int)f[5].n : 0, f[5].p);
    for (size_t i = 0; i < SHOWN; i++) {
        struct str value = f[i];
        if (value.n == 0 && strcmp(shown[i].name, "payload") != 0)
            continue;
        buf_printf(&b, "%-10s ", shown[i].name);
        if (shown[i].form == BYTES) {
            bool clip = value.n > CLIP_BYTES;
            buf_printf(&b, "%zu bytes%s\n", value.n, clip ? ", the first of them:" : "");
            dlq_put_visible(&b, (struct str){ value.p, clip ? CLIP_BYTES : value.n });
        } else if (shown[i].form == LINES) {
            for (bool first = true; value.n > 0; first = false) {
                buf_puts(&b, first ? "" : "\n           ");
                dlq_put_visible(&b, str_cut(&value, '\n'));
            }
        } else {
            dlq_put_visible(&b, value);
        }
        buf_putc(&b, '\n');
    }
    fwrite(b.p, 1, b.n, stdout);
    buf_fini(&b);
    return 0;
}

/* Fields: changed_at, status, offspring, changed_by, reason, bytes of the correction. */
static int show_state(void *context, const struct str *f, size_t n)
{
    struct buf b;
    (void)context;
    if (n != 6)
        return -1;
    buf_init(&b, 0);
    buf_printf(&b, "%-10s %.*s  %.*s by ", "state", STR_ARG(f[0]), STR_ARG(f[1]));
    dlq_put_visible(&b, f[3]);
    if (!str_eq(f[5], STR("0")))
        buf_printf(&b, ", corrected (%.*s bytes)", STR_ARG(f[5]));
    if (f[2].n > 0)
        buf_printf(&b, ", as %.*s", STR_ARG(f[2]));
    if (f[4].n > 0) {
        buf_puts(&b, ": ");
        dlq_put_visible(&b, f[4]);
    }
    printf("%s\n", buf_text(&b));
    buf_fini(&b);
    return 0;
}

static int show_row(void *context, const struct str *f, size_t n)
{
    const struct plan_source *s = context;
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n && i < s->n_identity; i++) {
        buf_printf(&b, "%s%s = ", i > 0 ? ", " : "", s->identity[i]);
        dlq_put_visible(&b, f[i]);
    }
    printf("%-10s %s: %s\n", "row", s->rows->creates, buf_text(&b));
    buf_fini(&b);
    return 0;
}

/* The row that a recovered letter became, where this root's declarations say how rows are told apart. */
static int link_row(const struct opts *o, struct clickhouse *ch, const struct letter_at *at, struct err *err)
{
    struct err ignore = ERR_INIT;
    struct plan *plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), &ignore);
    struct plan_source *s = plan != NULL ? plan_source(plan, at->source) : NULL;
    int rc = 0;
    if (s != NULL && at->offspring[0] != '\0') {
        const struct clickhouse_param params[] = { { "id", str_of(at->offspring) } };
        struct buf sql;
        buf_init(&sql, 0);
        for (size_t i = 0; i < s->n_identity; i++) {
            buf_puts(&sql, i > 0 ? ", toString(" : "SELECT toString(");
            clickhouse_put_name(&sql, str_of(s->identity[i]));
            buf_putc(&sql, ')');
        }
        buf_printf(&sql,
                   " FROM %s WHERE _topic = splitByChar('/', {id:String})[1] AND _partition = toUInt32(splitByChar('/', "
                   "{id:String})[2]) AND _offset = toUInt64(splitByChar('/', {id:String})[3]) LIMIT 1",
                   s->rows->creates);
        rc = clickhouse_rows(ch, buf_text(&sql), params, 1, show_row, s, err);
        buf_fini(&sql);
    }
    plan_free(plan);
    return rc;
}

static int show(const struct opts *o, struct err *err)
{
    int rc = -1;
    const char *id = opts_operand(o, 0);
    const char *bytes = opts_flag(o, "corrected") ? "corrected" : opts_flag(o, "payload") ? "payload" : NULL;
    struct letter_at at = { .rows = 0 };
    struct buf sql;
    if (letter_check_id(id, err) < 0)
        return -1;
    const struct clickhouse_param params[] = { { "id", str_of(id) } };
    struct clickhouse *ch = clickhouse_new(o, err);
    if (ch == NULL)
        return -1;
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT ");
    for (size_t i = 0; i < SHOWN && bytes == NULL; i++)
        buf_printf(&sql, "%s%s", i > 0 ? ", " : "", shown[i].column);
    buf_printf(&sql, "%s FROM dead_letters WHERE " LETTER_BY_ID " LIMIT 1", bytes != NULL ? bytes : "");
    rc = clickhouse_rows(ch, buf_text(&sql), params, 1, bytes != NULL ? show_bytes : show_letter, &at, err);
    if (rc == 0 && at.rows == 0)
        rc = err_set(err, ERR_DROP, "there is no dead letter '%s'", id);
    if (rc == 0 && bytes == NULL)
        rc = clickhouse_rows(ch,
                             "SELECT changed_at, status, offspring, changed_by, reason, length(payload) FROM dead_letter_states"
                             " WHERE letter = {id:String} ORDER BY changed_at",
                             params, 1, show_state, NULL, err);
    if (rc == 0 && bytes == NULL)
        rc = link_row(o, ch, &at, err);
    clickhouse_free(ch);
    buf_fini(&sql);
    return rc;
}

static int run(int argc, char **argv)
{
    return dlq_verb(&usage, show, argc, argv);
}

const struct verb dlq_show = { "show", "one of them: reasons, lineage, payload, what was done", run };
