/* cli/gaps: offsets that were consumed and are in no ledger line. An empty or null message gives no row in the Kafka engine, a
 * control record or a compacted message none on the topic; anything else was lost. */
#ifndef ODW_GAPS_H
#define ODW_GAPS_H

#include <stdbool.h>

#include "cli/position.h"

struct gaps {
    int64_t empty;                 /* messages without a byte: they get a dead letter */
    int64_t absent;                /* control records, compacted: nothing is on the topic at that offset */
    int64_t unprovable;            /* the topic no longer holds them: nobody can tell */
    int64_t lost;                  /* messages with bytes that are in no table, and were not sent again since */
    int64_t first_lost, last_lost; /* of those offsets; -1: none */
    bool more;                     /* there were more gaps than one round takes: call again (close only) */
};

/* Looks at [from, committed) of one partition, and asks the topic about each offset that has no line. close: writes what was found
 * out (a dead letter and a line per empty message, a line per absent or unprovable offset), so that the next round needn't ask
 * again. */
int gaps_look(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct position *p, int64_t from,
              bool close, struct gaps *out, struct err *err) __attribute__((warn_unused_result));

/* The engine commits a position only with rows: empty messages that nothing follows stay in front of it. Passes over the run of
 * empty messages and absent offsets from p->committed on, up to the first message with bytes, and moves p->committed to its end;
 * close as above. */
int gaps_tail(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, struct position *p, bool close,
              struct gaps *out, struct err *err) __attribute__((warn_unused_result));

#endif
