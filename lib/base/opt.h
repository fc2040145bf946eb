/* lib/base/opt: options from one table: a row is the flag, the variable, the key in odw.conf, the default and the help.
 *
 * A shared row named "kafka-brokers" is `--kafka-brokers V` (or `--kafka-brokers=V`), ODW_KAFKA_BROKERS, and
 * `brokers = V` under `[kafka]` in odw.conf (or `kafka-brokers = V` above any section). A program's own row carries the
 * program's word in the last two: "count" of `odw load events` is `--count`, ODW_LOAD_COUNT, and `count = V` under `[load]`;
 * "listen" of `odw-shim` is `--listen`, ODW_SHIM_LISTEN, `[shim] listen` (a row that is named "shim-…" gets no second shim-).
 * The first that is given wins, in that order; below them stand a stack's own stack.env (lines of ODW_…=V), then the
 * default. A variable that is set but empty counts as not given.
 *
 * One odw.conf serves every program: a key that is unknown is refused above any section, in the program's own section and
 * in the shared ones ([kafka], [clickhouse], …); sections of other programs are left to them. `#` and `;` begin a comment at
 * the start of a line or after white space; quotes around a value are optional ("a # b" keeps its #). */
#ifndef ODW_OPT_H
#define ODW_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum opt_type {
    OPT_FLAG, /* present or not; in a file or variable: true/false, yes/no, 1/0 */
    OPT_TEXT,
    OPT_NUMBER,   /* an integer within [min, max] */
    OPT_SIZE,     /* bytes: 4096, 64k, 16M, 2G (powers of 1024) */
    OPT_DURATION, /* milliseconds out; 250ms, 10s, 5m, 2h, 7d in */
    OPT_CHOICE,   /* one of the words in `choices`, separated by '|' */
};

struct opt {
    const char *name; /* lower case with dashes */
    enum opt_type type;
    const char *arg;      /* what stands for the value in the help: HOST:PORT, N, FILE; NULL for OPT_FLAG */
    const char *fallback; /* the default as a user would write it; NULL: none */
    const char *help;     /* one sentence, no full stop */
    int64_t min, max;     /* OPT_NUMBER, OPT_SIZE, OPT_DURATION; both 0: any value >= 0 */
    const char *choices;  /* OPT_CHOICE */
};

/* A program or sub-command as its user sees it. Tables end with a row whose name is NULL. */
struct opt_usage {
    const char *program;            /* "odw load events" */
    const char *about;              /* one or more sentences */
    const char *operands;           /* "[FILE|-]"; NULL: takes none */
    int min_operands, max_operands; /* max -1: any number */
    const struct opt *own;          /* its own options */
    const struct opt *shared;       /* settings it shares with others, listed below its own; NULL: none */
    const char *more;               /* examples, exit codes, at the end of the help; NULL: none */
};

struct opts; /* what was given */

enum opt_outcome {
    OPT_OK,    /* go on */
    OPT_DONE,  /* --help or --version was printed on stdout: exit 0 */
    OPT_USAGE, /* `err` says what is wrong and ends in "Try 'PROGRAM --help'."; exit 2 */
};

/* Reads argv[1..] (argv[0] is skipped), environment, configuration file (`--config FILE`, $ODW_CONF, ./odw.conf,
 * /etc/odw/odw.conf: the first that exists) and `<state-dir>/stack.env`. A key in the file that no known table has, a value
 * out of range: an error that names file and line. *out is the caller's to free on OPT_OK. */
enum opt_outcome opts_parse(const struct opt_usage *usage, int argc, char **argv, struct opts **out, struct err *err)
    __attribute__((warn_unused_result));
void opts_free(struct opts *o);

/* By name; a name that is in neither table is a bug and aborts. Borrowed. Without value or default: NULL, 0, false. */
const char *opts_text(const struct opts *o, const char *name);
int64_t opts_number(const struct opts *o, const char *name); /* also sizes in bytes, durations in ms */
bool opts_flag(const struct opts *o, const char *name);
bool opts_given(const struct opts *o, const char *name);      /* by flag, file, variable or stack.env: not the default */
bool opts_from_stack(const struct opts *o, const char *name); /* by stack.env alone: nobody gave it for this run */
int opts_operands(const struct opts *o);
const char *opts_operand(const struct opts *o, int i);

void opt_help(const struct opt_usage *usage, FILE *to);

/* Lines that --version prints below ours: the linked libraries ("librdkafka 2.0.2\nlibcurl 7.88.1\n"). Set in main(); borrowed. */
extern const char *opt_version_more;

/* The readers behind OPT_DURATION and OPT_SIZE, for the same words elsewhere: 0 and *out, or -1 where it isn't one. */
int opt_read_duration(const char *text, int64_t *ms) __attribute__((warn_unused_result));
int opt_read_size(const char *text, int64_t *bytes) __attribute__((warn_unused_result));

/* Which of n names someone probably meant: within two or three edits; NULL where none is near. */
const char *opt_nearest(const char *name, const char *const *names, size_t n);

#endif
