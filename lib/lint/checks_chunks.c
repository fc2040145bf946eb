/* lib/lint: chunks of all sizes, one after another. */
#include "lint/lint.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

/* The most important: most programs that fail in a pool fail here. */
static int one_row(struct lint *l, struct trial *t)
{
    if (lint_ask(l, t, (struct manner){ 0 }) < 0)
        return -1;
    if (!l->f->chunk_header && l->f->pool)
        return find(t, VERDICT_NOTE,
                    "send_chunk_header is off: the program can't know where a chunk ends, and must answer each row as it comes");
    return 0;
}

/* The answer that others are compared with. */
static int usual_rows(struct lint *l, struct trial *t)
{
    int done = lint_ask(l, t, (struct manner){ 0 });
    l->usual = t->answer;
    answer_init(&t->answer);
    return done;
}

static int several(struct lint *l, struct trial *t)
{
    static const size_t sizes[] = { 1, 2, 100, 1, 8192, 65409, 1, FEW };
    char before[sizeof t->found.text];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (lint_fill(l, t, VALUES_USUAL, 0, sizes[i]) < 0)
            return -1;
        if (lint_exchange(l, t) < 0) {
            snprintf(before, sizeof before, "%s", t->found.text);
            return i == 0 ? -1 : find(t, VERDICT_FAILED, "chunk number %zu: %.900s", i + 1, before);
        }
        if (lint_as_usual(l, t, "as one of several chunks") < 0)
            return -1;
    }
    return lint_finish(l, t);
}

static int no_rows(struct lint *l, struct trial *t)
{
    if (lint_exchange(l, t) < 0 || lint_fill(l, t, VALUES_USUAL, 0, 10) < 0 || lint_exchange(l, t) < 0 ||
        lint_as_usual(l, t, "after a chunk without rows") < 0)
        return -1;
    return lint_finish(l, t);
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

static int large(struct lint *l, struct trial *t)
{
    int64_t before = monotonic_ms();
    int done = lint_exchange(l, t);
    double seconds = (double)(monotonic_ms() - before) / 1000;
    long kb = t->program.pid > 0 ? peak_kb(t->program.pid) : 0;
    if (done < 0 || lint_as_usual(l, t, "in a large chunk") < 0 || lint_finish(l, t) < 0)
        return -1;
    find(t, VERDICT_OK, "%zu rows in %.2f s, %.0f rows/s; its process held up to %ld MB", t->chunk.rows, seconds,
         (double)t->chunk.rows / (seconds > 0 ? seconds : 0.001), kb >> 10);
    return 0;
}

const struct check checks_chunks[] = {
    { "one-row", "one row is answered while the input stays open", one_row, .rows = 1, .vital = true },
    { "rows", "2,000 rows in, 2,000 rows out", usual_rows, .rows = FEW, .vital = true },
    { "several-chunks", "one process answers chunks of 1 to 65,409 rows in turn", several, .needs = NEEDS_POOL, .started = true },
    { "no-rows", "a chunk without rows has no answer, and the next one has its own", no_rows, .needs = NEEDS_POOL | NEEDS_HEADER,
      .started = true },
    { "large-chunk", "a large chunk goes through", large, .rows = LARGE, .started = true },
    { 0 },
};
