/* loaders/events/mapping: another tool's event becomes one of the contract's, as a mapping file declares it (mappings/README.md).
 */
#ifndef ODW_EVENTS_MAPPING_H
#define ODW_EVENTS_MAPPING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct mapping;

/* name: a file, or one of loaders/events/mappings below the root ("posthog"). NULL and err (ERR_STOP): it names file and place. */
struct mapping *mapping_load(const char *root, const char *name, struct err *err) __attribute__((warn_unused_result));
void mapping_free(struct mapping *m);
/* 1: the record was appended. 0: the line is no JSON object (or has a key twice, or a number that JSON libraries can't hold):
 * nothing was appended. -1: no memory. */
int mapping_apply(const struct mapping *m, struct str line, struct buf *record);

#endif
