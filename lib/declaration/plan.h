/* lib/declaration/plan: everything that is declared under a root folder, stamped, in the order in which it can be created. */
#ifndef ODW_PLAN_H
#define ODW_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "contract/contract.h"
#include "declaration/declaration.h"

/* One queue and what belongs to it. */
struct plan_source {
    const char *stem;                /* "events" */
    const struct declaration *queue; /* kafka-engine/events.sql */
    const char *topic;
    int partitions;
    long long retention_ms;      /* -1: for ever */
    long long max_message_bytes; /* 1 MiB where the head doesn't say */
    const char *key;             /* the contract's field that messages are keyed by, or NULL */
    const char *group;           /* the consumer group: DATABASE_STEM */
    const char *contract_path;   /* contracts/events.schema.json */
    struct contract *contract;
    const struct declaration *rows; /* sql/events_rows.sql: the table whose head has the identity */
    const char *const *identity;    /* its columns, which are the contract's fields */
    size_t n_identity;
    const char *version;       /* column: the highest of one identity stands */
    const char *identity_hash; /* over the table: "cityHash64(timestamp, id)", the same value as the ledger's `identity` */
};

enum plan_kind {                 /* in the order of creation, where nothing else decides */
                 PLAN_TABLE,     /* sql/: a table */
                 PLAN_VIEW,      /* sql/: a view that people read */
                 PLAN_INTAKE,    /* mv/each-source/: a table of its own for each source */
                 PLAN_TRANSFORM, /* mv/: from the intake to rows */
                 PLAN_DEAD_LETTERS,
                 PLAN_LEDGER,
                 PLAN_AGGREGATE,
                 PLAN_EXTRACTION, /* mv/: asks a language model about documents */
                 PLAN_RECORDS,    /* mv/: from its answers about one contract to rows */
                 PLAN_RECOVERY,
                 PLAN_SCHEDULE,
                 PLAN_QUEUE, /* kafka-engine/ */
                 PLAN_JUDGE, /* reads the queue: messages flow as soon as it exists, so it is the last */
};
const char *plan_kind_name(enum plan_kind kind); /* "table", "dead-letters", … */

struct plan_object {
    const char *name; /* as created, without a database */
    enum plan_kind kind;
    const char *statement; /* stamped */
    const struct declaration *declaration;
    struct plan_source *source; /* of a queue or of what is stamped for it; else NULL */
    char digest[17];            /* 16 hex digits of the SHA-256 of the statement */
};

struct plan {
    struct arena arena;
    const char *root;
    struct plan_source *sources; /* by stem */
    size_t n_sources;
    struct plan_object *objects; /* in the order in which they can be created */
    size_t n_objects;
    struct contract **contracts; /* all of contracts/, by stem */
    size_t n_contracts;
    struct declaration *endpoints; /* shim/endpoints/, by name */
};

/* Reads contracts/, kafka-engine/, mv/, mv/each-source/, sql/ and shim/endpoints/ below root. NULL and err: the first thing that is
 * wrong, with file and line; no server is asked.
 *
 * Words that are stamped: kafka-engine/: {source}, {topic}, {group}, {database}; mv/each-source/: those and {record_function},
 * {record_type}, {record_time} (the contract's time field in the intake: record.timestamp), {contract_hash}, {identity}
 * (record.timestamp, record.id), {identity_hash} (cityHash64 over them), {content_hash} (UInt32, over the other fields). An
 * identity field with `x-default: origin` that a message lacks stands there as its origin, else as topic/partition/offset. mv/:
 * {contract_hashes} (a map of every contract's name to its hash), {record_violations} (what today's contract finds wrong with
 * `record`, by `contract`) and {recorded} (a query for `document`s that have a row by a view of kind records), and where the head
 * has `-- contract: NAME` {contract}, {contract_hash}, {record_function} of that one, and with `-- kind: records` {new_answers}
 * (those that are no rows yet). Statements keep their lines: line n of `statement` is line sql_line + n - 1 of the file. */
struct plan *plan_load(const char *root, const char *database, struct err *err) __attribute__((warn_unused_result));
void plan_free(struct plan *p);

const struct contract *plan_contract(const struct plan *p, const char *stem);  /* NULL: none */
struct plan_source *plan_source(const struct plan *p, const char *stem);       /* NULL: none */
const struct plan_object *plan_object(const struct plan *p, const char *name); /* NULL: none */

/* root joined with a path below it; "." is left out. */
char *plan_path(struct arena *a, const char *root, const char *below);

#endif
