/* lib/lint: ends that come too early, and input that is damaged. */
#include "lint/lint.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* t->bytes become those of t->chunk as it goes over the wire, with another head where one is given. */
static int wire(const struct lint *l, struct trial *t, const char *head)
{
    struct err err = ERR_INIT;
    buf_clear(&t->bytes);
    if (head != NULL)
        buf_puts(&t->bytes, head);
    else if (l->f->chunk_header)
        buf_printf(&t->bytes, "%zu\n", t->chunk.rows);
    return l->format->write(&t->chunk, &t->bytes, &err) < 0 ? find(t, VERDICT_FAILED, "%s", err.text) : 0;
}

/* Sends the first `n` of t->bytes, then the end: the program must end too. 1: it answered as many rows as the chunk has, 0: it
 * didn't, and `status` says how it ended. */
static int ends_after(const struct lint *l, struct trial *t, size_t n, const char *what, int *status)
{
    struct program *p = &t->program;
    struct err err = ERR_INIT;
    if (lint_start(l, t) < 0)
        return -1;
    p->close_after = true;
    buf_put_str(&p->sent, (struct str){ t->bytes.p, n });
    if (program_send(p, &err) < 0)
        return find(t, VERDICT_FAILED, "%s", err.text);
    enum got got = l->format->read(p, &l->returns, t->chunk.rows, &t->answer);
    enum program_end end = program_end(p, l->grace_ms, status);
    if (end == PROGRAM_STAYED)
        return find(t, VERDICT_FAILED, "%s: it still runs %u ms later, and would stay in the server's way", what, l->grace_ms);
    if (end == PROGRAM_KILLED)
        *status = 128 + *status;
    return got == GOT_ALL;
}

static int mid_chunk(struct lint *l, struct trial *t)
{
    int status = 0;
    if (wire(l, t, NULL) < 0)
        return -1;
    int whole = ends_after(l, t, t->bytes.n * 2 / 3, "its input ended in mid-chunk", &status);
    if (whole > 0)
        return find(t, VERDICT_FAILED,
                    "though its input ended in mid-chunk it answered all 1000 rows: some of those answers are made up");
    if (whole == 0 && status == 0 && l->f->chunk_header)
        return find(t, VERDICT_NOTE, "its input ended in mid-chunk and it exited with 0: a failure that nobody is told of");
    return whole;
}

static int wrong_header(struct lint *l, struct trial *t)
{
    static const char *const heads[] = { "x\n", "-1\n", "99999999999999999999999\n", "\n" };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        char seen[64];
        int status = 0;
        if (wire(l, t, heads[i]) < 0 || ends_after(l, t, t->bytes.n, "a row count that isn't one", &status) < 0)
            return -1;
        preview(str_of(heads[i]), seen, sizeof seen);
        if (status == 0)
            return find(t, VERDICT_NOTE, "a chunk whose row count is \"%s\" doesn't make it fail: it exits with 0", seen);
    }
    return 0;
}

/* Another type than was declared: the server's declaration is newer than the program. */
static int wrong_type(struct lint *l, struct trial *t)
{
    int status = 0;
    if (l->f->chunk_header)
        buf_printf(&t->bytes, "%zu\n", t->chunk.rows);
    buf_put_varint(&t->bytes, (uint64_t)l->f->n_args);
    buf_put_varint(&t->bytes, t->chunk.rows);
    buf_put_string(&t->bytes, str_of(l->f->args[0].name));
    buf_put_string(&t->bytes, STR("Decimal(76, 38)"));
    for (size_t i = 0; i < 32 * t->chunk.rows; i++)
        buf_putc(&t->bytes, 1);
    int whole = ends_after(l, t, t->bytes.n, "a column of another type than declared", &status);
    if (whole > 0)
        return find(t, VERDICT_FAILED,
                    "a column of type Decimal(76, 38) is answered as if it were %s: the types on the wire aren't looked at",
                    l->f->args[0].type);
    if (whole == 0 && status == 0)
        return find(t, VERDICT_NOTE, "a column of another type than declared doesn't make it fail: it exits with 0");
    return whole;
}

/* A query that is cancelled: nobody reads the answer any more. */
static int server_gone(struct lint *l, struct trial *t)
{
    struct program *p = &t->program;
    struct err err = ERR_INIT;
    int status;
    if (wire(l, t, NULL) < 0)
        return -1;
    buf_put_str(&p->sent, buf_str(&t->bytes));
    if (program_send(p, &err) < 0 || program_need(p, 1) != GOT_ALL)
        return find(t, VERDICT_FAILED, "no answer to wait for");
    close(p->from);
    p->from = -1;
    program_sent(p);
    if (p->to >= 0)
        close(p->to);
    p->to = -1;
    if (program_wait(p, l->grace_ms, &status) == PROGRAM_STAYED)
        return find(t, VERDICT_FAILED, "it still runs %u ms after its reader has gone: cancelled queries leave processes behind",
                    l->grace_ms);
    return 0;
}

static int terminated(struct lint *l, struct trial *t)
{
    int status;
    if (lint_exchange(l, t) < 0)
        return -1;
    kill(t->program.pid, SIGTERM);
    if (program_wait(&t->program, l->grace_ms, &status) == PROGRAM_STAYED)
        return find(t, VERDICT_FAILED, "SIGTERM doesn't end it within %u ms: reloading functions waits that long", l->grace_ms);
    return 0;
}

/* What is left of a pool's process once its input has ended: a child of it would hold the pipe. */
static int nothing_left(struct lint *l, struct trial *t)
{
    int status;
    if (lint_exchange(l, t) < 0)
        return -1;
    program_end(&t->program, l->grace_ms, &status);
    return t->program.ended
               ? 0
               : find(t, VERDICT_FAILED, "after its end another process still holds its output: a child that isn't ended");
}

const struct check checks_end[] = {
    { "end-in-chunk", "input that ends in mid-chunk ends it, and isn't answered as if it were whole", mid_chunk, .rows = 1000 },
    { "wrong-header", "a damaged row count ends it", wrong_header, .rows = 10, .needs = NEEDS_HEADER },
    { "wrong-type", "a column of another type than declared ends it", wrong_type, .rows = 10,
      .needs = NEEDS_NATIVE | NEEDS_ARGUMENTS },
    { "server-gone", "it ends when its answer isn't read any more", server_gone, .rows = 20000, .started = true },
    { "terminated", "SIGTERM ends it", terminated, .rows = 1, .needs = NEEDS_POOL, .started = true },
    { "nothing-left", "nothing of it is left after its end", nothing_left, .rows = 1, .started = true },
    { 0 },
};
