/* lib/declaration/plan_order: puts a plan's objects in the order in which they can be created; used by plan.c alone. */
#ifndef ODW_PLAN_ORDER_H
#define ODW_PLAN_ORDER_H

#include "declaration/plan.h"

int plan_order(struct plan *p, struct err *err) __attribute__((warn_unused_result));

#endif
