/* cli/position: how far a source has come: what the ledger answers for, what was proven, what the group has committed. */
#ifndef ODW_POSITION_H
#define ODW_POSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "clickhouse/clickhouse.h"
#include "declaration/plan.h"
#include "kafka/kafka.h"

/* One partition: offsets are of the next message, -1 where there is none. Of a topic that was deleted and created again only what
 * it holds since: its offsets begin anew. */
struct position {
    int32_t partition;
    int64_t start;     /* the ledger answers from here on (odw apply noted it) */
    int64_t proven;    /* every offset below was accounted for by an audit; at least start */
    int64_t committed; /* the group's position; at least start */
    int64_t low, high; /* what the topic holds now */
    int64_t since_ms;  /* its messages were appended from then on: milliseconds since 1970; 0: the first topic of this name */
};

struct positions {
    struct position *at;
    int32_t n;
    char proven_at[40]; /* the moment of the newest proof, as ClickHouse writes it; "" where there is none */
    int64_t since_ms;   /* as every partition's */
    struct position
        *before;      /* found to be another topic than the one that was noted last: how that one stood, n_before partitions; */
    int32_t n_before; /* NULL: it is that one. odw audit notes it, once it has looked at all that came from the former one */
};

/* From ledger_starts, ledger_proofs, the ledger, the brokers. Fails where the topic or its starts are missing: odw apply makes
 * both. */
int positions_load(struct arena *a, struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s,
                   struct positions *out, struct err *err) __attribute__((warn_unused_result));

#endif
