/* lib/llm/coerce: values of a model's answer as the contract's types have them, where nothing is lost by it. */
#ifndef ODW_LLM_COERCE_H
#define ODW_LLM_COERCE_H

#include <jansson.h>

#include "llm/config.h"

/* "42" → 42, 42.0 → 42, 42 → "42", "yes" → true, one item → a list of it, JSON in a string → itself, "EUR " → "EUR", an enum's
 * value in another case, a date in words → YYYY-MM-DD; null where a property may be absent → absent; properties that a closed
 * object doesn't know are dropped. What doesn't fit stays as it is. written: an object that gets, for each date that was written
 * otherwise, its path (a/0/b) and the text as written. A new reference. */
json_t *llm_coerce(const json_t *root, const json_t *schema, json_t *value, enum llm_dates order, json_t *written);

#endif
