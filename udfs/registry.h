/* udfs: what the build found here. */
#ifndef ODW_UDF_REGISTRY_H
#define ODW_UDF_REGISTRY_H

#include "udfs/family.h"

/* Either a function or a family; the last has neither. */
struct udf_entry {
    const char *folder;
    const struct udf *udf;
    const struct udf_family *family;
};
extern const struct udf_entry udf_registry[];

/* The function of that name, a contract's too. -1 and err: there is none. */
int udf_find(const char *name, const char *contracts, struct udf *out, struct err *err) __attribute__((warn_unused_result));

/* odw-udf lint …; the exit code. */
int lint_command(int argc, char **argv);

/* Runs the folder's cases (udfs/NAME): each .in's calls against its .out; UPDATE=1 in the environment rewrites the .out.
 * 0: all as expected; 1: some differ (said on stderr); -1 and err: they could not be run. */
int cases_run(const char *folder, const char *contracts, struct err *err);

/* docs/functions.md. -1 and err: a declaration lacks what people need (each is named on stderr), or nothing could be written. */
int docs_print(FILE *to, struct err *err) __attribute__((warn_unused_result));

/* A function's declaration as one line of JSON on `to`, a FILE. */
int describe_print(const struct udf *udf, const char *stem, void *to) __attribute__((warn_unused_result));

/* Appends the column's rows, a line each: a String with backslash escapes, anything else as JSON. */
int print_rows(const struct col *c, struct buf *out) __attribute__((warn_unused_result));

#endif
