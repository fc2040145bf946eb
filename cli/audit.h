/* cli/audit: proves that nothing was lost: every message consumed is a row or a dead letter, each once.
 *
 * The ledger has a line per message. From where the last proof ended to what the group has committed: no offset is missing
 * (cli/gaps says what an absent one is), every `ok` line's identity is among the rows, every other line among the dead letters.
 * What is proven is sealed per record day: so many identities, the sum of their hashes; the rows are held against that ever after,
 * also once the lines are gone. */
#ifndef ODW_AUDIT_H
#define ODW_AUDIT_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/position.h"

/* An audit that seals, and an erasure, take the lock "audit" (cli/lock.h), and wait so long for each other. */
enum { AUDIT_WAIT_S = 120 };

struct audit_options {
    bool read_only; /* writes nothing: no seals, no letters for empty messages */
};

/* Adds what was found out about one source to report["sources"]; *holds becomes false where conservation does not hold. -1 and err:
 * it couldn't be found out (a server is away, odw apply was never run). */
int audit_source(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct audit_options *options,
                 json_t *report, bool *holds, struct err *err) __attribute__((warn_unused_result));

/* {"holds": bool, "audited_at": …, "sources": [{"source", "topic", "partitions": [...], "lines", "ok", …, "conflicting": how many,
 * "conflicts": [{"record_day", "messages"} of the newest], "problems": [text…],
 * "notes": [text…]}]}. The caller decrefs; NULL and err as above. */
json_t *audit_all(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan *plan, const struct audit_options *options,
                  bool *holds, struct err *err) __attribute__((warn_unused_result));

#endif
