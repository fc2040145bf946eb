/* cli/dlq: what the verbs of `odw dlq` share: which letters are meant. */
#ifndef ODW_DLQ_H
#define ODW_DLQ_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "clickhouse/clickhouse.h"

enum { DLQ_PARAMS_MAX = 8 };

/* A WHERE clause over dead_letters with its bound values. */
struct dlq_filter {
    struct buf where;
    struct clickhouse_param params[DLQ_PARAMS_MAX];
    size_t n_params;
    char since[32];
};

/* From the options source, class, status, since; those that `o` has. err (ERR_STOP: the command line is wrong). */
int dlq_filter_init(struct dlq_filter *f, const struct opts *o, const char *status, struct err *err)
    __attribute__((warn_unused_result));
void dlq_filter_fini(struct dlq_filter *f);

/* Is it topic/partition/offset? */
int dlq_check_id(const char *id, struct err *err) __attribute__((warn_unused_result));

/* A file's bytes ("-": stdin). */
int dlq_read_file(const char *path, struct buf *out, struct err *err) __attribute__((warn_unused_result));

/* Runs one verb: options, the work, what it says and the exit code (ERR_STOP: the command line is wrong, 2). */
int dlq_verb(const struct opt_usage *usage, int (*work)(const struct opts *, struct err *), int argc, char **argv)
    __attribute__((warn_unused_result));

int dlq_replay(int argc, char **argv);

/* The condition that picks one letter by {id:String}, along the table's key. */
#define DLQ_BY_ID                                                                                                                  \
    "topic = splitByChar('/', {id:String})[1] AND partition = toUInt32(splitByChar('/', {id:String})[2]) "                         \
    "AND offset = toUInt64(splitByChar('/', {id:String})[3])"

#define DLQ_CLASSES "parse|contract|simulated|empty|document|extraction"

#endif
