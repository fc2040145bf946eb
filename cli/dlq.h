/* cli/dlq: what the verbs of `odw dlq` share: which letters are meant, and walking along them. */
#ifndef ODW_DLQ_H
#define ODW_DLQ_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "letter/letter.h"

enum { DLQ_PARAMS_MAX = 16 };

#define DLQ_CLASSES "parse|contract|simulated|empty|document|extraction"

/* The rows of an option table that say which letters are meant. `with` begins each help text: "Only", "With --all: only". */
#define DLQ_FILTERS(with)                                                                                                          \
    { .name = "source", .type = OPT_TEXT, .arg = "NAME", .help = with " this source's" },                                          \
        { .name = "class", .type = OPT_CHOICE, .arg = "CLASS", .choices = DLQ_CLASSES, .help = with " this kind of failure" },     \
        { .name = "reason", .type = OPT_TEXT, .arg = "TEXT", .help = with " those with this text in one of their reasons" },       \
        { .name = "since",                                                                                                         \
          .type = OPT_TEXT,                                                                                                        \
          .arg = "WHEN",                                                                                                           \
          .help = with " those that failed since: a moment, or a time such as 2h or 7d" },                                         \
    {                                                                                                                              \
        .name = "until", .type = OPT_TEXT, .arg = "WHEN", .help = with " those that failed before this moment, or so long ago"     \
    }
/* For verbs that take IDs, or --all with filters. */
#define DLQ_ALL                                                                                                                    \
    { .name = "all", .type = OPT_FLAG, .help = "Every open letter that the filters below let through, in place of IDs" },          \
        DLQ_FILTERS("With --all: only")
/* For verbs that send. */
#define DLQ_TIMEOUT                                                                                                                \
    {                                                                                                                              \
        .name = "timeout", .type = OPT_DURATION, .arg = "TIME", .fallback = "30s", .min = 1000, .max = 3600000,                    \
        .help = "How long a message may wait for Kafka's acknowledgement"                                                          \
    }
#define DLQ_STATUS                                                                                                                 \
    {                                                                                                                              \
        .name = "status", .type = OPT_CHOICE, .arg = "STATUS", .choices = "open|replayed|recovered|discarded",                     \
        .help = "Only these"                                                                                                       \
    }

/* A WHERE clause over dead_letters with its bound values. */
struct dlq_filter {
    struct buf where;
    struct clickhouse_param params[DLQ_PARAMS_MAX];
    size_t n_params;
    char since[32], until[32];
};

/* From the options of DLQ_FILTERS; status: NULL for all. err (ERR_STOP: the command line is wrong). */
int dlq_filter_init(struct dlq_filter *f, const struct opts *o, const char *status, struct err *err)
    __attribute__((warn_unused_result));
void dlq_filter_fini(struct dlq_filter *f);

/* Operands are ids (those that begin with '/', which no id does, are something else: a verb's own); or --all and filters, not both.
 */
int dlq_check_selection(const struct opts *o, struct err *err) __attribute__((warn_unused_result));
/* How many operands are ids. */
int dlq_ids(const struct opts *o);

/* Letters by the operands' ids, or all that a filter lets through, page by page along the table's key, each once. */
struct dlq_walk {
    struct clickhouse *ch;
    const struct opts *opts;
    const char *status;  /* with filters: only these; NULL: all */
    const char *columns; /* what `each` gets: over dead_letters */
    size_t page_rows, page_bytes;
    clickhouse_each *each;                          /* a letter; its fields are gone after the call */
    int (*page)(void *context, struct err *err);    /* after each page; may be NULL */
    void (*missing)(void *context, const char *id); /* there is no such letter */
    void *context;
    struct progress *progress; /* counts letters; may be NULL */
    int64_t seen;
};
int dlq_walk(struct dlq_walk *w, struct err *err) __attribute__((warn_unused_result));

/* A file's bytes ("-": stdin). */
int dlq_read_file(const char *path, struct buf *out, struct err *err) __attribute__((warn_unused_result));

/* What can't be seen as such becomes an escape; nothing reaches the terminal that could command it. */
void dlq_put_visible(struct buf *b, struct str s);

/* Who does it: --by, else the login's name; into `name`. */
#define DLQ_BY                                                                                                                     \
    {                                                                                                                              \
        .name = "by", .type = OPT_TEXT, .arg = "NAME", .help = "Who does it, for the record; without it your login's name"         \
    }
const char *dlq_who(const struct opts *o, char name[64]);

/* Runs one verb: options, the work, what it says and the exit code (ERR_STOP: the command line is wrong, 2). */
int dlq_verb(const struct opt_usage *usage, int (*work)(const struct opts *, struct err *), int argc, char **argv)
    __attribute__((warn_unused_result));

extern const struct verb dlq_list, dlq_show, dlq_count, dlq_edit, dlq_replay, dlq_discard, dlq_export;

#endif
