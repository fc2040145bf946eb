/* lib/lint: drives a function's program as ClickHouse would, and says what would go wrong. */
#ifndef ODW_LINT_H
#define ODW_LINT_H

#include <stdio.h>

#include "lint/format.h"
#include "lint/function.h"
#include "lint/values.h"

enum verdict { VERDICT_OK, VERDICT_SKIPPED, VERDICT_NOTE, VERDICT_FAILED };

struct finding {
    enum verdict verdict;
    char text[1200];
};

struct lint {
    const struct lint_function *f;
    char **argv;         /* of the program; argv[0] is looked for as execvp does */
    unsigned timeout_ms; /* of silence: the declaration's, or the user's */
    size_t large_rows;   /* of the largest chunk */
    FILE *to;            /* the report */
    bool json;           /* a line of JSON for each check */
    const char *only;    /* the name of one check; NULL: all */
    /* Set by lint_run. */
    const struct format *format;
    struct col returns;
    unsigned grace_ms;
    struct answer usual; /* to the first FEW usual rows, whole and at leisure */
};

enum {
    FEW = 2000,
    LARGE = 0x7fffffff, /* large_rows */
};

/* What one check works with. lint_run makes it and clears it away, whatever is left in it. */
struct trial {
    struct chunk chunk;     /* the rows that the check asks for */
    struct program program; /* the last that was started */
    bool started;
    struct answer answer; /* the last one */
    struct buf bytes;     /* for what goes over the wire otherwise than as a chunk */
    struct finding found;
};

/* What the declaration must say for a check to make sense; elsewhere it is skipped. */
enum { NEEDS_POOL = 1, NEEDS_HEADER = 2, NEEDS_NATIVE = 4, NEEDS_ARGUMENTS = 8 };

/* What a check asks, and how: see checks_*.c. */
struct check {
    const char *name, *about;
    /* -1: t->found says what was found. */
    int (*run)(struct lint *l, struct trial *t);
    enum values values; /* of t->chunk */
    size_t rows;
    unsigned needs;
    bool started; /* t->program runs */
    bool vital;   /* where it fails, the others can't be asked */
};
/* The groups; each ends with a check without a name. */
extern const struct check checks_chunks[], checks_values[], checks_pipes[], checks_end[];

/* Runs the checks and reports each on l->to. The number of those that failed; -1 and err: the function can't be asked at all. */
int lint_run(struct lint *l, struct err *err) __attribute__((warn_unused_result));

/* For checks. Each gives -1 where t->found says what went wrong. */

/* t->chunk becomes the rows first, first + 1, … */
int lint_fill(const struct lint *l, struct trial *t, enum values values, uint64_t first, size_t rows)
    __attribute__((warn_unused_result));
/* Starts a program in place of the one before. */
int lint_start(const struct lint *l, struct trial *t) __attribute__((warn_unused_result));
/* Sends t->chunk and reads t->answer; the program is left as it is. */
int lint_exchange(const struct lint *l, struct trial *t) __attribute__((warn_unused_result));
/* Ends the program's input: it must end well, without another word. */
int lint_finish(const struct lint *l, struct trial *t) __attribute__((warn_unused_result));

/* How a program of its own is asked by lint_ask. */
struct manner {
    enum cut cut;
    bool slow;
};
/* All of that for t->chunk: starts a program, exchanges, ends it. */
int lint_ask(const struct lint *l, struct trial *t, struct manner manner) __attribute__((warn_unused_result));
/* t->answer must be that to the usual rows, as far as both go. `what`: "cut into single bytes". */
int lint_as_usual(const struct lint *l, struct trial *t, const char *what) __attribute__((warn_unused_result));

/* A chunk of rows first, first + 1, …; -1: no memory. */
int chunk_init(struct chunk *chunk, const struct lint *l, enum values values, uint64_t first, size_t rows)
    __attribute__((warn_unused_result));
void chunk_fini(struct chunk *chunk);
void answer_init(struct answer *a);
void answer_fini(struct answer *a);

/* Sets the finding; always -1. */
int find(struct trial *t, enum verdict verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The last line that it said on stderr, as ": …", or "". */
const char *last_words(struct program *p);

#endif
