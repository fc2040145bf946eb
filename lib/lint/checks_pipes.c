/* lib/lint: pipes cut what goes through them anywhere, and wait. */
#include "lint/lint.h"

static void ask_usual(struct lint *l, size_t rows, struct manner manner, const char *what, struct finding *f)
{
    struct chunk chunk;
    struct answer a;
    answer_init(&a);
    if (chunk_init(&chunk, l, VALUES_USUAL, 0, rows) < 0)
        find(f, VERDICT_FAILED, "no memory");
    else if (lint_ask(l, &chunk, manner, &a, f) < 0 || lint_same(&l->usual, &a, what, f) < 0)
        f->verdict = VERDICT_FAILED;
    chunk_fini(&chunk);
    answer_fini(&a);
}

static void single_bytes(struct lint *l, struct finding *f)
{
    ask_usual(l, 200, (struct manner){ .cut = CUT_BYTES }, "where each read gets one byte", f);
}

static void odd_cuts(struct lint *l, struct finding *f)
{
    ask_usual(l, 20000, (struct manner){ .cut = CUT_RANDOM }, "where reads are cut anywhere", f);
}

static void slow_reader(struct lint *l, struct finding *f)
{
    ask_usual(l, 20000, (struct manner){ .slow = true }, "where the answer is read slowly", f);
}

static void in_blocks(struct lint *l, struct finding *f)
{
    struct chunk parts[2] = { 0 };
    struct program p;
    struct answer a;
    struct err err = ERR_INIT;
    if (l->format != &format_native || !l->f->chunk_header) {
        find(f, VERDICT_SKIPPED, "only in Native with a chunk header");
        return;
    }
    answer_init(&a);
    if (chunk_init(&parts[0], l, VALUES_USUAL, 0, 700) < 0 || chunk_init(&parts[1], l, VALUES_USUAL, 700, 1300) < 0) {
        find(f, VERDICT_FAILED, "no memory");
    } else if (lint_start(l, &p, f) == 0) {
        buf_printf(&p.sent, "2000\n");
        if (l->format->write(&parts[0], &p.sent, &err) < 0 || l->format->write(&parts[1], &p.sent, &err) < 0 ||
            program_send(&p, &err) < 0)
            find(f, VERDICT_FAILED, "%s", err.text);
        else if (l->format->read(&p, &l->returns, 2000, &a) != GOT_ALL)
            find(f, VERDICT_NOTE, "no answer%s; ClickHouse sends one block per chunk today", last_words(&p));
        else if (lint_same(&l->usual, &a, "where a chunk is sent in two blocks", f) == 0 && lint_finish(l, &p, f) < 0)
            f->verdict = VERDICT_FAILED;
        program_fini(&p);
    }
    chunk_fini(&parts[0]);
    chunk_fini(&parts[1]);
    answer_fini(&a);
}

const struct check checks_pipes[] = {
    { "single-bytes", "input that comes byte by byte gives the same answer", single_bytes, false },
    { "odd-cuts", "input that is cut anywhere gives the same answer", odd_cuts, false },
    { "slow-reader", "an answer that is read slowly is the same", slow_reader, false },
    { "two-blocks", "a chunk in two blocks gives the same answer", in_blocks, false },
    { 0 },
};
