/* lib/pii/secret: what the finders of secrets share: keys that name one, values that are none. */
#ifndef ODW_PII_SECRET_H
#define ODW_PII_SECRET_H

#include "pii/scan.h"

enum { PII_SECRET_MAX = 512 }; /* bytes of a value */

/* What a value must be under a key: anything under a password's; eight letters and digits under an API key's; drawn by chance, and
 * 16 bytes, under what else may be one (a token may be a word of a language, too). */
enum pii_secret_kind { PII_KEY_PASSWORD, PII_KEY_API, PII_KEY_TOKEN };

/* How a key ends that names a secret. whole: it must be a word of its own, or start with a capital behind a small letter. */
struct pii_secret_key {
    const char *name;
    unsigned char n;
    bool whole;
    enum pii_secret_kind kind;
};

/* The key that ends before i, or NULL. */
const struct pii_secret_key *pii_secret_key_before(const struct pii_text *t, size_t i);

/* Whether the n bytes (one or more) stand where a secret would: fillers, references, words about it. */
bool pii_placeholder(const unsigned char *p, size_t n);

/* Whether what stands at [start, end) may be a value of that kind. */
bool pii_secret_fits(const struct pii_text *t, size_t start, size_t end, enum pii_secret_kind kind);

/* Whether one of our tokens starts in [start, end). */
bool pii_holds_token(const struct pii_text *t, size_t start, size_t end);

static inline bool pii_secret_put(struct pii_span *s, size_t start, size_t end, float score)
{
    *s = (struct pii_span){ start, end - start, PII_SECRET, score };
    return true;
}

static inline bool pii_starts(const struct pii_text *t, size_t i, const char *with)
{
    size_t n = strlen(with);
    return i <= t->n && t->n - i >= n && memcmp(t->p + i, with, n) == 0;
}

static inline bool pii_ends_before(const struct pii_text *t, size_t i, const char *with)
{
    size_t n = strlen(with);
    return i >= n && i - n >= t->floor && memcmp(t->p + i - n, with, n) == 0;
}

/* A token that says whose it is by its prefix. run: where 16 bytes of letters, digits, '_' and '-' start, in it or behind a '.'. */
bool pii_issued_at(const struct pii_text *t, size_t run, struct pii_span *s);

/* The value of a base64url digit; -1: it is none. */
int pii_base64url(unsigned c);

#endif
