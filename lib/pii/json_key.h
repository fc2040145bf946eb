/* lib/pii/json_key: values that are secrets because of the key they stand under. */
#ifndef ODW_PII_JSON_KEY_H
#define ODW_PII_JSON_KEY_H

#include "pii/find.h"

/* Whether the key that json ends with (before its colon, without escapes) may name a secret: never wrongly no. */
bool pii_key_may_be_secret(struct str json, const struct pii_keys *keys);

/* json: well-formed. Adds the values under secret keys: strings and numbers, also those inside of an object or array there; what is
 * empty, a token, true, false or null stays. */
void pii_secret_values(struct str json, const struct pii_keys *keys, struct pii_spans *out);

#endif
