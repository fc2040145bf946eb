/* cli/apply_statement: the parts of a CREATE statement, as declared or as ClickHouse shows it. */
#ifndef ODW_APPLY_STATEMENT_H
#define ODW_APPLY_STATEMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* What stands after the AS of a view: a SELECT, to the statement's end. NULL: there is no AS. */
const char *statement_select(const char *statement);
/* A materialized view's TO table, without database and quotes; false: none. */
bool statement_target(const char *statement, char name[256]);
/* Is it a refreshable view? */
bool statement_refreshes(const char *statement);
/* Do two statements of a Kafka table name the same columns and arguments? Database, IF NOT EXISTS, COMMENT and spaces don't count.
 */
bool statement_same_queue(const char *a, const char *b);

/* A table's clause: what stands after `key` (TTL, SETTINGS) at the end of its statement, up to the next clause. n 0: none. */
struct str statement_clause(const char *statement, const char *key);

#endif
