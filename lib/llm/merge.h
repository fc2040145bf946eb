/* lib/llm/merge: what the parts of a long document say, as one record. */
#ifndef ODW_LLM_MERGE_H
#define ODW_LLM_MERGE_H

#include <jansson.h>

#include "llm/ground.h"

/* records: of the parts in order, some may be NULL. For each field: of what the parts say, the value that stands in the document
 * best (exact before folded before alike), then what most parts say, then the first. Lists one after the other, without what two
 * neighbours both saw where they overlap. A new reference. */
json_t *llm_merge(const json_t *root, const json_t *schema, json_t *const *records, size_t n, struct ground *g);

#endif
