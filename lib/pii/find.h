/* lib/pii/find: all spans of a text or of JSON, as every function of the family sees them: what one redacts another detects. */
#ifndef ODW_PII_FIND_H
#define ODW_PII_FIND_H

#include "pii/pii.h"

/* A span in the text as it came. */
struct pii_found {
    struct pii_span span; /* a type from PII_TYPES on: the policy's own */
    bool bare;            /* JSON: a number, which has no quotes yet */
};

/* In order, without overlap. Init, use for any number of texts, fini. */
struct pii_spans {
    struct pii_found *p;
    size_t n, cap;
    bool failed; /* memory was out: the spans are not all */
};

void pii_spans_init(struct pii_spans *s);
void pii_spans_fini(struct pii_spans *s);
void pii_spans_put(struct pii_spans *s, struct pii_found found);

/* Finds all spans of the types. A span that isn't isolated may hide another (a number glued to an address): what shows once a token
 * stands in its place is found too, with all it covers. */
void pii_find(struct str text, struct pii_set types, struct pii_spans *out);

/* Keys of JSON whose values are secrets whatever they look like, beside those that are known (password, api_key …): names as
 * pii_key_plain leaves them, each ended by a NUL, one more NUL at the end; NULL: none. */
struct pii_keys {
    const char *more, *except;
};

/* The same inside the strings of JSON, with places in the raw text, and the values under secret keys. False: it isn't JSON, and was
 * taken as text. keys: NULL means the known ones. */
bool pii_find_json(struct str json, struct pii_set types, const struct pii_keys *keys, struct pii_spans *out);

/* Whether there is any span of the default set. */
bool pii_contains(struct str text);

/* Whether the key's value is a secret by its name; case and - _ . and spaces don't count. */
bool pii_key_secret(struct str key, const struct pii_keys *keys);
/* The key in lower case without separators; the length, or 0 where it is longer than any known one. */
enum { PII_KEY_MAX = 48 };
size_t pii_key_plain(struct str key, char plain[PII_KEY_MAX]);

#endif
