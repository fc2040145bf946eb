/* cli/recovery: what becomes of dead letters by themselves: rules send them again, what got lost on the way is sent once more, and
 * what has been tried often enough stays open and says so. */
#ifndef ODW_RECOVERY_H
#define ODW_RECOVERY_H

#include "base/err.h"
#include "base/opt.h"
#include "clickhouse/clickhouse.h"
#include "declaration/plan.h"
#include "kafka/kafka.h"

struct recovery {
    const struct opts *opts; /* the worker's: worker-replay-timeout and the shared ones */
    struct clickhouse *ch;   /* borrowed */
    struct kafka_admin *kafka;
    struct kafka_producer *producer; /* made when there is something to send; the owner frees it */
};

/* One round over all sources, under a lock: where another worker is at it, nothing is done. Killed anywhere in between, the next
 * round goes on: at most a letter is sent a second time. */
int recovery_round(struct recovery *r, const struct plan *plan, struct err *err) __attribute__((warn_unused_result));

#endif
