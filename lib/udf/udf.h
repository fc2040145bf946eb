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

enum {
    UDF_ARGS = 4,
    UDF_EXAMPLES = 4,
    UDF_STOP = -2, /* what .row returns where no row can be answered as things are */
};

#define UDF_SINCE "23.8" /* the oldest ClickHouse for which functions are meant */

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
    struct err *err;          /* why .row returns UDF_STOP */
};

/* One row's arguments, as in struct udf_row. */
struct udf_values {
    struct str str[UDF_ARGS];
    uint64_t fixed[UDF_ARGS];
};

/* Some rows of a chunk, worked on together. */
struct udf_block {
    size_t rows;
    const struct udf_values *values; /* one for each row */
    struct col *out;                 /* put exactly `rows` rows, in their order */
    void *state;                     /* what .open made */
    struct err *err;                 /* why .block returns UDF_STOP */
    _Atomic uint64_t *current;       /* see udf_at */
    uint64_t first;
};

enum { UDF_WAITS = -1 };
/* Says which row of the block is computed from now on: a crash is its own, and so is .deadline_ms. UDF_WAITS: none, answers of
 * others are waited for (at most .block_ms in all). */
void udf_at(struct udf_block *block, int64_t row);
/* The process was told to end (SIGTERM), or nobody reads its answers any more: take in what is under way, begin nothing, return. */
bool udf_ending(void);

/* A call as people write it, and what the server answers. docs/functions.md shows it; a test and `odw functions test` run it. */
struct udf_example {
    const char *call; /* one SQL expression without tables: "ipAnonymise('192.0.2.17')"; it gives the same at any time and place */
    const char *answer; /* as FORMAT TSVRaw writes it: a String bare, a Tuple as ('a',1) */
};

/* A function: row in, row out. Without name, group, about, errors and an example, a test fails (udf_undocumented). */
struct udf {
    const char *name;   /* as ClickHouse calls it */
    const char *group;  /* the heading that docs/functions.md has it under: "Personal data", "Enrichment", "Parsing", "Contracts" */
    const char *about;  /* one or two sentences for people: what it gives, and how that looks */
    const char *errors; /* what it gives for what isn't understood, and for a row that it can't answer */
    const char *since;  /* the oldest ClickHouse that can declare or answer it, "24.8"; NULL: 23.8, as all */
    struct udf_example examples[UDF_EXAMPLES];
    struct udf_arg args[UDF_ARGS];
    const char *returns; /* ClickHouse type */
    bool deterministic;
    /* Once per process, before the first row: compiled tables, a contract. NULL: nothing to do. */
    void *(*open)(const struct udf *udf, struct err *err);
    /* 0, or -1: the row gets the error value (on_error, else the type's default). UDF_STOP and row->err: what is wrong isn't the
     * row's value but what the call asks for (a policy that doesn't exist): the process ends with the message, and the query with
     * it. */
    int (*row)(struct udf_row *row);
    /* In the stead of .row, where rows are worth doing together: all rows of a chunk, up to .block_rows of them and 64 MiB. 0, or
     * UDF_STOP and block->err. A block whose process died is run again, without the row that was current; so what was costly is
     * kept elsewhere. */
    int (*block)(struct udf_block *block);
    size_t block_rows;
    unsigned block_ms; /* what .block may take in all, and the server waits for it */
    /* Puts one row that says why there is no answer (`why`: "killed by signal 11", "over 1000 ms", …). NULL: the default. */
    void (*on_error)(struct udf_row *row, const char *why);
    /* Frees what .open made. NULL: nothing to free. */
    void (*close)(void *state);
    /* Its rows need the network, other programs or files to write. Else its processes give all of that up once .open has run
     * (seccomp; see confine.h); files may be read. */
    bool unconfined;
    /* Its rows need the network, and files of its own to write (a cache): all else is given up as by the others. */
    bool network;
    unsigned deadline_ms; /* for the computing of one row; 0: 1000 */
    unsigned pool_size;   /* processes that the server may start; 0: 64 */
    const void *more;     /* a generated function's own: the contract */
};

/* NULL, or which field a declaration lacks: ".examples: a call and its answer". */
const char *udf_undocumented(const struct udf *udf);

/* The example's argument i, where it is a quoted text, is appended as the function gets it; false: it is another expression. */
bool udf_example_text(const struct udf *udf, const struct udf_example *example, int i, struct buf *out);

/* The folder that holds the files which functions need beside the program, one folder for each kind:
 *     contracts/  STEM.HASH.schema.json      policies/  NAME.json      data/  what a function brings along (udfs/NAME/share/data/)
 * It is the first of: what udf_set_home was given (odw-udf --home); $ODW_UDF_HOME; odw/ beside the program, as installed;
 * ../share/odw from the program, as built. Where none exists, the third. */
const char *udf_home(void);
void udf_set_home(const char *folder); /* borrowed */
/* The path of one of them, "data", "geo.mmdb". -1 and err (it names the path): there is no such file, or it can't be read. */
int udf_file(const char *kind, const char *name, char *path, size_t size, struct err *err) __attribute__((warn_unused_result));

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
