/* lib/pii/policy: what a named policy does with personal data: a token in its place, a mask, a hash, a joinable token …
 *
 * A folder of policies holds NAME.json for each, and keys/ID with the secret for each key id. docs/policies.md has the format. */
#ifndef ODW_PII_POLICY_H
#define ODW_PII_POLICY_H

#include "base/err.h"
#include "base/sha256.h"
#include "pii/find.h"

struct pii_policies; /* a folder, read once; what is looked up changes what is remembered: one thread at a time */
struct pii_policy;

/* Reads all policies and keys of the folder. One that is broken is an error only where it is asked for, as is a folder that doesn't
 * exist. NULL and err: no memory. */
struct pii_policies *pii_policies_load(const char *folder, struct err *err) __attribute__((warn_unused_result));
void pii_policies_free(struct pii_policies *s);

/* NULL and err where there is none of that name (the message has those that there are), or it is broken. Borrowed. */
const struct pii_policy *pii_policy(struct pii_policies *s, struct str name, struct err *err) __attribute__((warn_unused_result));
/* The same for a key by its id. A key that others may read is broken. "not-secret" always exists, and hides nothing. */
const struct hmac_key *pii_key(struct pii_policies *s, struct str id, struct err *err) __attribute__((warn_unused_result));

/* Append the text (or JSON, whose other bytes stay) with each span as the policy has it. The number of spans that were found. -1: a
 * pattern of the policy's own took too many steps on this text: nothing can be said about it, and nothing was appended. */
int64_t pii_redact_with(const struct pii_policy *p, struct str text, struct buf *out) __attribute__((warn_unused_result));
int64_t pii_redact_json_with(const struct pii_policy *p, struct str json, struct buf *out) __attribute__((warn_unused_result));

/* Appends an IP address as the policy's "address" has it: its network, or an address that stands for it (prefix-preserving). False,
 * and nothing appended: not an address. */
bool pii_address_with(const struct pii_policy *p, struct str ip, struct buf *out);

/* Appends the text with a token of the key in place of each span: "[EMAIL:9f86d081884c7d659a2feaa0c55ad015]". The same value gives
 * the same token, also where it is written otherwise (see pii_canonical). The number of spans. */
size_t pii_tokenise(const struct hmac_key *key, struct str text, struct buf *out);
/* The token of a value as a whole, whatever it is: of its type where all of it is one span, else "[VALUE:…]". Empty stays empty. */
void pii_tokenise_value(const struct hmac_key *key, struct str value, struct buf *out);

/* Appends the form that all ways of writing the same value share: a card's digits, an e-mail address with its domain in lower case,
 * an IP address as RFC 5952 has it, an identifier's letters and digits in upper case; what has no such form stays as it is. */
void pii_canonical(enum pii_type type, struct str value, struct buf *out);

#endif
