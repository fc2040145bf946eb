/* cli/check: what `odw check` does to a statement before the engine sees it, and to the engine's answer before a person does. */
#ifndef ODW_CHECK_H
#define ODW_CHECK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "clickhouse/clickhouse.h"
#include "declaration/plan.h"

/* A function that the scratch database's statements call instead of one that the server may not have yet. It has a name of its own
 * (SCRATCH_NAME), because an SQL function that was left behind under the real name would stand in for it ever after. */
struct stand_in {
    const char *name;
    const char *returns;
    const char *args[8]; /* types */
    size_t n_args;
    struct stand_in *next;
};

/* The record functions of the plan, and those of odw's functions that the server lacks (declared by the odw-udf beside this
 * program). */
int check_stand_ins(struct arena *a, struct clickhouse *c, const struct plan *p, struct stand_in **first, struct err *err)
    __attribute__((warn_unused_result));
/* CREATE FUNCTION for one; scratch is the scratch database's name. */
int check_put_stand_in(struct buf *sql, const char *scratch, const struct stand_in *f);

/* The statement of an object as the scratch database gets it: stand-ins by their scratch names, a queue as a Null table with the
 * columns that a queue has besides its own. Lines stay where they are. */
int check_rewrite(struct buf *sql, const struct plan_object *o, const char *scratch, const struct stand_in *first);

/* Where a view hands its rows TO a table of the scratch database: *problem becomes an error's text about the first column whose
 * value the engine would convert silently or fail to convert one day: a text into a number (NULL where it is none), a NULL into
 * what can't be NULL. Nothing is said where there is none. */
int check_types(struct clickhouse *c, const struct plan_object *o, const char *scratch, struct err *problem, struct err *err)
    __attribute__((warn_unused_result));

/* A value of the type, as text for {name:Type}; NULL where there can't be one (Identifier). p NULL in *value is NULL. */
int check_sample(struct arena *a, const char *type, struct str *value);

/* Makes "FILE:LINE: message" out of the engine's error about a statement that begins at d->sql_line. sent: as the engine got it. */
void check_explain(const struct declaration *d, const char *sent, const char *scratch, const struct err *engine, struct buf *line);

/* All that `odw check` does; what is wrong goes to stderr, a line each. 0: all is well; 1: it isn't, or err says why nobody can
 * tell. summary: a line on stdout at the end. */
int check_declarations(const struct opts *o, bool summary, struct err *err) __attribute__((warn_unused_result));

#endif
