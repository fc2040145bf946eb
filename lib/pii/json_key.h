/* lib/pii/json_key: values that are secrets because of the key they stand under. */
#ifndef ODW_PII_JSON_KEY_H
#define ODW_PII_JSON_KEY_H

#include "pii/find.h"

/* Adds the values under secret keys: strings and numbers, also those inside of an object or array there; what is empty, a token,
 * true, false or null stays. False: some key looked like one, and it isn't JSON. */
bool pii_secret_values(struct str json, const struct pii_keys *keys, struct pii_spans *out);

#endif
