/* cli/changes: what a command changes, a line each on stdout. */
#ifndef ODW_CHANGES_H
#define ODW_CHANGES_H

#include <stdbool.h>

struct changes {
    int n;
    bool dry_run; /* lines say "would …", and nobody touches anything */
    bool quiet;   /* counted only */
};

/* One change, said before it is made: "create table events_rows (sql/events_rows.sql)". */
void change(struct changes *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "3 changes", "0 changes: everything is as declared", "would change 3 things". */
void changes_end(const struct changes *c, const char *none);

#endif
