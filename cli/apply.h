/* cli/apply: what the parts of `odw apply` share. */
#ifndef ODW_APPLY_H
#define ODW_APPLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"
#include "cli/changes.h"
#include "clickhouse/clickhouse.h"
#include "declaration/plan.h"
#include "kafka/kafka.h"

/* How an object stands on the server. */
struct object {
    const struct plan_object *plan;
    bool exists, detached;
    bool parked;           /* detached permanently, by a person */
    char *engine, *create; /* of what exists: system.tables */
    char *noted;           /* the digest in `applied`, or NULL */
    bool settled;
    bool changed;  /* exists (or is detached) and what was applied isn't what is declared */
    char **alters; /* a changed table's statements, less "ALTER TABLE name " */
    char **says;   /* what each is for: "add column x String" */
    size_t n_alters, cap_alters;
};

struct apply {
    const struct opts *opts;
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    struct plan *plan;
    struct arena arena;
    struct changes changes;
    const char *database;
    bool dry_run, no_database /* in a dry run: it isn't there yet */;
    struct object *objects; /* as plan->objects */
    bool *aliased;          /* as plan->contracts: eventsRecord is already what the contract says */
};

/* ---- apply_server.c ---- */

/* Old server, missing settings: -1 and what was expected and seen. */
int apply_check_server(struct apply *a, struct err *err) __attribute__((warn_unused_result));
int apply_database(struct apply *a, struct err *err) __attribute__((warn_unused_result));

/* ---- apply_topics.c ---- */

int apply_topics(struct apply *a, struct err *err) __attribute__((warn_unused_result));
/* Notes the first offset that the ledger answers for, for partitions that have none noted. */
int apply_starts(struct apply *a, const struct plan_source *s, struct err *err) __attribute__((warn_unused_result));

/* ---- apply_functions.c ---- */

int apply_functions(struct apply *a, struct err *err) __attribute__((warn_unused_result));
/* eventsRecord(message) for people. */
int apply_aliases(struct apply *a, struct err *err) __attribute__((warn_unused_result));

/* ---- apply_objects.c ---- */

/* Looks at what is there and what would have to change; refuses what can't be done before anything is touched. */
int apply_look(struct apply *a, struct err *err) __attribute__((warn_unused_result));
int apply_objects(struct apply *a, struct err *err) __attribute__((warn_unused_result));
/* Makes it where it is missing, changes it where it is declared otherwise by now. */
int apply_settle(struct apply *a, struct object *o, struct err *err) __attribute__((warn_unused_result));
/* What apply_settle leaves for when nobody asks for it any more: columns of an intake that are taken away. */
int apply_settle_drops(struct apply *a, struct object *o, struct err *err) __attribute__((warn_unused_result));
int apply_create(struct apply *a, struct object *o, struct err *err) __attribute__((warn_unused_result));
/* Can the changed view only be dropped and made anew? */
bool apply_anew(const struct object *o);
/* before + `name` + after. */
int apply_named(struct apply *a, const struct object *o, const char *before, const char *after, struct err *err)
    __attribute__((warn_unused_result));
/* INSERT into `applied`. */
int apply_note(struct apply *a, const char *name, const char *digest, struct err *err) __attribute__((warn_unused_result));
/* The source that a change of this object has to stop; NULL: none. */
struct plan_source *apply_source_of(const struct apply *a, const struct plan_object *p);
struct object *apply_object(const struct apply *a, const char *name);
/* "sql/events.sql": the file below the root. */
const char *apply_file(const struct apply *a, const struct plan_object *p);
/* Runs DDL that was put together from names and statements; what: begins the error. */
int apply_run(struct apply *a, const char *what, const char *sql, struct err *err) __attribute__((warn_unused_result));

/* ---- apply_source.c ---- */

/* A source's queue, intake and views. */
int apply_source(struct apply *a, struct plan_source *s, struct err *err) __attribute__((warn_unused_result));

/* ---- apply_table.c ---- */

/* The statements that make a table what it is declared to be, into o->alters; -1 and what differs where there are none. */
int apply_table_alters(struct apply *a, struct object *o, struct err *err) __attribute__((warn_unused_result));
/* Every statement that is declared otherwise makes its table here first. */
int apply_scratch_begin(struct apply *a, struct err *err) __attribute__((warn_unused_result));
void apply_scratch_end(struct apply *a);

/* ---- apply_contract.c ---- */

/* Refuses a contract under which what was read before can't be read any more, unless --allow-incompatible. */
int apply_contracts(struct apply *a, struct err *err) __attribute__((warn_unused_result));

#endif
