/* cli/recreated: is a topic still the one that its ledger lines are of, or was it deleted and created again under its name?
 *
 * The client library doesn't tell a topic's id. But a message keeps the moment at which the broker appended it, and the ledger has
 * that moment beside each offset: where a message on the topic has another one than its line, it is another message, of another
 * topic. */
#ifndef ODW_RECREATED_H
#define ODW_RECREATED_H

#include <stdbool.h>

#include "cli/position.h"

/* at: its low, high and since_ms; noted: how the topic that was noted last stood, n_noted partitions. *since_ms: the first message
 * of the new topic was appended then (milliseconds since 1970), -1: it is the same topic. Reads one message of the topic. */
int recreated_look(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct positions *at,
                   const struct position *noted, int32_t n_noted, int64_t *since_ms, struct err *err)
    __attribute__((warn_unused_result));

/* Lets the source begin at the new topic's first offset. A consumer that was there when its topic went holds on to the offsets that
 * it committed in the former one: it commits none below, and passes over what lies below where it stood. So the queue is detached,
 * the group's position set, the queue attached; what was read already is read again, which changes nothing. Where the queue isn't
 * attached it is left as it is. *moved: whether the position could be set: not while others of the group consume (ClickHouse
 * nodes). */
int recreated_begin(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct positions *at,
                    bool *moved, struct err *err) __attribute__((warn_unused_result));

#endif
