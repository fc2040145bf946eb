/* lib/pii/policy_rules: a policy once read. */
#ifndef ODW_PII_POLICY_RULES_H
#define ODW_PII_POLICY_RULES_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "pii/policy.h"

enum action_kind {
    ACTION_TOKEN,    /* [EMAIL] */
    ACTION_MASK,     /* letters and digits become '*', but for some at either end */
    ACTION_HASH,     /* SHA-256 of the canonical form, in hexadecimal */
    ACTION_TOKENISE, /* [EMAIL:…], with a key */
    ACTION_DROP,     /* nothing */
    ACTION_KEEP,     /* as it came */
    ACTION_ADDRESS,  /* as the policy's "address" */
};

struct action {
    enum action_kind kind;
    unsigned keep_first, keep_last; /* ACTION_MASK */
    const struct hmac_key *key;     /* ACTION_TOKENISE */
};

/* What becomes of an IP address. */
struct address_rule {
    unsigned bits4, bits6;      /* so many are kept; the others are 0 */
    const struct hmac_key *key; /* those are replaced, prefix-preserving; NULL: they stay as they are */
};

/* A type of the policy's own. */
struct pattern {
    const char *name, *token; /* "EMPLOYEE", "[EMPLOYEE]" */
    pcre2_code *code;
    float score;
    const char *context; /* words, each ended by a NUL, one more at the end; NULL: none is needed */
    bool (*checksum)(struct str value);
    struct action action;
};

struct pii_policy {
    struct pii_policy *next;
    const char *name;
    const char *broken; /* what is wrong with it; else NULL */
    struct arena arena;
    bool plain; /* it does what piiRedact does */
    struct pii_set types;
    struct action actions[PII_TYPES];
    struct address_rule address;
    struct pii_keys keys;
    bool own_keys; /* keys has names */
    struct pattern *patterns;
    size_t n_patterns;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
};

/* Reads a policy's JSON; where it fails p->broken says why. `where` begins the message. */
void pii_policy_read(struct pii_policy *p, struct pii_policies *s, struct str text, const char *where);
void pii_policy_fini(struct pii_policy *p);

/* pattern.c. Compiles; -1 and err. */
int pii_pattern_compile(struct pii_policy *p, struct pattern *pattern, const char *regex, struct err *err);
/* A checksum by its name ("luhn", "mod97"); NULL: there is none of that name. */
typedef bool pii_checksum(struct str value);
pii_checksum *pii_checksum_of(const char *name);
/* Puts what the policy's patterns find in the text among the spans: where two overlap they become one, of the longer's type. -1: a
 * pattern took too many steps. */
int pii_patterns_find(const struct pii_policy *p, struct str text, struct pii_spans *spans);
/* The same in the strings of JSON; escapes resolved, places in the raw text. */
int pii_patterns_find_json(const struct pii_policy *p, struct str json, struct pii_spans *spans);

/* action.c. Appends what stands for a value (escapes resolved) of a type, PII_TYPES + n for the policy's n-th pattern. */
void pii_action_put(const struct pii_policy *p, unsigned type, struct str value, struct buf *out);
/* token.c */
void pii_token_put(const struct hmac_key *key, const char *token, struct str canonical, struct buf *out);
void pii_hash_put(struct str canonical, struct buf *out);
/* prefix.c */
bool pii_address_rule_put(const struct address_rule *rule, struct str ip, struct buf *out);

#endif
