/* lib/pii/scan: what the scanner and the verifiers share: the text, its classes of bytes, groups of digits, context. */
#ifndef ODW_PII_SCAN_H
#define ODW_PII_SCAN_H

#include <strings.h>

#include "pii/find.h"

/* The text under scan. Bytes before `floor` (the end of the span found last) belong to no further span; no word before `words` is
 * context. */
struct pii_text {
    const unsigned char *p;
    size_t n, floor, words; /* words: where context may start; at most floor */
    int last;               /* the type of the span that ends at floor; -1: none, or unknown */
    bool json;              /* raw JSON without escapes: '"' always delimits */
    bool whole;             /* all there is: no string out of a document */
    struct pii_set types;   /* what is looked for */
    bool *unsure;           /* set where a span before hides what would have decided */
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
bool pii_glued_on_before(const struct pii_text *t, size_t i); /* beside ']', '-' and '.' */
bool pii_glued_on_after(const struct pii_text *t, size_t i);  /* beside '[', '-' and '.' */

static inline bool pii_glued_before(const struct pii_text *t, size_t i)
{
    unsigned c = pii_before(t, i);
    return pii_is_word(c) || ((c == ']' || c == '-' || c == '.') && pii_glued_on_before(t, i));
}

static inline bool pii_glued_after(const struct pii_text *t, size_t i)
{
    unsigned c = pii_byte(t, i);
    return pii_is_word(c) || ((c == '[' || c == '-' || c == '.') && pii_glued_on_after(t, i));
}

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

/* What a word can say about what stands near it. Where the forms of a country's numbers tell them apart, one bit is enough. */
enum pii_word {
    PII_W_PHONE,      /* tel, phone, fax, mobile … */
    PII_W_CALL,       /* call, contact, cell …: needs a number that looks like a phone's */
    PII_W_ADDRESS,    /* ip, src, host … */
    PII_W_VERSION,    /* version, release, a product's name, right before */
    PII_W_OTHER,      /* id, offset, bytes … right before: the number is that */
    PII_W_POSSESSIVE, /* my, your … */
    PII_W_NUMBER,
    PII_W_TAIL, /* may be the second of two words that mean something together */
    PII_W_CARD,
    PII_W_BANK,
    PII_W_ABA,
    PII_W_SSN,
    PII_W_TAX,      /* any country's tax number */
    PII_W_NATIONAL, /* any country's number of a person */
    PII_W_VAT,
    PII_W_MEDIC, /* NPI, DEA */
    PII_W_MEDICARE,
    PII_W_DRIVER,
    PII_W_PASSPORT,
    PII_W_VEHICLE,
    PII_W_DOB,
    PII_W_ZIP,
    PII_W_POSTCODE,
    PII_W_NHS,
    PII_W_NINO,
    PII_W_UTR,
    PII_W_DE_TAX,
    PII_W_DE_TAXNR,
    PII_W_DE,
    PII_W_FR,
    PII_W_ES,
    PII_W_IT,
    PII_W_NL,
    PII_W_PL,
    PII_W_SE,
    PII_W_FI,
    PII_W_BE,
    PII_W_PT,
    PII_W_IN,
    PII_W_TFN,
    PII_W_AU,
    PII_W_SG,
    PII_W_KR,
    PII_W_BR,
    PII_W_CA,
    PII_W_TH,
    PII_W_TR,
    PII_W_NG,
    PII_W_ZA,
    PII_W_NORTH, /* Denmark, Norway, Iceland */
    PII_W_EAST,  /* Czechia, Slovakia, Romania, Croatia, Bulgaria, Greece, Estonia, Latvia, Lithuania */
    PII_W_ALPS,  /* Switzerland, Austria */
    PII_W_IL,
    PII_W_RU,
    PII_W_ASIA,  /* China, Japan, Taiwan, Hong Kong */
    PII_W_LATIN, /* Mexico, Chile, Argentina */
    PII_W_IE,
    PII_WORDS
};
_Static_assert(PII_WORDS <= 64, "a set of them is a uint64_t");
#define PII_SAYS(what) ((uint64_t)1 << PII_W_##what)

/* What a word says; low: its n bytes, ASCII in lower case, a NUL behind. 0: nothing. */
uint64_t pii_word_says(const char *low, size_t n);

/* What the words around one place say, looked up at most once; zeroed at first. */
struct pii_context {
    uint64_t before, after;
    size_t end; /* of what `after` is about; 0: not looked up */
    bool known; /* `before` is */
};

/* Words before i, of the same line: see look_back. */
uint64_t pii_said(const struct pii_text *t, size_t i, struct pii_context *c);
/* Whether a word before start or behind end says one of what. */
bool pii_told(const struct pii_text *t, size_t start, size_t end, uint64_t what, struct pii_context *c);
/* Whether guesses are asked for, and the text is nothing but this value, with at most a label ("x: …") that means no other kind of
 * number: the value of a column, which no words can announce. */
bool pii_alone(const struct pii_text *t, size_t start, size_t end);

/* A verifier looks at one anchor (for numbers: the first digit) and gives the longest span of its types there. */
/* width: of what stands for the '@' at `at`: 1, or 3 where a URL has it as %40. */
bool pii_email_at(const struct pii_text *t, size_t at, size_t width, struct pii_span *s);
/* %2B, the '+' of a URL, whose '%' is at `percent`. */
bool pii_phone_encoded_at(const struct pii_text *t, size_t percent, struct pii_span *s);
bool pii_phone_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s);
bool pii_card_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s);
bool pii_ssn_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s);
bool pii_numeric_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s);
bool pii_document_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s);
bool pii_ipv4_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s);
bool pii_date_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s);
/* Whether a month's name may start at i: a glance at its first letters. */
bool pii_date_month(const struct pii_text *t, size_t i);
/* i: five digits. */
bool pii_zip_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s);
/* i: the digits of a British insurance number that stand behind its two letters and a space. */
bool pii_nino_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s);
/* i: the digits of a Spanish number that stand behind its letter and a dash. */
bool pii_es_dashed_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s);
/* start: `run` digits that a letter, '-' or '+' follows. */
bool pii_digits_mixed_at(const struct pii_text *t, size_t start, size_t run, struct pii_context *context, struct pii_span *s);
/* The form of a European VAT number, its country before it; word: its n letters (capitals) and digits, a NUL behind. 0: it has
 * none; 2: its check digit is right, too. */
