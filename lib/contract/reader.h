/* lib/contract/reader: what one thread needs to read messages. */
#ifndef ODW_CONTRACT_READER_H
#define ODW_CONTRACT_READER_H

#include "base/arena.h"
#include "base/buf.h"
#include "contract/keys.h"
#include "contract/node.h"
#include "contract/violation.h"
#include "log/logline.h"

enum { DEPTH_MAX = 512 };
#define MESSAGE_MAX ((size_t)1 << 30)

/* How much of a value may be seen in a violation; of values within values the least. */
enum quoting {
    QUOTE_ALL,
    QUOTE_REDACTED,
    QUOTE_NOTHING, /* it is personal whether or not it looks like it */
};

struct looked_up {
    const struct pii_policy *policy;
    const struct hmac_key *key;
};

static inline uint8_t quoting_of(const struct node *node, uint8_t around)
{
    uint8_t own = node->policy == PII_DROP                          ? QUOTE_NOTHING
                  : node->policy == PII_KEEP                        ? QUOTE_ALL
                  : node->policy == PII_ADDRESS || node->named == 0 ? QUOTE_REDACTED
                                                                    : QUOTE_NOTHING;
    return own > around ? own : around;
}

struct reader {
    const struct contract *c;
    const char *start, *end; /* the message, copied: SCAN_PADDING zeros follow it, so that no loop has to look for the end */
    int64_t appended_ms;
    unsigned depth;
    bool simulated;          /* a marker was seen */
    bool not_object;         /* the message is JSON, but no object */
    bool has_origin;         /* it gives the field that x-default: origin stands for: whoever wrote it knows the contract */
    uint8_t personal;        /* enum quoting: of the value that is being read */
    struct looked_up *named; /* the contract's policies and keys, by their numbers less 1; NULL: none were given */
    const struct contract_deriver *derivers[DERIVE_MAX]; /* NULL: none was given */
    struct col *derived;                                 /* the first column of what is derived; NULL: none is filled */
    uint32_t done;                                       /* a bit for each derivation whose columns have this record's row */
    bool failed;                                         /* memory was out */
    const struct path *path;                             /* where the value being read stands */
    const char *bad, *expected;                          /* the byte that isn't JSON (NULL: none), and what should stand there */
    uint16_t *follow;                                    /* per object: which name came after which, last time */
    struct keys keys;
    struct arena arena; /* keys that had escapes */
    struct buf message, scratch, clean, texts;
    struct logline_parser *logline; /* x-text with "parse": "log", else NULL */
    struct buf line;                /* the record that it makes of a message */
    size_t n_violations, ends[VIOLATIONS_MAX + 1], n_list;
    struct str list[VIOLATIONS_MAX + 1];
    pcre2_match_data *match;
    pcre2_match_context *match_context;
    pcre2_jit_stack *jit_stack;
};

/* Marks the first byte that isn't JSON; always NULL, which every function of the parser hands up. */
const char *parse_fail(struct reader *r, const char *at, const char *expected) __attribute__((cold));
const char *parse_no_memory(struct reader *r) __attribute__((cold));

/* skip.c: values that no schema looks into are still checked to be JSON, without duplicate keys. */

/* p is behind the opening quote; returns the closing quote. *escaped is set where an escape was met, else left alone. */
const char *string_end(struct reader *r, const char *p, bool *escaped);
/* Appends the text of a string that string_end has passed, escapes resolved. */
void string_unescape(struct str raw, struct buf *out);
/* The same into r->arena; p is NULL without memory. */
struct str string_unescape_key(struct reader *r, struct str raw);
/* p is at true, false or null. */
const char *literal_end(struct reader *r, const char *p);
const char *skip_value(struct reader *r, const char *p);

/* text.c: the rules for strings. False: a violation was added. *value is replaced where it is normalised; *time gets a date-time's
 * milliseconds or a date's days. */
bool text_check(struct reader *r, const struct node *node, struct str *value, struct str raw, int64_t *time);

#endif
