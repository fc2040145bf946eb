/* cli/dlq_select: which letters a verb is about, and the way along them. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "base/utf8.h"
#include "cli/dlq.h"
#include "declaration/declaration.h"

static void bind(struct dlq_filter *f, const char *name, const char *value, const char *condition)
{
    f->params[f->n_params++] = (struct clickhouse_param){ name, str_of(value) };
    buf_puts(&f->where, condition);
}

/* A moment, or how long ago; into the condition "failed_at SIGN …". */
static int bind_time(struct dlq_filter *f, const struct opts *o, const char *name, const char *sign, char text[32], struct err *err)
{
    char condition[128];
    const char *when = opts_text(o, name);
    if (when == NULL)
        return 0;
    long long ms = declaration_duration(when);
    if (ms >= 0) {
        snprintf(text, 32, "%lld", ms);
        snprintf(condition, sizeof condition, " AND failed_at %s now64(3) - toIntervalMillisecond({%s:Int64})", sign, name);
        bind(f, name, text, condition);
    } else if (when[0] >= '0' && when[0] <= '9' && strchr(when, '-') != NULL) {
        snprintf(condition, sizeof condition, " AND failed_at %s parseDateTime64BestEffort({%s:String}, 3, 'UTC')", sign, name);
        bind(f, name, when, condition);
    } else {
        return err_set(err, ERR_STOP, "--%s: expected a moment such as 2026-11-20T10:00:00Z or a time such as 2h, got '%s'", name,
                       when);
    }
    return 0;
}

int dlq_filter_init(struct dlq_filter *f, const struct opts *o, const char *status, struct err *err)
{
    *f = (struct dlq_filter){ .n_params = 0 };
    buf_init(&f->where, 65536);
    buf_puts(&f->where, "1");
    if (opts_text(o, "source") != NULL)
        bind(f, "source", opts_text(o, "source"), " AND source = {source:String}");
    if (opts_text(o, "class") != NULL)
        bind(f, "class", opts_text(o, "class"), " AND class = {class:String}");
    if (opts_text(o, "reason") != NULL)
        bind(f, "reason", opts_text(o, "reason"),
             " AND arrayExists(v -> positionCaseInsensitiveUTF8(v, {reason:String}) > 0, arrayPushBack(violations, note))");
    if (status != NULL)
        bind(f, "status", status, " AND status = {status:String}");
    if (bind_time(f, o, "since", ">=", f->since, err) < 0)
        return -1;
    return bind_time(f, o, "until", "<", f->until, err);
}

void dlq_filter_fini(struct dlq_filter *f)
{
    buf_fini(&f->where);
}

static bool is_id(const char *operand)
{
    return operand[0] != '/';
}

int dlq_ids(const struct opts *o)
{
    int n = 0;
    for (int i = 0; i < opts_operands(o); i++)
        n += is_id(opts_operand(o, i));
    return n;
}

int dlq_check_selection(const struct opts *o, struct err *err)
{
    static const char *const filters[] = { "source", "class", "reason", "since", "until" };
    bool all = opts_flag(o, "all");
    if (all == (dlq_ids(o) > 0))
        return err_set(err, ERR_STOP, all ? "give IDs or --all, not both" : "expected a dead letter's ID, or --all");
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (!all && opts_given(o, filters[i]))
            return err_set(err, ERR_STOP, "--%s goes with --all", filters[i]);
    for (int i = 0; i < opts_operands(o); i++)
        if (is_id(opts_operand(o, i)) && letter_check_id(opts_operand(o, i), err) < 0)
            return -1;
    return 0;
}

/* ---- the walk ---- */

struct page {
    struct dlq_walk *walk;
    size_t rows, bytes;
    bool full;
    char last[24]; /* where the next page begins */
};

/* Field 0 is the offset; the others are the caller's. */
static int take_letter(void *context, const struct str *f, size_t n)
{
    struct page *p = context;
    if (p->bytes >= p->walk->page_bytes) {
        p->full = true; /* and the answer is broken off */
        return -1;
    }
    snprintf(p->last, sizeof p->last, "%.*s", STR_ARG(f[0]));
    for (size_t i = 0; i < n; i++)
        p->bytes += f[i].n;
    p->rows++;
    return p->walk->each(p->walk->context, f + 1, n - 1);
}

static int end_page(struct dlq_walk *w, const struct page *p, struct err *err)
{
    w->seen += (int64_t)p->rows;
    if (w->page != NULL && w->page(w->context, err) < 0)
        return -1;
    if (w->progress != NULL)
        progress_set(w->progress, w->seen);
    return 0;
}

static int one_by_one(struct dlq_walk *w, struct err *err)
{
    struct buf sql;
    int rc = 0;
    buf_init(&sql, 65536);
    buf_printf(&sql, "SELECT offset, %s FROM dead_letters WHERE " LETTER_BY_ID " LIMIT 1", w->columns);
    for (int i = 0; i < opts_operands(w->opts) && rc == 0; i++) {
        if (!is_id(opts_operand(w->opts, i)))
            continue;
        const struct clickhouse_param params[] = { { "id", str_of(opts_operand(w->opts, i)) } };
        struct page p = { .walk = w };
        w->page_bytes = w->page_bytes > 0 ? w->page_bytes : 1;
        rc = clickhouse_rows(w->ch, buf_text(&sql), params, 1, take_letter, &p, err);
        if (rc == 0 && p.rows == 0 && w->missing != NULL)
            w->missing(w->context, opts_operand(w->opts, i));
        if (rc == 0)
            rc = end_page(w, &p, err);
    }
    buf_fini(&sql);
    return rc;
}

