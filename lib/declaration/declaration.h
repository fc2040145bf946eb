/* lib/declaration: the .sql files that declare odw: a head of `-- key: value` lines, then one statement. */
#ifndef ODW_DECLARATION_H
#define ODW_DECLARATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The folder decides which head keys there are and which are required: an unknown, doubled or missing one is an error that names
 * file and line. */
enum room {
    ROOM_QUEUE, /* kafka-engine/ : about, topic, partitions, retention, key?, max-message-bytes?, contract?, replays?, document? */
    ROOM_TABLE, /* sql/          : about, identity?, version?, content?, retention?, source?, derived-from? */
    ROOM_VIEW,  /* mv/           : about, kind (transform | aggregate | extraction | records | recovery | schedule), contract? */
    ROOM_EACH_SOURCE, /* mv/each-source/: about, kind (intake | judge | dead-letters | ledger) */
    ROOM_ENDPOINT,    /* shim/endpoints/: about, order?, scope?, param NAME…, json?, cache? */
};

/* The head: `-- key: value` lines; a line that begins with `--   ` (three spaces) goes on with the value before it. Then exactly
 * one statement, with or without a final `;`. What is held to, beside the keys:
 *   - the name that a statement creates: kafka-engine/STEM.sql STEM_queue; sql/STEM.sql STEM; mv/STEM.sql STEM or STEM_…;
 *     mv/each-source/…: {source}_…; without a database, so that the setting decides it;
 *   - `-- identity:` is the ORDER BY of the table, field by field; `-- version:` the argument of its ReplacingMergeTree;
 *   - every {name:Type} of an endpoint has its `-- param name:` and the other way round. `limit` alone may stand in the head
 *     without a {limit:Type}: the shim adds the LIMIT and takes default and bounds from there. */

struct declaration_param { /* `-- param NAME: prose. default X. 1 to 1000` and {NAME:Type} in the statement */
    const char *name;
    const char *type; /* from {NAME:Type}, "UInt32" for a `limit` without one; an error if the statement has two types for it */
    const char *about;
    const char *fallback;   /* after "default", or NULL */
    const char *low, *high; /* after the prose: "LOW to HIGH", or NULL */
    int line;
};

struct declaration_key {
    const char *name, *value;
    int line;
};

struct declaration {
    enum room room;
    const char *path;    /* as opened */
    const char *stem;    /* the file's name without ".sql" */
    const char *sql;     /* the statement without its head, without a final ';' */
    int sql_line;        /* where it begins */
    const char *creates; /* the name in CREATE TABLE|VIEW|MATERIALIZED VIEW [IF NOT EXISTS] NAME, not stamped; NULL: an endpoint */
    const char *verb;    /* "TABLE", "VIEW", "MATERIALIZED VIEW", "SELECT" */
    const struct declaration_key *keys;
    size_t n_keys;
    const struct declaration_param *params;
    size_t n_params;
    struct declaration *next;
};

/* The value of a head key, or NULL. */
const char *declaration_value(const struct declaration *d, const char *key);
/* The line of a head key, else of the statement. */
int declaration_line(const struct declaration *d, const char *key);

/* Reads one file; everything lives in the arena. NULL and err ("kafka-engine/events.sql:3: unknown key 'partition'; expected one of
 * …"). */
struct declaration *declaration_load(struct arena *a, enum room room, const char *path, struct err *err)
    __attribute__((warn_unused_result));
/* All *.sql of a folder, by name; *first is NULL where there is none or no such folder. -1 at the first error. */
int declaration_load_folder(struct arena *a, enum room room, const char *folder, struct declaration **first, struct err *err)
    __attribute__((warn_unused_result));

/* "7d" → milliseconds, "forever" → -1; sizes "1048576" or "1M". -2 where it isn't one. */
long long declaration_duration(const char *value);
long long declaration_size(const char *value);

/* Replaces {word} by the value of the pair of that name; {name:Type} is left alone; an unknown {word} is an error that names file
 * and line. A line that ends in `-- if {word}` is left out where the word's value is empty. pairs: name, value, name, value, …,
 * NULL. */
char *declaration_stamp(struct arena *a, const struct declaration *d, const char *const *pairs, struct err *err)
    __attribute__((warn_unused_result));

#endif