int pii_vat_form(const char *word, size_t n);
/* digit: the first of a word that starts with letters. */
bool pii_mixed_at(const struct pii_text *t, size_t digit, struct pii_span *s);
bool pii_iban_at(const struct pii_text *t, size_t letters, struct pii_span *s);
bool pii_ipv6_at(const struct pii_text *t, size_t colon, struct pii_span *s);
/* at: a separator of it, `back` bytes behind its start. */
bool pii_mac_at(const struct pii_text *t, size_t at, size_t back, struct pii_span *s);
/* start: 16 bytes of letters, digits, '_' and '-'. */
bool pii_uuid_at(const struct pii_text *t, size_t start, struct pii_span *s);
bool pii_token_secret_at(const struct pii_text *t, size_t start, struct pii_span *s);
bool pii_crypto_at(const struct pii_text *t, size_t start, struct pii_span *s);
/* fifth: of five dashes. */
bool pii_private_key_at(const struct pii_text *t, size_t fifth, struct pii_span *s);
/* Keys that name a secret, by their last three bytes in either case: 0 where none ends so. */
enum { PII_KEY_TAILS = 1024 };
extern unsigned char pii_key_tails[PII_KEY_TAILS];

static inline unsigned pii_key_tail(unsigned a, unsigned b, unsigned c)
{
    return ((a | b << 8 | c << 16 | 0x202020) * UINT32_C(0x9E3779B1)) >> 22;
}

