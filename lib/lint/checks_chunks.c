/* lib/lint: chunks of all sizes, one after another. */
#include "lint/lint.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

/* Usual rows, each time from another one on. */
static int exchange_rows(const struct lint *l, struct program *p, size_t rows, struct answer *a, struct finding *f)
{
    struct chunk chunk;
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, rows) < 0)
        return find(f, VERDICT_FAILED, "no memory for a chunk of %zu rows", rows);
    int done = lint_exchange(l, p, &chunk, a, f);
    chunk_fini(&chunk);
    return done;
}

/* The most important: most programs that fail in a pool fail here. */
static void one_row(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    answer_init(&a);
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, 1) < 0)
        find(f, VERDICT_FAILED, "no memory");
    else if (lint_ask(l, &chunk, (struct manner){ 0 }, &a, f) == 0 && !l->f->chunk_header && l->f->pool)
        find(f, VERDICT_NOTE,
             "send_chunk_header is off: the program can't know where a chunk ends, and must answer each row as it comes");
    chunk_fini(&chunk);
    answer_fini(&a);
}

static void usual_rows(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, FEW) < 0) {
        find(f, VERDICT_FAILED, "no memory");
        return;
    }
    if (lint_ask(l, &chunk, (struct manner){ 0 }, &l->usual, f) < 0)
        f->verdict = VERDICT_FAILED;
    chunk_fini(&chunk);
}

static void several(struct lint *l, struct finding *f)
{
    static const size_t sizes[] = { 1, 2, 100, 1, 8192, 65409, 1, FEW };
    struct program p;
    struct answer a;
    int done = 0;
    if (!l->f->pool) {
        find(f, VERDICT_SKIPPED, "it isn't declared as a pool");
        return;
    }
    answer_init(&a);
    if (lint_start(l, &p, f) < 0)
        return;
    for (size_t i = 0; done == 0 && i < sizeof sizes / sizeof *sizes; i++) {
        done = exchange_rows(l, &p, sizes[i], &a, f);
        char before[sizeof f->text];
        if (done < 0 && i > 0) {
            snprintf(before, sizeof before, "%s", f->text);
            find(f, VERDICT_FAILED, "chunk number %zu: %.900s", i + 1, before);
        }
        if (done == 0)
            done = lint_same(&l->usual, &a, "as one of several chunks", f);
    }
    if (done == 0 && lint_finish(l, &p, f) < 0)
        f->verdict = VERDICT_FAILED;
    program_fini(&p);
    answer_fini(&a);
}

static void no_rows(struct lint *l, struct finding *f)
{
    struct program p;
    struct answer a;
    if (!l->f->pool || !l->f->chunk_header) {
        find(f, VERDICT_SKIPPED, "only with a chunk header, in a pool");
        return;
    }
    answer_init(&a);
    if (lint_start(l, &p, f) < 0)
        return;
    int done = exchange_rows(l, &p, 0, &a, f);
    if (done == 0)
        done = exchange_rows(l, &p, 10, &a, f);
    if (done == 0)
        done = lint_same(&l->usual, &a, "after a chunk without rows", f);
    if (done == 0 && lint_finish(l, &p, f) < 0)
        f->verdict = VERDICT_FAILED;
    program_fini(&p);
    answer_fini(&a);
}

/* Kilobytes of the process at its largest. */
static long peak_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kb;
}

static void large(struct lint *l, struct finding *f)
{
    struct chunk chunk;
    struct program p;
    struct answer a;
    answer_init(&a);
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, l->large_rows) < 0) {
        find(f, VERDICT_FAILED, "no memory for %zu rows", l->large_rows);
        return;
    }
    if (lint_start(l, &p, f) == 0) {
        int64_t before = monotonic_ms();
        int done = lint_exchange(l, &p, &chunk, &a, f);
        double seconds = (double)(monotonic_ms() - before) / 1000;
        long kb = p.pid > 0 ? peak_kb(p.pid) : 0;
        if (done == 0)
            done = lint_same(&l->usual, &a, "in a large chunk", f);
        if (done == 0 && lint_finish(l, &p, f) == 0)
            find(f, VERDICT_OK, "%zu rows in %.2f s, %.0f rows/s; its process held up to %ld MB", chunk.rows, seconds,
                 (double)chunk.rows / (seconds > 0 ? seconds : 0.001), kb >> 10);
        program_fini(&p);
    }
    chunk_fini(&chunk);
    answer_fini(&a);
}

const struct check checks_chunks[] = {
    { "one-row", "one row is answered while the input stays open", one_row, true },
    { "rows", "2,000 rows in, 2,000 rows out", usual_rows, true },
    { "several-chunks", "one process answers chunks of 1 to 65,409 rows in turn", several, false },
    { "no-rows", "a chunk without rows has no answer, and the next one has its own", no_rows, false },
    { "large-chunk", "a large chunk goes through", large, false },
    { 0 },
};
