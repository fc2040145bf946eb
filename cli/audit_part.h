/* cli/audit_part: what the files of the audit share; nobody else includes this. */
#ifndef ODW_AUDIT_PART_H
#define ODW_AUDIT_PART_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/audit.h"
#include "cli/gaps.h"

enum { EXAMPLES = 20 }; /* offsets that a problem names */

struct audit {
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    const struct plan_source *source;
    struct positions at;
    int64_t since_ms, until_ms; /* lines of messages that were appended in [since, until); until -1: no end */
    bool read_only;
    json_t *problems, *notes;
    char sealed_at[40]; /* the moment of the seals that count; "" where nothing was proven yet */
    struct buf todo;    /* SQL: lines from the proof to the position */
    struct buf done;    /* SQL: lines below the proof */
    struct buf ahead;   /* SQL: all lines from the proof on */
    struct buf young;   /* SQL over the rows: written by a message from the proof on */
    int64_t lines, ok;
};

/* A problem or a note, of at most 1,023 bytes. */
void audit_say(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- statements (audit_statement.c) ---- */

/* What was erased is neither among the rows nor among the dead letters, and nothing was lost. */
#define ERASED_RECORDS "(SELECT identity FROM erased WHERE source = {source:String} AND letter = '')"
#define ERASED_LETTERS "(SELECT splitByChar('@', letter)[1], sent_at FROM erased WHERE source = {source:String} AND letter != '')"

#define MOMENT "fromUnixTimestamp64Milli(%" PRId64 ", 'UTC')"

/* The statement with {source:String}, {topic:String} and {sealed_at:String} bound; out may be NULL. */
int audit_run(struct audit *a, struct buf *sql, struct buf *out, struct err *err) __attribute__((warn_unused_result));
/* The next row of a TabSeparated answer: how many fields it has, at most max; they point into the answer. */
size_t audit_split(struct str *rest, struct str *fields, size_t max);

/* A condition on lines: of this topic, in each partition from one place up to another (NULL: no end). */
typedef int64_t audit_place(const struct position *p);
int64_t audit_start(const struct position *p);
int64_t audit_proven(const struct position *p);
int64_t audit_committed(const struct position *p);
void audit_put_ranges(struct buf *b, const struct audit *a, audit_place *from, audit_place *to);
/* Fills a's conditions in from its positions. */
void audit_put_conditions(struct audit *a);
/* The moment before which what was appended may have expired (`-- retention:` of the rows' table), with a day to spare for the
 * merge that does it; without retention, before all. */
void audit_put_kept_since(struct buf *sql, const struct audit *a);
/* A problem with a list of lines: rows of partition, offset and perhaps more, EXAMPLES + 1 at most. */
void audit_list_lines(struct audit *a, struct str rows, const char *what);

/* ---- the checks: -1 and err where it couldn't be found out; what doesn't hold is added to a->problems ---- */

/* audit_lines.c. tails: what is known of each partition's end; partitions gets an object for each. */
int audit_gaps(struct audit *a, const struct gaps *tails, json_t *partitions, struct err *err) __attribute__((warn_unused_result));
/* Lines by verdict into counts, and those to look at into a->lines and a->ok. */
int audit_count(struct audit *a, json_t *counts, struct err *err) __attribute__((warn_unused_result));
int audit_rows(struct audit *a, struct err *err) __attribute__((warn_unused_result));
int audit_letters(struct audit *a, struct err *err) __attribute__((warn_unused_result));

/* audit_seals.c */
int audit_seals(struct audit *a, struct err *err) __attribute__((warn_unused_result));
int audit_erased(struct audit *a, struct err *err) __attribute__((warn_unused_result));
/* Writes the seals of the days that were touched, then the proof that makes them count. */
int audit_seal(struct audit *a, struct err *err) __attribute__((warn_unused_result));

/* audit_conflicts.c: what is found is kept in the table; n: how many of all that were found lately, conflicts: the newest. */
int audit_conflicts(struct audit *a, json_t *conflicts, int64_t *n, struct err *err) __attribute__((warn_unused_result));

/* audit_topic.c: looks at all that came from the former topic, seals it, and notes that there is another one. */
int audit_change_topic(struct audit *a, struct err *err) __attribute__((warn_unused_result));

#endif
