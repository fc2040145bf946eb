/* lib/udf: what runs inside the worker: rows in, one block out. */
#include "udf/row.h"

#include <signal.h>
#include <stdlib.h>

enum { KEEP_BYTES = 4 << 20 };

int signature_init(struct signature *s, const struct udf *udf, struct err *err)
{
    *s = (struct signature){ .udf = udf };
    while (s->n < UDF_ARGS && udf->args[s->n].name != NULL) {
        struct col c;
        const char *type = udf->args[s->n].type;
        if (col_init(&c, "", type, 0, err) < 0)
            return err_at(err, "argument %s of %s", udf->args[s->n].name, udf->name);
        bool known = !c.nullable && (c.kind == COL_STRING || (c.kind == COL_FIXED && c.width <= 8));
        s->width[s->n] = c.width;
        s->sign[s->n] = strncmp(type, "Int", 3) == 0 || strncmp(type, "DateTime64", 10) == 0 || strncmp(type, "Date32", 6) == 0 ||
                        strncmp(type, "Enum", 4) == 0;
        col_fini(&c);
        if (!known)
            return err_set(err, ERR_STOP, "argument %s of %s: expected String or a type of at most 8 bytes, got %s",
                           udf->args[s->n].name, udf->name, type);
        s->n++;
    }
    if (s->n == 0) /* ClickHouse sends such a function nothing at all, not even a row count, and waits */
        return err_set(err, ERR_STOP, "%s: expected at least one argument", udf->name);
    return 0;
}

int rows_init(struct rows *r, const struct signature *sig, const struct udf_limits *limits, void *state, struct err *err)
{
    *r = (struct rows){ .sig = sig };
    if (col_init(&r->out, "result", sig->udf->returns, limits->answer_bytes, err) < 0)
        return err_at(err, "what %s returns", sig->udf->name);
    buf_init(&r->scratch, limits->answer_bytes);
    r->row = (struct udf_row){ .out = &r->out, .scratch = &r->scratch, .state = state, .err = &r->stopped };
    return 0;
}

void rows_fini(struct rows *r)
{
    col_fini(&r->out);
    buf_fini(&r->scratch);
    free(r->values);
}

/* The value of argument i at p; the value after it. */
static inline const char *take_value(struct rows *r, int i, const char *p)
{
    const struct signature *s = r->sig;
    uint64_t v = 0;
    if (s->width[i] == 0) {
        /* The reader of the wire has checked that it is whole. */
        p += varint_read(p, 10, &v);
        r->row.str[i] = (struct str){ p, v };
        return p + v;
    }
    memcpy(&v, p, s->width[i]);
    if (s->sign[i] && s->width[i] < 8 && (v >> (8 * s->width[i] - 1) & 1) != 0)
        v |= ~(uint64_t)0 << 8 * s->width[i];
    r->row.fixed[i] = v;
    return p + s->width[i];
}

static inline void take_row(struct rows *r, const char *at[UDF_ARGS])
{
    for (int i = 0; i < r->sig->n; i++)
        at[i] = take_value(r, i, at[i]);
}

static bool too_large(const struct rows *r)
{
    return col_failed(&r->out) || r->scratch.failed; /* what a function goes on to do with a cut text would be wrong */
}

static bool one_row(const struct rows *r, size_t before)
{
    return r->out.rows == before + 1 && !too_large(r);
}

/* A row that has no answer. */
static void put_error(struct rows *r, const char *why)
{
    size_t before = r->out.rows;
    buf_clear(&r->scratch);
    if (r->sig->udf->on_error != NULL) {
        r->sig->udf->on_error(&r->row, why);
        if (one_row(r, before))
            return;
        col_rollback(&r->out);
    }
    col_put_default(&r->out);
}

static void fail_row(struct rows *r, size_t row, const char *why)
{
    if (r->failed++ == 0) {
        r->first_failed = row;
        r->failed_why = why;
    }
    col_rollback(&r->out);
    put_error(r, why);
}

void udf_at(struct udf_block *block, int64_t row)
{
    atomic_store_explicit(block->current, row == UDF_WAITS ? ROW_WAITS : block->first + (uint64_t)row, memory_order_relaxed);
}

/* All rows of the run at once. As rows_run. */
static int run_block(struct rows *r, const struct run *run, const char *at[UDF_ARGS], _Atomic uint64_t *current)
{
    size_t n = run->to - run->from;
    if (n > r->values_cap) {
        free(r->values);
        r->values_cap = 0;
        if ((r->values = calloc(n, sizeof *r->values)) == NULL)
            return -1;
        r->values_cap = n;
    }
    for (size_t i = 0; i < n; i++) {
        take_row(r, at);
        memcpy(r->values[i].str, r->row.str, sizeof r->row.str);
        memcpy(r->values[i].fixed, r->row.fixed, sizeof r->row.fixed);
    }
    struct udf_block block = {
        .rows = n,
        .values = r->values,
        .out = &r->out,
        .state = r->row.state,
        .err = &r->stopped,
        .current = current,
        .first = run->from,
    };
    udf_at(&block, UDF_WAITS);
    col_mark(&r->out);
    if (r->sig->udf->block(&block) == UDF_STOP)
        return UDF_STOP;
    if (r->out.rows != n || too_large(r)) {
        if (n > 1)
            return -1; /* fewer at a time */
        fail_row(r, run->from, too_large(r) ? "the answer is too large" : "the function put no row, or more than one");
    }
    atomic_store_explicit(current, run->to, memory_order_relaxed);
    return 0;
}

int rows_run(struct rows *r, const struct run *run, _Atomic uint64_t *current)
{
    const char *at[UDF_ARGS];
    int (*row)(struct udf_row *) = r->sig->udf->row;
    memcpy(at, run->part.values, sizeof at);
    col_clear(&r->out, KEEP_BYTES);
    buf_shrink(&r->scratch, KEEP_BYTES);
    r->failed = 0;
    r->stopped = ERR_INIT;
    for (size_t i = 0; i < run->from; i++)
        take_row(r, at);
    if (run->mode == RUN_ROWS && r->sig->udf->block != NULL)
        return run_block(r, run, at, current);
    for (size_t i = run->from; i < run->to; i++) {
        atomic_store_explicit(current, i, memory_order_relaxed);
        take_row(r, at);
        col_mark(&r->out);
        if (run->mode != RUN_ROWS) {
            run->mode == RUN_ERROR ? put_error(r, run->why) : col_put_default(&r->out);
            continue;
        }
        size_t before = r->out.rows;
        buf_clear(&r->scratch);
        int done = row(&r->row);
        if (done == UDF_STOP)
            return UDF_STOP;
        bool full = col_failed(&r->out);
        if (done < 0)
            fail_row(r, i, "the function has no answer");
        else if (full && i > run->from)
            return -1;
        else if (full || r->scratch.failed)
            fail_row(r, i, "the answer is too large");
        else if (r->out.rows != before + 1)
            fail_row(r, i, "the function put no row, or more than one");
    }
    atomic_store_explicit(current, run->to, memory_order_relaxed);
    return 0;
}
