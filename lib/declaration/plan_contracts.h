/* lib/declaration/plan_contracts: the contracts that a plan has beside those of its queues; used by plan.c alone. */
#ifndef ODW_PLAN_CONTRACTS_H
#define ODW_PLAN_CONTRACTS_H

#include "declaration/plan.h"

enum { VIEW_WORDS_MAX = 15 };

/* Loads all that contracts/ holds, also those of queues. */
int plan_contracts_load(struct plan *p, struct err *err) __attribute__((warn_unused_result));
/* The words that a view of mv/ is stamped with. views: all of them. */
int plan_contracts_words(struct plan *p, const struct declaration *d, const struct declaration *views,
                         const char *words[VIEW_WORDS_MAX], struct err *err) __attribute__((warn_unused_result));

#endif
