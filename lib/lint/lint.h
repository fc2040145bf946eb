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

enum { FEW = 2000 };

/* What a check asks, and how: see checks_*.c. `vital`: where it fails, the others can't be asked. */
struct check {
    const char *name, *about;
    void (*run)(struct lint *l, struct finding *f);
    bool vital;
};
/* The groups; each ends with a check without a name. */
extern const struct check checks_chunks[], checks_values[], checks_pipes[], checks_end[];

/* Runs the checks and reports each on l->to. The number of those that failed; -1 and err: the function can't be asked at all. */
int lint_run(struct lint *l, struct err *err) __attribute__((warn_unused_result));

/* For checks. */

/* A chunk of rows first, first + 1, …; -1: no memory. */
int chunk_init(struct chunk *chunk, const struct lint *l, enum values values, uint64_t first, size_t rows)
    __attribute__((warn_unused_result));
void chunk_fini(struct chunk *chunk);
void answer_init(struct answer *a);
void answer_fini(struct answer *a);

int lint_start(const struct lint *l, struct program *p, struct finding *f) __attribute__((warn_unused_result));
/* Sends one chunk and reads its answer. -1: f says what went wrong; the program is left as it is. */
int lint_exchange(const struct lint *l, struct program *p, const struct chunk *chunk, struct answer *a, struct finding *f)
    __attribute__((warn_unused_result));
/* Ends the program's input: it must end well, without another word. -1: f says that it didn't. */
int lint_finish(const struct lint *l, struct program *p, struct finding *f) __attribute__((warn_unused_result));

/* How a program of its own is asked by lint_ask. */
struct manner {
    enum cut cut;
    bool slow;
};
/* All of that for one chunk: starts a program, exchanges, ends it. */
int lint_ask(const struct lint *l, const struct chunk *chunk, struct manner manner, struct answer *a, struct finding *f)
    __attribute__((warn_unused_result));
/* Whether two answers are the same; -1: f says which row isn't. `what`: "cut into single bytes". */
int lint_same(const struct answer *a, const struct answer *b, const char *what, struct finding *f)
    __attribute__((warn_unused_result));

/* Sets the finding; always -1. */
int find(struct finding *f, enum verdict verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The last line that it said on stderr, as ": …", or "". */
const char *last_words(struct program *p);

#endif
