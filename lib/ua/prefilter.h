/* lib/ua: which rules can match a text. */
#ifndef ODW_UA_PREFILTER_H
#define ODW_UA_PREFILTER_H

#include "base/str.h"
#include "ua/tables.h"

struct prefilter {
    uint32_t turn;          /* what was seen in this turn carries its number */
    uint32_t *literal_seen; /* by literal */
    uint32_t *clause_seen;  /* by clause */
    struct {
        uint32_t turn;
        uint32_t left; /* clauses that don't hold yet */
    } * rule;
    uint64_t *candidates; /* a bit for each rule */
};

/* -1: no memory. */
int prefilter_init(struct prefilter *p) __attribute__((warn_unused_result));
void prefilter_fini(struct prefilter *p);
/* Sets the candidates: every rule that matches the text, and some that don't. */
void prefilter_scan(struct prefilter *p, struct str text);
/* The first candidate from rule `from` on, before rule `to`; `to` where there is none. */
unsigned prefilter_next(const struct prefilter *p, unsigned from, unsigned to);

#endif
