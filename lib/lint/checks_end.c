/* lib/lint: ends that come too early, and input that is damaged. */
#include "lint/lint.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* The bytes of a chunk of usual rows as they go over the wire. */
static int wire(const struct lint *l, size_t rows, struct buf *out, struct finding *f)
{
    struct chunk chunk;
    struct err err = ERR_INIT;
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, rows) < 0)
        return find(f, VERDICT_FAILED, "no memory");
    if (l->f->chunk_header)
        buf_printf(out, "%zu\n", rows);
    int done = l->format->write(&chunk, out, &err);
    chunk_fini(&chunk);
    return done < 0 ? find(f, VERDICT_FAILED, "%s", err.text) : 0;
}

/* Sends these bytes, then the end: the program must end too. How it ended; -1: f says that it didn't. */
static int ends_after(const struct lint *l, struct str bytes, const char *what, int *status, struct answer *a, size_t rows,
                      struct finding *f)
{
    struct program p;
    struct err err = ERR_INIT;
    if (lint_start(l, &p, f) < 0)
        return -1;
    p.close_after = true;
    buf_put_str(&p.sent, bytes);
    if (program_send(&p, &err) < 0)
        return find(f, VERDICT_FAILED, "%s", err.text);
    enum got got = l->format->read(&p, &l->returns, rows, a);
    enum program_end end = program_end(&p, l->grace_ms, status);
    program_fini(&p);
    if (end == PROGRAM_STAYED)
        return find(f, VERDICT_FAILED, "%s: it still runs %u ms later, and would stay in the server's way", what, l->grace_ms);
    if (end == PROGRAM_KILLED)
        *status = 128 + *status;
    return got == GOT_ALL;
}

static void mid_chunk(struct lint *l, struct finding *f)
{
    struct buf bytes;
    struct answer a;
    int status = 0, whole = -1;
    buf_init(&bytes, (size_t)1 << 30);
    answer_init(&a);
    if (wire(l, 1000, &bytes, f) == 0)
        whole = ends_after(l, (struct str){ bytes.p, bytes.n * 2 / 3 }, "its input ended in mid-chunk", &status, &a, 1000, f);
    if (whole > 0)
        find(f, VERDICT_FAILED, "though its input ended in mid-chunk it answered all 1000 rows: some of those answers are made up");
    else if (whole == 0 && status == 0 && l->f->chunk_header)
        find(f, VERDICT_NOTE, "its input ended in mid-chunk and it exited with 0: a failure that nobody is told of");
    buf_fini(&bytes);
    answer_fini(&a);
}

static void wrong_header(struct lint *l, struct finding *f)
{
    static const char *const heads[] = { "x\n", "-1\n", "99999999999999999999999\n", "\n" };
    struct buf bytes;
    struct answer a;
    if (!l->f->chunk_header) {
        find(f, VERDICT_SKIPPED, "send_chunk_header is off");
        return;
    }
    buf_init(&bytes, (size_t)1 << 30);
    answer_init(&a);
    for (size_t i = 0; f->verdict == VERDICT_OK && i < sizeof heads / sizeof *heads; i++) {
        int status = 0;
        buf_clear(&bytes);
        if (wire(l, 10, &bytes, f) < 0)
            break;
        struct str after = buf_str(&bytes);
        struct buf damaged;
        str_cut(&after, '\n');
        buf_init(&damaged, 0);
        buf_puts(&damaged, heads[i]);
        buf_put_str(&damaged, after);
        int whole = ends_after(l, buf_str(&damaged), "a row count that isn't one", &status, &a, 10, f);
        buf_fini(&damaged);
        char seen[64];
        preview(str_of(heads[i]), seen, sizeof seen);
        if (whole >= 0 && status == 0)
            find(f, VERDICT_NOTE, "a chunk whose row count is \"%s\" doesn't make it fail: it exits with 0", seen);
    }
    buf_fini(&bytes);
    answer_fini(&a);
}

