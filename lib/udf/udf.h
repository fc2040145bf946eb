/* lib/udf: what a function is, and the loop that serves it to ClickHouse. */
#ifndef ODW_UDF_H
#define ODW_UDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "native/column.h"

enum { UDF_ARGS = 4 };

struct udf_arg {
    const char *name, *type; /* String, or a fixed-width type; small ones first: the last may be read as a stream */
};

/* One row, while it is worked on. */
struct udf_row {
    struct str str[UDF_ARGS]; /* String arguments, any bytes */
    uint64_t fixed[UDF_ARGS]; /* the others, zero- or sign-extended as their type is; floats by their bits */
    struct col *out;          /* put exactly one row */
    struct buf *scratch;      /* empty at each row's start */
    void *state;              /* what .open made */
};

/* A function: row in, row out. */
struct udf {
    const char *name;  /* as ClickHouse calls it */
    const char *about; /* one sentence for people; what it gives for what isn't understood */
    struct udf_arg args[UDF_ARGS];
    const char *returns; /* ClickHouse type */
    bool deterministic;
    /* Once per process, before the first row: compiled tables, a contract. NULL: nothing to do. */
    void *(*open)(const struct udf *udf, struct err *err);
    /* 0, or -1: the row gets the error value (on_error, else the type's default). */
    int (*row)(struct udf_row *row);
    /* Puts one row that says why there is no answer (`why`: "killed by signal 11", "over 1000 ms", …). NULL: the default. */
    void (*on_error)(struct udf_row *row, const char *why);
    /* Frees what .open made. NULL: nothing to free. */
    void (*close)(void *state);
    const void *more; /* a generated function's own: the contract */
};

/* Serves chunks from fd in to fd out until the end of input. 0: ended at a chunk's boundary. -1 and err: it didn't.
 * The process is given over to it: standard output leads to stderr from then on, standard input is empty, all other descriptors
 * are closed, signals are as at the start of a program. */
int udf_serve(const struct udf *udf, int in, int out, struct err *err) __attribute__((warn_unused_result));

/* Before the program ends with an error: takes what the server is still writing, for at most some seconds. Else the user would be
 * told of a broken pipe instead of what was said on stderr. Does nothing where `in` isn't a pipe. */
void udf_drain(int in);

/* The <function> element(s) for ClickHouse's *_function.xml. command: how the server calls the program, less the name. */
int udf_print_xml(const struct udf *udf, const char *command, FILE *to) __attribute__((warn_unused_result));

#endif
