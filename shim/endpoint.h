/* shim/endpoint: the questions in shim/endpoints/, read and held ready to be asked. */
#ifndef ODW_SHIM_ENDPOINT_H
#define ODW_SHIM_ENDPOINT_H

#include <pthread.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "declaration/declaration.h"
#include "shim/cursor.h"

enum { ENDPOINT_PARAMS = 32, ENDPOINT_LIMIT = 100, ENDPOINT_LIMIT_MAX = 1000, ENDPOINT_HINT = 64, ENDPOINT_JSON = 16 };

struct endpoint_key {
    const char *name; /* a column of the statement's answer */
    bool descending;
};

struct endpoint_param {
    const struct declaration_param *d;
    bool required; /* it stands on a line without "-- if given" and has no default */
};

struct endpoint {
    const char *name, *about, *scope;
    const struct declaration *d;
    struct endpoint_param params[ENDPOINT_PARAMS];
    size_t n_params;
    struct endpoint_key order[CURSOR_KEYS];
    size_t n_order;                 /* 0: no keyset, no cursor */
    bool exact;                     /* it reads a …_rows table by its identity: de-duplication is the shim's */
    struct str json[ENDPOINT_JSON]; /* columns that hold JSON as text: it goes out as it is, not as a string */
    size_t n_json;
    long cache_seconds; /* -1: not to be kept */
    struct endpoint_line *lines;
    size_t n_lines;
    /* The keyset's types, asked of ClickHouse once. */
    pthread_mutex_t lock;
    char *key_types[CURSOR_KEYS];
    /* How far the last first page reached that had no filter: its first and last key, and its rows. */
    char first_page[2][ENDPOINT_HINT];
    size_t first_page_rows;
    struct endpoint *next;
};

/* All endpoints, as they were on disk at one moment. */
struct endpoints {
    struct arena arena;
    struct endpoint *first;
};

/* Reads <root>/shim/endpoints/ (and the heads in <root>/sql/ of the tables they name). NULL and err with file and line. */
struct endpoints *endpoints_load(const char *root, struct err *err) __attribute__((warn_unused_result));
void endpoints_free(struct endpoints *all);
struct endpoint *endpoints_find(const struct endpoints *all, struct str name);

/* Appends the statement with the lines whose parameters are given (one flag per parameter), reading the rows de-duplicated where
 * `final` is set. */
void endpoint_sql(const struct endpoint *e, const bool *given, bool final, struct buf *out);

/* Does a filter stand that names no column of the keyset? Then rows that pass may lie far apart. */
bool endpoint_is_sparse(const struct endpoint *e, const bool *given);

/* Appends the condition for rows behind the keyset's values {_k1:T1} …: "a <= {_k1:T1} AND NOT (a = {_k1:T1} AND NOT (b <
 * {_k2:T2}))". The bound on the first column alone lets ClickHouse read in order and skip granules; a comparison of rows would not.
 */
void endpoint_after(const struct endpoint *e, const char *const *types, struct buf *out);
/* Appends "a DESC, b ASC". */
void endpoint_order(const struct endpoint *e, struct buf *out);

#endif
