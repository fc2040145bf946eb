/* lib/ua: finds literals in one pass over a text, and the rules that they allow. */
#include "ua/prefilter.h"

#include <stdlib.h>
#include <string.h>

static size_t words(void)
{
    return (ua_n_rules + 63) / 64;
}

int prefilter_init(struct prefilter *p)
{
    *p = (struct prefilter){ .literal_seen = calloc(ua_n_literals + 1, sizeof *p->literal_seen),
                             .clause_seen = calloc(ua_n_clauses + 1, sizeof *p->clause_seen),
                             .rule = calloc(ua_n_rules, sizeof *p->rule),
                             .candidates = calloc(words(), sizeof *p->candidates) };
    if (p->literal_seen != NULL && p->clause_seen != NULL && p->rule != NULL && p->candidates != NULL)
        return 0;
    prefilter_fini(p);
    return -1;
}

void prefilter_fini(struct prefilter *p)
{
    free(p->literal_seen);
    free(p->clause_seen);
    free(p->rule);
    free(p->candidates);
    *p = (struct prefilter){ .turn = 0 };
}

static void next_turn(struct prefilter *p)
{
    if (++p->turn == 0) { /* after four billion texts: what was seen long ago must not look like now */
        memset(p->literal_seen, 0, (ua_n_literals + 1) * sizeof *p->literal_seen);
        memset(p->clause_seen, 0, (ua_n_clauses + 1) * sizeof *p->clause_seen);
        memset(p->rule, 0, ua_n_rules * sizeof *p->rule);
        p->turn = 1;
    }
    memset(p->candidates, 0, words() * sizeof *p->candidates);
    for (unsigned i = 0; i < ua_n_always; i++)
        p->candidates[ua_always[i] / 64] |= (uint64_t)1 << ua_always[i] % 64;
}

/* The literal ends here, and with it the shorter ones at its end; where it was seen before, so were they. */
static void found(struct prefilter *p, unsigned literal)
{
    for (; literal != 0 && p->literal_seen[literal] != p->turn; literal = ua_also[literal]) {
        p->literal_seen[literal] = p->turn;
        for (unsigned i = ua_clauses_of[literal]; i < ua_clauses_of[literal + 1]; i++) {
            unsigned clause = ua_clauses[i], rule = ua_rule_of[clause];
            if (p->clause_seen[clause] == p->turn)
                continue;
            p->clause_seen[clause] = p->turn;
            if (p->rule[rule].turn != p->turn) {
                p->rule[rule].turn = p->turn;
                p->rule[rule].left = ua_rules[rule].clauses;
            }
            if (--p->rule[rule].left == 0)
                p->candidates[rule / 64] |= (uint64_t)1 << rule % 64;
        }
    }
}

void prefilter_scan(struct prefilter *p, struct str text)
{
    unsigned state = 0;
    next_turn(p);
    for (size_t i = 0; i < text.n; i++) {
        unsigned class = ua_class[(unsigned char)text.p[i]];
        while (state >= ua_n_dense && ua_only_class[state - ua_n_dense] != class)
            state = ua_fail[state - ua_n_dense];
        state = state < ua_n_dense ? ua_dense[state * ua_n_classes + class] : ua_only_next[state - ua_n_dense];
        if (ua_found[state] != 0)
            found(p, ua_found[state]);
    }
}

unsigned prefilter_next(const struct prefilter *p, unsigned from, unsigned to)
{
    while (from < to) {
        uint64_t word = p->candidates[from / 64] >> from % 64;
        if (word != 0) {
            from += (unsigned)__builtin_ctzll(word);
            return from < to ? from : to;
        }
        from = (from / 64 + 1) * 64;
    }
    return to;
}