struct groups {
    struct arena arena;
    struct group {
        const char *source, *topic, *partition;
        struct group *next;
    } * first, **end;
    int64_t letters;
};

static int take_group(void *context, const struct str *f, size_t n)
{
    struct groups *g = context;
    struct group *one = n == 4 ? arena_alloc(&g->arena, sizeof *one) : NULL;
    const char *count = n == 4 ? arena_copy(&g->arena, f[3]) : NULL;
    if (one == NULL || count == NULL)
        return -1;
    *one = (struct group){ arena_copy(&g->arena, f[0]), arena_copy(&g->arena, f[1]), arena_copy(&g->arena, f[2]), NULL };
    if (one->source == NULL || one->topic == NULL || one->partition == NULL)
        return -1;
    g->letters += strtoll(count, NULL, 10);
    *g->end = one;
    g->end = &one->next;
    return 0;
}

/* Along one partition, oldest first: what a page left as it was must not come up again. */
static int along(struct dlq_walk *w, struct dlq_filter *f, const struct group *g, struct err *err)
{
    struct buf sql;
    char after[24] = "";
    size_t n = f->n_params;
    int rc = 0;
    buf_init(&sql, 65536);
    f->params[n] = (struct clickhouse_param){ "walk_source", str_of(g->source) };
    f->params[n + 1] = (struct clickhouse_param){ "walk_topic", str_of(g->topic) };
    f->params[n + 2] = (struct clickhouse_param){ "walk_partition", str_of(g->partition) };
    while (rc == 0) {
        struct page p = { .walk = w };
        struct err broken = ERR_INIT;
        buf_clear(&sql);
        buf_printf(&sql,
                   "SELECT offset, %s FROM dead_letters WHERE %s AND source = {walk_source:String} AND topic = {walk_topic:String}"
                   " AND partition = {walk_partition:UInt32}%s ORDER BY offset LIMIT %zu",
                   w->columns, buf_text(&f->where), after[0] != '\0' ? " AND offset > {walk_after:UInt64}" : "", w->page_rows);
        f->params[n + 3] = (struct clickhouse_param){ "walk_after", str_of(after) };
        rc = clickhouse_rows(w->ch, buf_text(&sql), f->params, n + (after[0] != '\0' ? 4 : 3), take_letter, &p, &broken);
        if (rc < 0 && p.full)
            rc = 0;
        else if (rc < 0)
            *err = broken;
        if (rc == 0)
            rc = end_page(w, &p, err);
        if (p.rows < w->page_rows && !p.full)
            break;
        snprintf(after, sizeof after, "%s", p.last);
    }
    buf_fini(&sql);
    return rc;
}

int dlq_walk(struct dlq_walk *w, struct err *err)
{
    if (dlq_ids(w->opts) > 0)
        return one_by_one(w, err);
    struct groups g = { .end = &g.first };
    struct dlq_filter f;
    struct buf sql;
    arena_init(&g.arena, 0);
    buf_init(&sql, 65536);
    int rc = dlq_filter_init(&f, w->opts, w->status, err);
    if (rc == 0) {
        buf_printf(&sql,
                   "SELECT source, topic, partition, count() FROM dead_letters WHERE %s GROUP BY source, topic, partition"
                   " ORDER BY source, topic, partition",
                   buf_text(&f.where));
        rc = clickhouse_rows(w->ch, buf_text(&sql), f.params, f.n_params, take_group, &g, err);
    }
    if (w->progress != NULL)
        w->progress->total = g.letters;
    for (const struct group *one = g.first; one != NULL && rc == 0; one = one->next)
        rc = along(w, &f, one, err);
    if (w->progress != NULL)
        progress_clear(w->progress);
    dlq_filter_fini(&f);
    buf_fini(&sql);
    arena_fini(&g.arena);
    return rc;
}

/* ---- what verbs have in common ---- */

int dlq_read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char chunk[65536];
    size_t n;
    if (f == NULL)
        return err_errno(err, ERR_DROP, "%s", path);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        if (buf_put(out, chunk, n) < 0)
            break;
    int rc = ferror(f) ? err_errno(err, ERR_DROP, "%s", path) : 0;
    if (out->failed)
        rc = err_set(err, ERR_DROP, "%s: more than %zu bytes are no message", path, out->max);
    if (f != stdin)
        fclose(f);
    return rc;
}

void dlq_put_visible(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_length(s.p + i, s.n - i);
        unsigned char c = (unsigned char)s.p[i];
        if (len == 0 || c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0)) {
            buf_printf(b, c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : "\\x%02x", c);
            i++;
        } else {
            buf_put(b, s.p + i, len);
            i += len;
        }
    }
}

const char *dlq_who(const struct opts *o, char name[64])
{
    const char *by = opts_text(o, "by");
    const struct passwd *p = by == NULL ? getpwuid(getuid()) : NULL;
    if (by != NULL)
        snprintf(name, 64, "%s", by);
    else if (p != NULL)
        snprintf(name, 64, "%s", p->pw_name);
    else
        snprintf(name, 64, "user %u", (unsigned)getuid());
    return name;
}

int dlq_verb(const struct opt_usage *usage, int (*work)(const struct opts *, struct err *), int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(usage, "odw", argc, argv, &o);
    if (code >= 0)
        return code;
    code = EXIT_SUCCESS;
    if (work(o, &err) < 0) {
        fprintf(stderr, "%s: %s\n", usage->program, err.text);
        code = err.class == ERR_STOP ? 2 : EXIT_FAILURE;
        if (code == 2)
            fprintf(stderr, "Try '%s --help'.\n", usage->program);
    }
    opts_free(o);
    return code;
}
