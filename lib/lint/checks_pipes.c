/* lib/lint: pipes cut what goes through them anywhere, and wait. */
#include "lint/lint.h"

static int single_bytes(struct lint *l, struct trial *t)
{
    return lint_ask(l, t, (struct manner){ .cut = CUT_BYTES }) < 0 ? -1 : lint_as_usual(l, t, "where each read gets one byte");
}

static int odd_cuts(struct lint *l, struct trial *t)
{
    return lint_ask(l, t, (struct manner){ .cut = CUT_RANDOM }) < 0 ? -1 : lint_as_usual(l, t, "where reads are cut anywhere");
}

static int slow_reader(struct lint *l, struct trial *t)
{
    return lint_ask(l, t, (struct manner){ .slow = true }) < 0 ? -1 : lint_as_usual(l, t, "where the answer is read slowly");
}

static int in_blocks(struct lint *l, struct trial *t)
{
    static const size_t cuts[] = { 0, 700, FEW };
    struct program *p = &t->program;
    struct err err = ERR_INIT;
    buf_printf(&p->sent, "%d\n", FEW);
    for (size_t i = 0; i < 2; i++) {
        if (lint_fill(l, t, VALUES_USUAL, cuts[i], cuts[i + 1] - cuts[i]) < 0)
            return -1;
        if (l->format->write(&t->chunk, &p->sent, &err) < 0)
            return find(t, VERDICT_FAILED, "%s", err.text);
    }
    if (program_send(p, &err) < 0)
        return find(t, VERDICT_FAILED, "%s", err.text);
    if (l->format->read(p, &l->returns, FEW, &t->answer) != GOT_ALL)
        return find(t, VERDICT_NOTE, "no answer%s; ClickHouse sends one block per chunk today", last_words(p));
    return lint_as_usual(l, t, "where a chunk is sent in two blocks") < 0 ? -1 : lint_finish(l, t);
}

const struct check checks_pipes[] = {
    { "single-bytes", "input that comes byte by byte gives the same answer", single_bytes, .rows = 200 },
    { "odd-cuts", "input that is cut anywhere gives the same answer", odd_cuts, .rows = 20000 },
    { "slow-reader", "an answer that is read slowly is the same", slow_reader, .rows = 20000 },
    { "two-blocks", "a chunk in two blocks gives the same answer", in_blocks, .needs = NEEDS_NATIVE | NEEDS_HEADER,
      .started = true },
    { 0 },
};
