/* lib/llm/redact: personal data leaves the machine as tokens only, and comes back as itself. */
#ifndef ODW_LLM_REDACT_H
#define ODW_LLM_REDACT_H

#include <jansson.h>

#include "base/buf.h"
#include "pii/policy.h"

/* Which token stands for what in one document. */
struct redaction {
    struct replaced {
        char *token, *value;
    } * replaced;
    size_t n, cap;
};
void redaction_fini(struct redaction *r);

/* Appends the text with a token of the key (as piiTokenize writes it) in place of each piece of personal data, and remembers them.
 */
int redact_text(struct redaction *r, const struct hmac_key *key, struct str text, struct buf *out)
    __attribute__((warn_unused_result));
/* Appends text of ours (what was wrong with an answer) with the tokens of what is remembered. */
int redact_again(const struct redaction *r, struct str text, struct buf *out);
/* Appends the text with what the tokens stand for. */
int redact_undo(const struct redaction *r, struct str text, struct buf *out);
/* The value with what the tokens in its strings stand for. A new reference. */
json_t *redact_undo_json(const struct redaction *r, json_t *value);

#endif
