/* lib/base/opt_rows: what opt.c, opt_file.c and opt_help.c share; nobody else includes this. */
#ifndef ODW_OPT_ROWS_H
#define ODW_OPT_ROWS_H

#include "base/opt.h"

enum opt_source { OPT_FROM_NOTHING, OPT_FROM_DEFAULT, OPT_FROM_STACK, OPT_FROM_FILE, OPT_FROM_VARIABLE, OPT_FROM_FLAG };

struct opt_row {
    const struct opt *opt;
    bool own;
    char full[80];     /* "kafka-brokers", "load-count": the name with the program's word */
    char variable[88]; /* "ODW_KAFKA_BROKERS" */
    char *value;       /* NULL: none */
    int64_t number;
    enum opt_source source;
    int line; /* in the configuration file, so that a key given twice is seen */
};

struct opts {
    struct opt_row *rows;
    size_t n_rows;
    char word[32]; /* the program's: "shim", "load" */
    char **operands;
    int n_operands;
};

/* Rows of both tables, own ones first; a shared row that an own row hides is left out. */
int opt_rows_init(struct opts *o, const struct opt_usage *usage, struct err *err);
/* The key as it stands in odw.conf: *section is "" above any section. */
void opt_row_key(const struct opt_row *row, char section[40], const char **key);

/* Checks and keeps a value unless a stronger source gave one. `where` begins the error. */
int opt_row_set(struct opt_row *row, enum opt_source source, const char *value, const char *where, struct err *err);

int opt_file_read(struct opts *o, const char *path, struct err *err);
/* No such file is fine. */
int opt_stack_read(struct opts *o, const char *path, struct err *err);

#endif
