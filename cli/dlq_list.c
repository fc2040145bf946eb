/* cli/dlq_list: odw dlq list, odw dlq count: which letters there are, and why. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/settings.h"
#include "cli/dlq.h"

enum { COLUMNS = 6, NOT_ON_A_TERMINAL = 1000 };

static int terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return NOT_ON_A_TERMINAL;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

struct table {
    const int *widths;
    int width;
};

static int put_row(void *context, const struct str *fields, size_t n_fields)
{
    const struct table *t = context;
    struct buf line;
    buf_init(&line, 0);
    for (size_t i = 0; i < n_fields && i < COLUMNS; i++) {
        size_t from = line.n;
        dlq_put_visible(&line, fields[i]);
        for (int at = (int)(line.n - from); i + 1 < n_fields && at < t->widths[i]; at++)
            buf_putc(&line, ' ');
        if (i + 1 < n_fields)
            buf_puts(&line, "  ");
    }
    size_t n = line.n < (size_t)t->width ? line.n : (size_t)t->width;
    while (n > 0 && n < line.n && ((unsigned char)line.p[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    printf("%.*s\n", (int)n, line.p);
    buf_fini(&line);
    return 0;
}

static int to_stdout(void *context, const char *p, size_t n)
{
    (void)context;
    return fwrite(p, 1, n, stdout) == n ? 0 : -1;
}

/* One statement's rows: as a table under heads, or as JSON lines. */
static int print(const struct opts *o, const char *sql, const struct dlq_filter *f, const struct str *heads, const int *widths,
                 size_t n, struct err *err)
{
    struct clickhouse *ch = clickhouse_new(o, err);
    int rc = -1;
    if (ch == NULL)
        return -1;
    if (opts_flag(o, "json")) {
        const struct clickhouse_query q = {
            .sql = sql,
            .params = f->params,
            .n_params = f->n_params,
            .settings = "output_format_json_quote_64bit_integers=0&output_format_json_validate_utf8=1",
            .on_body = to_stdout,
        };
        rc = clickhouse_run(ch, &q, NULL, NULL, err);
    } else {
        struct table t = { widths, terminal_width() };
        put_row(&t, heads, n);
        rc = clickhouse_rows(ch, sql, f->params, f->n_params, put_row, &t, err);
    }
    clickhouse_free(ch);
    return rc;
}

/* ---- list ---- */

static const struct opt list_options[] = {
    DLQ_FILTERS("Only"),
    DLQ_STATUS,
    { .name = "limit",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "50",
      .min = 1,
      .max = 1000000,
      .help = "At most so many, the newest first" },
    { .name = "json", .type = OPT_FLAG, .help = "One JSON object per letter, without payloads" },
    { .name = NULL },
};

static const struct opt_usage list_usage = {
    .program = "odw dlq list",
    .about = "Lists dead letters, the newest first. Payloads are not shown: they may hold personal data.",
    .own = list_options,
    .shared = settings_shared,
};

static int list(const struct opts *o, struct err *err)
{
    static const struct str heads[COLUMNS] = {
        { "ID", 2 }, { "CLASS", 5 }, { "STATUS", 6 }, { "SIZE", 4 }, { "FAILED AT (UTC)", 15 }, { "WHY", 3 }
    };
    static const int widths[COLUMNS] = { 24, 10, 9, 7, 23, 0 };
    struct dlq_filter f;
    struct buf sql;
    buf_init(&sql, 65536);
    int rc = dlq_filter_init(&f, o, opts_text(o, "status"), err);
    buf_printf(
        &sql, "SELECT %s FROM dead_letters WHERE %s ORDER BY failed_at DESC, topic, partition, offset DESC LIMIT %" PRId64 "%s",
        opts_flag(o, "json") ? "id, source, class, status, note, violations, origin, attempt, contract, appended_at, failed_at, "
                               "length(payload) AS bytes, corrected != '' AS is_corrected, offspring, changed_by, changed_at"
                             : "id, class, status, concat(toString(length(payload)), ' B'), toString(failed_at), "
                               "if(note != '', concat('[', note, '] ', violations[1]), violations[1])",
        buf_text(&f.where), opts_number(o, "limit"), opts_flag(o, "json") ? " FORMAT JSONEachRow" : "");
    if (rc == 0)
        rc = print(o, buf_text(&sql), &f, heads, widths, COLUMNS, err);
    dlq_filter_fini(&f);
    buf_fini(&sql);
    return rc;
}

static int list_run(int argc, char **argv)
{
    return dlq_verb(&list_usage, list, argc, argv);
}

const struct verb dlq_list = { "list", "which there are, and why", list_run };

/* ---- count ---- */

static const struct opt count_options[] = {
    DLQ_FILTERS("Only"),
    DLQ_STATUS,
    { .name = "json", .type = OPT_FLAG, .help = "One JSON object per line" },
    { .name = NULL },
};

static const struct opt_usage count_usage = {
    .program = "odw dlq count",
    .about = "Counts dead letters by source, class and status.",
    .own = count_options,
    .shared = settings_shared,
};

static int count(const struct opts *o, struct err *err)
{
    static const struct str heads[COLUMNS] = { { "SOURCE", 6 },  { "CLASS", 5 },         { "STATUS", 6 },
                                               { "LETTERS", 7 }, { "OLDEST (UTC)", 12 }, { "NEWEST (UTC)", 12 } };
    static const int widths[COLUMNS] = { 12, 10, 9, 10, 23, 0 };
    struct dlq_filter f;
    struct buf sql;
    buf_init(&sql, 65536);
    int rc = dlq_filter_init(&f, o, opts_text(o, "status"), err);
    buf_printf(&sql,
               "SELECT source, class, status, count() AS letters, min(failed_at) AS oldest, max(failed_at) AS newest"
               " FROM dead_letters WHERE %s GROUP BY source, class, status ORDER BY source, class, status%s",
               buf_text(&f.where), opts_flag(o, "json") ? " FORMAT JSONEachRow" : "");
    if (rc == 0)
        rc = print(o, buf_text(&sql), &f, heads, widths, COLUMNS, err);
    dlq_filter_fini(&f);
    buf_fini(&sql);
    return rc;
}

static int count_run(int argc, char **argv)
{
    return dlq_verb(&count_usage, count, argc, argv);
}

const struct verb dlq_count = { "count", "how many, by source, class and status", count_run };
