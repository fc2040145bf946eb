/* cli/functions_server: what servers say of the functions that they have. */
#ifndef ODW_FUNCTIONS_SERVER_H
#define ODW_FUNCTIONS_SERVER_H

#include <stdbool.h>

#include "clickhouse/clickhouse.h"

enum { FUNCTIONS_WAIT_MS = 4000 };

/* How many nodes lack one of the functions ("name,name"), and in words which: "HOST: piiRedact, uaParse (the loader's error); …".
 * releases: "odw-udf-…,…": a function that another program serves counts as lacking; NULL: whichever does. cluster: NULL: the
 * server itself. wait: asks again for up to FUNCTIONS_WAIT_MS while one is lacking. -1 and err. */
int functions_missing(struct clickhouse *ch, const char *cluster, const char *names, const char *releases, bool wait,
                      struct buf *missing, struct err *err) __attribute__((warn_unused_result));

/* Whether the server keeps a table that lists its executable functions (since 26.1 or so): 1, 0, or -1 and err. */
int functions_have_table(struct clickhouse *ch, struct err *err) __attribute__((warn_unused_result));

#endif