/* Another type than was declared: the server's declaration is newer than the program. */
static void wrong_type(struct lint *l, struct finding *f)
{
    struct buf bytes;
    struct answer a;
    int status = 0;
    if (l->format != &format_native || l->f->n_args == 0) {
        find(f, VERDICT_SKIPPED, "only Native says types");
        return;
    }
    buf_init(&bytes, (size_t)1 << 30);
    answer_init(&a);
    if (l->f->chunk_header)
        buf_puts(&bytes, "10\n");
    buf_put_varint(&bytes, (uint64_t)l->f->n_args);
    buf_put_varint(&bytes, 10);
    buf_put_string(&bytes, str_of(l->f->args[0].name));
    buf_put_string(&bytes, STR("Decimal(76, 38)"));
    for (int i = 0; i < 320; i++)
        buf_putc(&bytes, 1);
    int whole = ends_after(l, buf_str(&bytes), "a column of another type than declared", &status, &a, 10, f);
    if (whole > 0)
        find(f, VERDICT_FAILED,
             "a column of type Decimal(76, 38) is answered as if it were %s: the types on the wire aren't looked at",
             l->f->args[0].type);
    else if (whole == 0 && status == 0)
        find(f, VERDICT_NOTE, "a column of another type than declared doesn't make it fail: it exits with 0");
    buf_fini(&bytes);
    answer_fini(&a);
}

/* A query that is cancelled: nobody reads the answer any more. */
static void server_gone(struct lint *l, struct finding *f)
{
    struct program p;
    struct err err = ERR_INIT;
    int status;
    if (lint_start(l, &p, f) < 0)
        return;
    if (wire(l, 20000, &p.sent, f) == 0) {
        if (program_send(&p, &err) < 0 || program_need(&p, 1) != GOT_ALL) {
            find(f, VERDICT_FAILED, "no answer to wait for");
        } else {
            close(p.from);
            p.from = -1;
            program_sent(&p);
            if (p.to >= 0)
                close(p.to);
            p.to = -1;
            if (program_wait(&p, l->grace_ms, &status) == PROGRAM_STAYED)
                find(f, VERDICT_FAILED, "it still runs %u ms after its reader has gone: cancelled queries leave processes behind",
                     l->grace_ms);
        }
    }
    program_fini(&p);
}

static void terminated(struct lint *l, struct finding *f)
{
    struct program p;
    struct chunk chunk;
    struct answer a;
    int status;
    if (!l->f->pool) {
        find(f, VERDICT_SKIPPED, "it isn't declared as a pool");
        return;
    }
    answer_init(&a);
    if (lint_start(l, &p, f) < 0)
        return;
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, 1) == 0 && lint_exchange(l, &p, &chunk, &a, f) == 0) {
        kill(p.pid, SIGTERM);
        if (program_wait(&p, l->grace_ms, &status) == PROGRAM_STAYED)
            find(f, VERDICT_FAILED, "SIGTERM doesn't end it within %u ms: reloading functions waits that long", l->grace_ms);
    }
    chunk_fini(&chunk);
    program_fini(&p);
    answer_fini(&a);
}

/* What is left of a pool's process once its input has ended: a child of it would hold the pipe. */
static void nothing_left(struct lint *l, struct finding *f)
{
    struct program p;
    struct chunk chunk;
    struct answer a;
    int status;
    answer_init(&a);
    if (lint_start(l, &p, f) < 0)
        return;
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, 1) == 0 && lint_exchange(l, &p, &chunk, &a, f) == 0) {
        program_end(&p, l->grace_ms, &status);
        if (!p.ended)
            find(f, VERDICT_FAILED, "after its end another process still holds its output: a child that isn't ended");
    }
    chunk_fini(&chunk);
    program_fini(&p);
    answer_fini(&a);
}

const struct check checks_end[] = {
    { "end-in-chunk", "input that ends in mid-chunk ends it, and isn't answered as if it were whole", mid_chunk, false },
    { "wrong-header", "a damaged row count ends it", wrong_header, false },
    { "wrong-type", "a column of another type than declared ends it", wrong_type, false },
    { "server-gone", "it ends when its answer isn't read any more", server_gone, false },
    { "terminated", "SIGTERM ends it", terminated, false },
    { "nothing-left", "nothing of it is left after its end", nothing_left, false },
    { 0 },
};
