/* lib/pii: finds personal data in text: one scan over the bytes for candidates, a small verifier per type. */
#ifndef ODW_PII_H
#define ODW_PII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum pii_type { PII_EMAIL, PII_PHONE, PII_CARD, PII_IBAN, PII_IPV4, PII_IPV6, PII_SSN, PII_TYPES };
const char *pii_token(enum pii_type t); /* "[EMAIL]", "[PHONE]", "[CARD]", "[IBAN]", "[IP]", "[IP]", "[SSN]" */

struct pii_span {
    size_t start, length; /* bytes */
    enum pii_type type;
    float score; /* 0 to 1: how certain */
};

/* The first span at or after `from`; spans never overlap, the longest and most certain wins. False: there is none.
 * (Redaction also knows what the span before was: of "phones: A, B" this finds B only with a word of its own.) */
bool pii_next(struct str text, size_t from, struct pii_span *span);

/* Appends text with each span replaced by its token. Returns the number of spans; 0 means the text went through unchanged.
 * Redacting what was redacted changes nothing. */
size_t pii_redact(struct str text, struct buf *out);

/* json: one JSON value, already known to be well-formed (what isn't is redacted as plain text). Appends it with the strings
 * (keys and values, escapes resolved) redacted; all other bytes as received. Returns the number of spans. */
size_t pii_redact_json(struct str json, struct buf *out);

/* Appends the network of an IPv4 address (/24: "203.0.113.0") or an IPv6 address (/48: "2001:db8:1::", RFC 5952;
 * ::ffff:a.b.c.d counts as IPv4). False, and nothing appended: not an address. */
bool ip_anonymise(struct str ip, struct buf *out);

#endif
