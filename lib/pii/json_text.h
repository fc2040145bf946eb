/* lib/pii/json_text: walks over a JSON text, and resolves what its strings say. */
#ifndef ODW_PII_JSON_TEXT_H
#define ODW_PII_JSON_TEXT_H

#include "base/buf.h"
#include "base/str.h"

enum pii_json {
    JSON_KEY,    /* a string with a colon behind it; start and end are those of its content, without the quotes */
    JSON_STRING, /* any other */
    JSON_NUMBER,
    JSON_LITERAL, /* true, false, null */
    JSON_OPEN,    /* { or [ */
    JSON_CLOSE,
};
typedef void pii_json_visit(void *arg, enum pii_json what, size_t start, size_t end);

/* Whether it is one JSON value as RFC 8259 has it (any depth); without recursion. visit: called for each part in order, also before
 * it turns out that it isn't JSON; NULL: only asked. *failed is set, and false returned, where memory was out: then nothing is
 * known. */
bool pii_json_walk(struct str json, pii_json_visit *visit, void *arg, bool *failed);

/* Resolves one escape (or one plain byte) at raw[i] of n: its length there; its *length of 1 to 4 bytes go to out. */
size_t pii_json_resolve(const char *raw, size_t n, size_t i, char out[4], size_t *length);
/* Appends what the content of a string says. */
void pii_json_unescape(struct str raw, struct buf *out);
/* Appends text as the content of a string: without quotes around it. */
void pii_json_escape(struct str text, struct buf *out);

#endif
