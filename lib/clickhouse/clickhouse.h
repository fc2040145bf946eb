/* lib/clickhouse: statements to ClickHouse over its HTTP interface, values always bound. */
#ifndef ODW_CLICKHOUSE_H
#define ODW_CLICKHOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

struct clickhouse; /* one kept-alive connection, one thread at a time */

/* settings: clickhouse-url, -user, -password-file, -ca, database. No connection is made yet. */
struct clickhouse *clickhouse_new(const struct opts *settings, struct err *err) __attribute__((warn_unused_result));
void clickhouse_free(struct clickhouse *c);
/* Another database than the setting's, from the next statement on. */
int clickhouse_use(struct clickhouse *c, const char *database, struct err *err) __attribute__((warn_unused_result));

/* A value for {name:Type} in the statement; text is the plain value (escaping is done here); p NULL is NULL. For an Array, Map or
 * Tuple it is ClickHouse's own text of one, as is: ['a', 'b\'c']. */
struct clickhouse_param {
    const char *name;
    struct str value;
};

struct clickhouse_query {
    const char *sql;
    const struct clickhouse_param *params; /* at most 128 KiB each: more goes into data */
    size_t n_params;
    const char *settings; /* "a=1&b=2" for the URL, or NULL */
    struct str data;      /* what follows an INSERT … FORMAT; sent as the body's rest */
    bool no_database;     /* don't set the database (it may not exist yet) */
    int64_t timeout_ms;   /* of the whole; 0: 60 s */
    /* The answer as it comes, in the FORMAT that the statement names; an exception in its middle is an error, not data.
     * NULL: into *out, whole or not at all. */
    int (*on_body)(void *context, const char *p, size_t n);
    void *context;
};

/* 0, or -1 and err: ERR_RETRY where the server can't be reached or is too busy, else ERR_DROP with ClickHouse's own code and
 * message
 * ("Code: 60. DB::Exception: …", clipped). *code gets ClickHouse's error code where not NULL (0: none). out: the answer, init'ed
 * here, the caller finis; may be NULL. */
int clickhouse_run(struct clickhouse *c, const struct clickhouse_query *q, struct buf *out, int *code, struct err *err)
    __attribute__((warn_unused_result));

/* Short forms. One statement without an answer; the first value of the first row as text ("" where there is none; the caller
 * frees). */
int clickhouse_do(struct clickhouse *c, const char *sql, struct err *err) __attribute__((warn_unused_result));
char *clickhouse_value(struct clickhouse *c, const char *sql, const struct clickhouse_param *params, size_t n_params,
                       struct err *err) __attribute__((warn_unused_result));

/* Rows of a statement (without FORMAT), fields as plain text, NULL as p NULL; one call per row as they come. `each` returns 0, or
 * -1 to break off: then -1 with ERR_DROP. */
typedef int clickhouse_each(void *context, const struct str *fields, size_t n_fields);
int clickhouse_rows(struct clickhouse *c, const char *sql, const struct clickhouse_param *params, size_t n_params,
                    clickhouse_each *each, void *context, struct err *err) __attribute__((warn_unused_result));

/* Appends `name` with backquotes, or 'text' as a string literal: for DDL, where nothing can be bound. */
int clickhouse_put_name(struct buf *b, struct str name);
int clickhouse_put_text(struct buf *b, struct str text);

#endif
