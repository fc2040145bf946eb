/* lib/lint: values that break programs. */
#include "lint/lint.h"

#include <stdlib.h>

enum { HUGE_BYTES = 16 << 20 };

static void again(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    answer_init(&a);
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, FEW) < 0)
        find(f, VERDICT_FAILED, "no memory");
    else if (lint_ask(l, &chunk, (struct manner){ 0 }, &a, f) == 0 &&
             lint_same(&l->usual, &a, "asked again in another process", f) < 0 && !l->f->deterministic)
        find(f, VERDICT_NOTE, "asked again, rows have other answers: it must not be declared deterministic (it isn't)");
    chunk_fini(&chunk);
    answer_fini(&a);
}

/* ClickHouse sends a constant as a full column; a function that keeps something from row to row shows here. */
static void constants(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    answer_init(&a);
    if (chunk_init(&chunk, l, VALUES_CONSTANT, 0, 1000) < 0) {
        find(f, VERDICT_FAILED, "no memory");
    } else if (lint_ask(l, &chunk, (struct manner){ 0 }, &a, f) == 0) {
        const uint64_t *h = (const uint64_t *)(const void *)a.hashes.p;
        for (size_t i = 1; i < answer_rows(&a); i++)
            if (h[i] != h[0]) {
                find(f, l->f->deterministic ? VERDICT_FAILED : VERDICT_NOTE,
                     "row %zu has another answer than row 1, whose values are the same%s", i + 1,
                     l->f->deterministic ? ", and it is declared deterministic" : "");
                break;
            }
    }
    chunk_fini(&chunk);
    answer_fini(&a);
}

/* The hostile values together; where that fails, each alone, to name those that do it. */
static void hostile(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    size_t n = values_hostile(), bad = 0, at = 0;
    char names[700] = "", first[400];
    answer_init(&a);
    if (chunk_init(&chunk, l, VALUES_HOSTILE, 0, n) < 0) {
        find(f, VERDICT_FAILED, "no memory");
        return;
    }
    int done = lint_ask(l, &chunk, (struct manner){ 0 }, &a, f);
    chunk_fini(&chunk);
    if (done == 0) {
        answer_fini(&a);
        return;
    }
    snprintf(first, sizeof first, "%.390s", f->text);
    for (size_t i = 0; i < n; i++) {
        struct finding alone = { 0 };
        if (chunk_init(&chunk, l, VALUES_HOSTILE, i, 1) < 0)
            break;
        if (lint_ask(l, &chunk, (struct manner){ 0 }, &a, &alone) < 0) {
            if (bad++ == 0)
                snprintf(first, sizeof first, "%.390s", alone.text);
            if (at + 60 < sizeof names)
                at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", at > 0 ? ", " : "", value_name(i));
        }
        chunk_fini(&chunk);
    }
    if (bad == 0)
        find(f, VERDICT_FAILED, "together they fail, though each alone is answered: %s", first);
    else
        find(f, VERDICT_FAILED, "%zu of %zu values cost the whole chunk, and with it the query: %s. The first: %s", bad, n, names,
             first);
    answer_fini(&a);
}

static void huge(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    int text = -1;
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, 0) < 0) {
        find(f, VERDICT_FAILED, "no memory");
        return;
    }
    for (int i = 0; i < l->f->n_args; i++)
        if (chunk.cols[i].kind == COL_STRING && l->f->args[i].value == NULL)
            text = i;
    answer_init(&a);
    if (text < 0) {
        find(f, VERDICT_SKIPPED, "it takes no String");
    } else {
        char *bytes = malloc(HUGE_BYTES);
        for (size_t i = 0; bytes != NULL && i < HUGE_BYTES; i++)
            bytes[i] = "word 12.5 a@b: "[i % 15];
        for (size_t row = 0; bytes != NULL && row < 5; row++)
            for (int i = 0; i < l->f->n_args; i++) {
                if (l->f->args[i].value != NULL && chunk.cols[i].kind == COL_STRING)
                    col_put_str(&chunk.cols[i], str_of(l->f->args[i].value));
                else if (i == text && row == 2)
                    col_put_str(&chunk.cols[i], (struct str){ bytes, HUGE_BYTES });
                else
                    value_put(&chunk.cols[i], VALUES_USUAL, row);
            }
        chunk.rows = 5;
        if (bytes == NULL)
            find(f, VERDICT_FAILED, "no memory");
        else if (lint_ask(l, &chunk, (struct manner){ 0 }, &a, f) < 0)
            f->verdict = VERDICT_FAILED;
        free(bytes);
    }
    chunk_fini(&chunk);
    answer_fini(&a);
}

static void nulls(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    bool any = false;
    if (chunk_init(&chunk, l, VALUES_NULL, 0, 1000) < 0) {
        find(f, VERDICT_FAILED, "no memory");
        return;
    }
    answer_init(&a);
    for (size_t i = 0; i < chunk.n_cols; i++)
        any |= value_nullable(&chunk.cols[i]);
    if (!any)
        find(f, VERDICT_SKIPPED, "no argument is Nullable: the server refuses a NULL before the program is asked");
    else if (lint_ask(l, &chunk, (struct manner){ 0 }, &a, f) < 0)
        f->verdict = VERDICT_FAILED;
    chunk_fini(&chunk);
    answer_fini(&a);
}

const struct check checks_values[] = {
    { "same-again", "the same rows have the same answers in another process", again, false },
    { "constants", "equal rows have equal answers", constants, false },
    { "hostile-values", "NULs, invalid UTF-8, quotes, line ends, extreme numbers, a megabyte are answered", hostile, false },
    { "huge-row", "a row of 16 MiB is answered", huge, false },
    { "nulls", "NULLs are answered", nulls, false },
    { 0 },
};
