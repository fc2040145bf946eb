/* cli/audit_statement: what the parts of an audit ask with: statements about one topic's lines, and what they say of the answer. */
#include "cli/audit_part.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

enum { QUERY_TIMEOUT_MS = 30 * 60000 };

void audit_say(json_t *list, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(list, json_string(text));
}

int audit_run(struct audit *a, struct buf *sql, struct buf *out, struct err *err)
{
    const struct clickhouse_param params[] = { { "source", str_of(a->source->stem) },
                                               { "topic", str_of(a->source->topic) },
                                               { "sealed_at",
                                                 str_of(a->sealed_at[0] != '\0' ? a->sealed_at : "1970-01-01 00:00:00.000") } };
    const struct clickhouse_query q = {
        .sql = buf_text(sql),
        .params = params,
        .n_params = sizeof params / sizeof *params,
        .timeout_ms = QUERY_TIMEOUT_MS,
        .settings = "do_not_merge_across_partitions_select_final=1&max_bytes_before_external_group_by=2000000000"
                    "&transform_null_in=0&max_execution_time=1800",
    };
    if (sql->failed)
        return err_set(err, ERR_STOP, "out of memory for a statement");
    return clickhouse_run(a->ch, &q, out, NULL, err);
}

/* One row of numbers and words, TabSeparated; fields point into `line`. */
size_t audit_split(struct str *rest, struct str *fields, size_t max)
{
    struct str line = str_cut(rest, '\n');
    size_t n = 0;
    while (n < max && (line.n > 0 || n == 0))
        fields[n++] = str_cut(&line, '\t');
    return n;
}

/* (partition = 0 AND offset >= 10 AND offset < 20) OR …, of this topic; to NULL: no end. Plain numbers, so that the primary key
 * prunes. */
void audit_put_ranges(struct buf *b, const struct audit *a, audit_place *from, audit_place *to)
{
    const struct positions *at = &a->at;
    buf_puts(b, "(");
    if (a->since_ms > 0)
        buf_printf(b, "sent_at >= " MOMENT " AND ", a->since_ms);
    if (a->until_ms >= 0)
        buf_printf(b, "sent_at < " MOMENT " AND ", a->until_ms);
    buf_puts(b, "(0");
    for (int32_t i = 0; i < at->n; i++) {
        buf_printf(b, " OR (partition = %d AND offset >= %" PRId64, at->at[i].partition, from(&at->at[i]));
        if (to != NULL)
            buf_printf(b, " AND offset < %" PRId64, to(&at->at[i]));
        buf_puts(b, ")");
    }
    buf_puts(b, "))");
}

int64_t audit_start(const struct position *p)
{
    return p->start;
}

int64_t audit_proven(const struct position *p)
{
    return p->proven;
}

int64_t audit_committed(const struct position *p)
{
    return p->committed;
}

void audit_put_conditions(struct audit *a)
{
    struct buf *const all[] = { &a->todo, &a->done, &a->ahead, &a->young };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_clear(all[i]);
    audit_put_ranges(&a->todo, a, audit_proven, audit_committed);
    /* What came through a topic of this name that is gone was proven when that was noted. */
    buf_printf(&a->done, "(sent_at < " MOMENT " OR ", a->since_ms);
    audit_put_ranges(&a->done, a, audit_start, audit_proven);
    buf_puts(&a->done, ")");
    audit_put_ranges(&a->ahead, a, audit_proven, NULL);
    buf_printf(&a->young, "appended_at >= " MOMENT " AND _offset >= [", a->since_ms);
    for (int32_t i = 0; i < a->at.n; i++)
        buf_printf(&a->young, "%s%" PRId64, i > 0 ? ", " : "", a->at.at[i].proven);
    buf_puts(&a->young, "][_partition + 1]");
}

void audit_put_kept_since(struct buf *sql, const struct audit *a)
{
    const char *retention = declaration_value(a->source->rows, "retention");
    int64_t kept = retention != NULL ? declaration_duration(retention) : -1;
    int64_t since = kept < 0 ? 0 : wall_ms() - kept + INT64_C(86400000);
    buf_printf(sql, "fromUnixTimestamp64Milli(%" PRId64 ", 'UTC')", since > 0 ? since : 0);
}

/* A list of lines (partition, offset, more) that a problem is about. */
void audit_list_lines(struct audit *a, struct str rows, const char *what)
{
    struct buf text;
    buf_init(&text, 900);
    int64_t n = 0;
    for (struct str rest = rows, f[3]; rest.n > 0; n++) {
        size_t got = audit_split(&rest, f, 3);
        if (n < EXAMPLES && got >= 2) {
            buf_printf(&text, "%s%s/%.*s/%.*s", n > 0 ? ", " : "", a->source->topic, STR_ARG(f[0]), STR_ARG(f[1]));
            if (got == 3)
                buf_printf(&text, " (%.*s)", STR_ARG(f[2]));
        }
    }
    if (n > 0)
        audit_say(a->problems, "%s: %s%" PRId64 " %s: %s", a->source->stem, n > EXAMPLES ? "at least " : "",
                  n > EXAMPLES ? n - 1 : n, what, buf_text(&text));
    buf_fini(&text);
}
