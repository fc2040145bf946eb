/* cli/source: a source as the ledger knows it: where its messages come from and where they must be found again. */
#ifndef ODW_SOURCE_H
#define ODW_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"
#include "clickhouse/clickhouse.h"
#include "kafka/kafka.h"

struct source {
    const char *name; /* the stem: "events" */
    const char *topic;
    const char *group;         /* the consumer group: {database}_{source} */
    const char *rows;          /* the table where its rows rest: "events_rows" */
    const char *identity_hash; /* over that table's columns: "cityHash64(timestamp, id)" */
    const char *time_column;   /* the identity's first column */
    struct source *next;
};

/* Every source declared under the root, by name; all in the arena. */
int sources_load(struct arena *a, const struct opts *o, struct source **first, struct err *err) __attribute__((warn_unused_result));

/* One partition: offsets are of the next message, -1 where there is none. */
struct position {
    int32_t partition;
    int64_t start;     /* the ledger answers from here on (odw apply noted it) */
    int64_t proven;    /* every offset below was accounted for by an audit; at least start */
    int64_t committed; /* the group's position; at least start */
    int64_t low, high; /* what the topic holds now */
};

struct positions {
    struct position *at;
    int32_t n;
    char proven_at[40]; /* the moment of the newest proof, as ClickHouse writes it; "" where there is none */
};

/* From ledger_starts, ledger_proofs, the brokers. Fails where the topic or its starts are missing: odw apply makes both. */
int positions_load(struct arena *a, struct clickhouse *ch, struct kafka_admin *kafka, const struct source *s, struct positions *out,
                   struct err *err) __attribute__((warn_unused_result));

#endif
