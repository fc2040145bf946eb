/* lib/pii/scan: what the scanner and the verifiers share: the text, its classes of bytes, groups of digits, context. */
#ifndef ODW_PII_SCAN_H
#define ODW_PII_SCAN_H

#include <strings.h>

#include "pii/pii.h"

/* The text under scan. Bytes before `floor` (the end of the span found last) belong to no further span; no word before `words` is
 * context. */
struct pii_text {
    const unsigned char *p;
    size_t n, floor, words; /* words: where context may start; at most floor */
    int last;               /* the type of the span that ends at floor; -1: none, or unknown */
    bool json;              /* raw JSON without escapes: '"' always delimits */
};

/* A byte, or 0 beyond either end (a NUL in the text is no part of anything either). */
static inline unsigned pii_byte(const struct pii_text *t, size_t i)
{
    return i < t->n ? t->p[i] : 0;
}

static inline unsigned pii_before(const struct pii_text *t, size_t i)
{
    return i > 0 ? t->p[i - 1] : 0;
}

static inline bool pii_is_digit(unsigned c)
{
    return c - '0' < 10;
}

static inline bool pii_is_letter(unsigned c)
{
    return (c | 0x20) - 'a' < 26;
}

static inline bool pii_is_alnum(unsigned c)
{
    return pii_is_digit(c) || pii_is_letter(c);
}

/* ASCII only: what stands beside Chinese or Cyrillic without a space is found. */
static inline bool pii_is_word(unsigned c)
{
    return pii_is_alnum(c) || c == '_';
}

/* -1: no hexadecimal digit. */
static inline int pii_hex(unsigned c)
{
    if (pii_is_digit(c))
        return (int)(c - '0');
    return (c | 0x20) - 'a' < 6 ? (int)((c | 0x20) - 'a' + 10) : -1;
}

/* The type (the first of those that share it) of the token that p[0, n) is; -1: it is none. */
int pii_token_type(const unsigned char *p, size_t n);

/* The length of one of our tokens that starts (ends) at i, or 0. */
size_t pii_token_at(const struct pii_text *t, size_t i);
size_t pii_token_before(const struct pii_text *t, size_t i);

/* Whether what starts at i (ends before i) goes on beyond it: a word byte or one of our tokens, or '-' or '.' with one of them on
 * its other side. Tokens count so that redacting twice changes nothing. */
bool pii_glued_before(const struct pii_text *t, size_t i);
bool pii_glued_after(const struct pii_text *t, size_t i);

enum { PII_DIGITS = 32, PII_GROUPS = 12 };

/* Digits from one place on, in groups with one separator between: the common ground of phones, cards and SSNs. */
struct pii_digits {
    size_t start; /* of the first digit */
    unsigned n, groups;
    bool more;                        /* there were more than fit */
    unsigned char digit[PII_DIGITS];  /* values 0 to 9 */
    unsigned char length[PII_GROUPS]; /* digits in the group */
    unsigned char sum[PII_GROUPS];    /* digits up to and with the group */
    unsigned char sep[PII_GROUPS];    /* before the group: ' ' '-' '.' '/' ')' '('; 0 for the first */
    size_t end[PII_GROUPS];           /* where the group ends */
};

void pii_digits_read(const struct pii_text *t, size_t i, struct pii_digits *d);

/* What the words before a place say. */
enum pii_context {
    PII_CTX_PHONE = 1, /* tel, phone, fax, mobile … */
    PII_CTX_CALL = 2,  /* call, contact, cell …: needs a number that looks like a phone's */
    PII_CTX_CARD = 4,
    PII_CTX_SSN = 8,
    PII_CTX_ADDRESS = 16, /* ip, src, host … */
    PII_CTX_VERSION = 32, /* version, release, a product's name, right before */
    PII_CTX_OTHER = 64,   /* id, offset, bytes … right before: the number is that */
    PII_CTX_KNOWN = 1 << 30
};

/* Looks back over at most 64 bytes and 6 words of the same line. *cache: 0 at first, then the answer. */
unsigned pii_context(const struct pii_text *t, size_t i, unsigned *cache);

/* A verifier looks at one anchor (for numbers: the first digit) and gives the longest span of its type there. */
/* width: of what stands for the '@' at `at`: 1, or 3 where a URL has it as %40. */
bool pii_email_at(const struct pii_text *t, size_t at, size_t width, struct pii_span *s);
/* %2B, the '+' of a URL, whose '%' is at `percent`. */
bool pii_phone_encoded_at(const struct pii_text *t, size_t percent, struct pii_span *s);
bool pii_phone_at(const struct pii_text *t, const struct pii_digits *d, unsigned *context, struct pii_span *s);
bool pii_card_at(const struct pii_text *t, const struct pii_digits *d, unsigned *context, struct pii_span *s);
bool pii_ssn_at(const struct pii_text *t, const struct pii_digits *d, unsigned *context, struct pii_span *s);
bool pii_iban_at(const struct pii_text *t, size_t letters, struct pii_span *s);
bool pii_ipv4_at(const struct pii_text *t, size_t i, unsigned *context, struct pii_span *s);
bool pii_ipv6_at(const struct pii_text *t, size_t colon, struct pii_span *s);

/* 4 or 6 for what is wholly an address of that version (a zone is allowed and dropped), its bytes in network order; 0: it isn't. */
int pii_address_parse(struct str s, unsigned char address[16]);

/* Bitmaps of 64 bytes: which are digits, letters, …; bytes beyond n count as none. */
struct pii_masks {
    uint64_t digit, letter, word, at, colon;
};

/* Whether a token in its place leaves everything around it as it was to the verifiers. */
bool pii_isolated(const struct pii_text *t, const struct pii_span *s);

void pii_classify_scalar(const unsigned char *p, struct pii_masks *m);
#if defined(__x86_64__)
void pii_classify_sse2(const unsigned char *p, struct pii_masks *m);
void pii_classify_avx2(const unsigned char *p, struct pii_masks *m);
#endif

/* A scan in progress. */
struct pii_scan {
    struct pii_text text;
    size_t block;                  /* where `anchors` starts */
    uint64_t anchors, numbers;     /* still to be looked at */
    uint64_t was_letter, was_word; /* masks of the block before */
    uint64_t was_colon, was_pair, was_triple;
    void (*classify)(const unsigned char *p, struct pii_masks *m);
    struct pii_set types; /* what is looked for */
};

/* Spans start at or after `from`. */
void pii_scan_init(struct pii_scan *scan, struct str text, size_t from); /* the default set of types */
void pii_scan_init_of(struct pii_scan *scan, struct pii_set types, struct str text, size_t from);
/* As from the start, but words from `floor` (at most `from`) on are context. */
void pii_scan_init_at(struct pii_scan *scan, struct str text, size_t floor, size_t from);
bool pii_scan_next(struct pii_scan *scan, struct pii_span *span);

#endif