/* at: a '=' or ':' behind what may be a key. */
bool pii_keyed_secret_at(const struct pii_text *t, size_t at, struct pii_span *s);
/* colon: of "curl -u user:password". */
bool pii_login_at(const struct pii_text *t, size_t colon, struct pii_span *s);
/* colon: behind a key that ends at `key` with an e: "Cookie". */
bool pii_cookie_at(const struct pii_text *t, size_t key, size_t colon, struct pii_span *s);
/* at: the '@' of "user:password@tcp(host:3306)". */
bool pii_dsn_at(const struct pii_text *t, size_t at, struct pii_span *s);
/* Whether a command on the same line, before its option, takes a password (or a user and one) behind that letter. */
bool pii_command_before(const struct pii_text *t, size_t option, char letter, bool glued);
/* at: the first letter behind one dash or two. */
bool pii_option_at(const struct pii_text *t, size_t at, struct pii_span *s);
/* quote: ' or " behind a space or a bracket. */
bool pii_sql_secret_at(const struct pii_text *t, size_t quote, struct pii_span *s);
/* end: the '>' of "<password>". */
bool pii_element_secret_at(const struct pii_text *t, size_t end, struct pii_span *s);
/* Whether bytes look drawn by chance. */
bool pii_is_random(const unsigned char *p, size_t n);
/* colon: of "://". */
bool pii_url_credentials_at(const struct pii_text *t, size_t colon, struct pii_span *s);
bool pii_url_at(const struct pii_text *t, size_t colon, struct pii_span *s);
bool pii_bare_url_at(const struct pii_text *t, size_t dot, struct pii_span *s);

/* 4 or 6 for what is wholly an address of that version (a zone is allowed and dropped), its bytes in network order; 0: it isn't. */
int pii_address_parse(struct str s, unsigned char address[16]);

/* Bitmaps of 64 bytes: which are digits, letters, …; bytes beyond n count as none. */
struct pii_masks {
    uint64_t digit, letter, word, at, colon, equals, dash, dot, quote;
    uint64_t tick; /* ' and > */
};

/* Whether a token in its place leaves everything around it as it was to the verifiers. */
bool pii_isolated(const struct pii_text *t, const struct pii_span *s);

void pii_classify_scalar(const unsigned char *p, struct pii_masks *m);
#if defined(__x86_64__)
void pii_classify_sse2(const unsigned char *p, struct pii_masks *m);
void pii_classify_avx2(const unsigned char *p, struct pii_masks *m);
void pii_classify_avx512(const unsigned char *p, struct pii_masks *m);
#endif
/* The fastest of them that this machine has. */
extern void (*pii_classify)(const unsigned char *p, struct pii_masks *m);

/* A scan in progress. */
struct pii_scan {
    struct pii_text text;
    size_t from;                             /* where it starts */
    size_t block;                            /* where `anchors` starts */
    uint64_t anchors;                        /* still to be looked at */
    uint64_t sixes;                          /* colons of what may be an IPv6 or a hardware address */
    uint64_t numbers, mixed, runs;           /* which anchors start a number, are a word's first digit, a run's sixteenth byte */
    uint64_t options;                        /* the first letters behind dashes behind no word */
    struct pii_masks was;                    /* of the block before, as what follows */
    uint64_t was_pair, was_triple;           /* colons close to others */
    uint64_t was_dash2, was_dash3, was_rule; /* dashes three apart, side by side, five side by side */
    unsigned was_run;                        /* how many bytes of names the block before ends in; at most 16 */
    bool in_letters;                         /* the block before ends in a word's first letters */
    uint64_t in_string;                      /* JSON: all ones where the block before ends within a string */
    uint64_t ends;                           /* JSON: the colons behind keys */
    const struct pii_keys *keys;             /* JSON: which keys name a secret beside the known ones */
    bool secret_key;                         /* JSON: one of the keys passed may name one */
    bool unsure;                             /* with tokens in place of spans more may show */
    bool urls;                               /* whole URLs are asked for: every dot is an anchor */
};

/* Spans start at or after `from`. */
void pii_scan_init(struct pii_scan *scan, struct str text, size_t from); /* the default set of types */
void pii_scan_init_of(struct pii_scan *scan, struct pii_set types, struct str text, size_t from);
/* As of a part of something larger; words from `words` (at most `from`) on are context. */
void pii_scan_init_at(struct pii_scan *scan, struct pii_set types, struct str text, size_t words, size_t from);
/* As of a stretch of well-formed JSON that starts outside of strings and whose strings hold no backslash: finds nothing outside of
 * strings but the values of keys that pii_keyed_secret_at knows. */
void pii_scan_init_json(struct pii_scan *scan, struct pii_set types, const struct pii_keys *keys, struct str text, size_t words,
                        size_t from);
bool pii_scan_next(struct pii_scan *scan, struct pii_span *span);

#endif
