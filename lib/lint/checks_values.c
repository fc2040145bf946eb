/* lib/lint: values that break programs. */
#include "lint/lint.h"

#include <stdlib.h>

enum { HUGE_BYTES = 16 << 20 };

static int again(struct lint *l, struct trial *t)
{
    if (lint_ask(l, t, (struct manner){ 0 }) < 0)
        return -1;
    if (lint_as_usual(l, t, "asked again in another process") < 0 && !l->f->deterministic)
        find(t, VERDICT_NOTE, "asked again, rows have other answers: it must not be declared deterministic (it isn't)");
    return 0;
}

/* ClickHouse sends a constant as a full column; a function that keeps something from row to row shows here. */
static int constants(struct lint *l, struct trial *t)
{
    if (lint_ask(l, t, (struct manner){ 0 }) < 0)
        return -1;
    const uint64_t *h = (const uint64_t *)(const void *)t->answer.hashes.p;
    for (size_t i = 1; i < answer_rows(&t->answer); i++)
        if (h[i] != h[0])
            return find(t, l->f->deterministic ? VERDICT_FAILED : VERDICT_NOTE,
                        "row %zu has another answer than row 1, whose values are the same%s", i + 1,
                        l->f->deterministic ? ", and it is declared deterministic" : "");
    return 0;
}

/* The hostile values together; where that fails, each alone, to name those that do it. */
static int hostile(struct lint *l, struct trial *t)
{
    size_t n = values_hostile(), bad = 0, at = 0;
    char names[700] = "", first[400];
    if (lint_fill(l, t, VALUES_HOSTILE, 0, n) == 0 && lint_ask(l, t, (struct manner){ 0 }) == 0)
        return 0;
    snprintf(first, sizeof first, "%.390s", t->found.text);
    for (size_t i = 0; i < n; i++) {
        if (lint_fill(l, t, VALUES_HOSTILE, i, 1) < 0)
            break;
        if (lint_ask(l, t, (struct manner){ 0 }) < 0) {
            if (bad++ == 0)
                snprintf(first, sizeof first, "%.390s", t->found.text);
            if (at + 60 < sizeof names)
                at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", at > 0 ? ", " : "", value_name(i));
        }
    }
    if (bad == 0)
        return find(t, VERDICT_FAILED, "together they fail, though each alone is answered: %s", first);
    return find(t, VERDICT_FAILED, "%zu of %zu values cost the whole chunk, and with it the query: %s. The first: %s", bad, n,
                names, first);
}

static int huge(struct lint *l, struct trial *t)
{
    struct col *cols = t->chunk.cols;
    int text = -1;
    for (int i = 0; i < l->f->n_args; i++)
        if (cols[i].kind == COL_STRING && l->f->args[i].value == NULL)
            text = i;
    if (text < 0)
        return find(t, VERDICT_SKIPPED, "it takes no String");
    char *bytes = malloc(HUGE_BYTES);
    if (bytes == NULL)
        return find(t, VERDICT_FAILED, "no memory");
    for (size_t i = 0; i < HUGE_BYTES; i++)
        bytes[i] = "word 12.5 a@b: "[i % 15];
    for (size_t row = 0; row < 5; row++)
        for (int i = 0; i < l->f->n_args; i++) {
            if (l->f->args[i].value != NULL && cols[i].kind == COL_STRING)
                col_put_str(&cols[i], str_of(l->f->args[i].value));
            else if (i == text && row == 2)
                col_put_str(&cols[i], (struct str){ bytes, HUGE_BYTES });
            else
                value_put(&cols[i], VALUES_USUAL, row);
        }
    t->chunk.rows = 5;
    free(bytes);
    return lint_ask(l, t, (struct manner){ 0 });
}

static int nulls(struct lint *l, struct trial *t)
{
    bool any = false;
    for (size_t i = 0; i < t->chunk.n_cols; i++)
        any |= value_nullable(&t->chunk.cols[i]);
    if (!any)
        return find(t, VERDICT_SKIPPED, "no argument is Nullable: the server refuses a NULL before the program is asked");
    return lint_ask(l, t, (struct manner){ 0 });
}

const struct check checks_values[] = {
    { "same-again", "the same rows have the same answers in another process", again, .rows = FEW },
    { "constants", "equal rows have equal answers", constants, .values = VALUES_CONSTANT, .rows = 1000 },
    { "hostile-values", "NULs, invalid UTF-8, quotes, line ends, extreme numbers, a megabyte are answered", hostile, .rows = 0 },
    { "huge-row", "a row of 16 MiB is answered", huge, .rows = 0 },
    { "nulls", "NULLs are answered", nulls, .values = VALUES_NULL, .rows = 1000 },
    { 0 },
};
