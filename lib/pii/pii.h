/* lib/pii: finds personal data in text: one scan over the bytes for candidates, a small verifier per type. */
#ifndef ODW_PII_H
#define ODW_PII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* The types, as the table in types.c has them; a name here without PII_ is the type's name. README.md says what makes one of each.
 */
enum pii_type {
    /* anyone's */
    PII_EMAIL,
    PII_PHONE,
    PII_CARD,
    PII_IBAN,
    PII_IPV4,
    PII_IPV6,
    PII_MAC,
    PII_URL,
    PII_URL_CREDENTIALS,
    PII_UUID,
    PII_DATE,
    PII_DATE_OF_BIRTH,
    PII_SECRET,
    PII_CRYPTO,
    PII_PASSPORT,
    PII_DRIVER_LICENSE,
    PII_VEHICLE,
    /* a country's */
    PII_US_SSN,
    PII_US_ITIN,
    PII_US_NPI,
    PII_US_ABA,
    PII_US_BANK_ACCOUNT,
    PII_US_MBI,
    PII_US_DEA,
    PII_US_ZIP,
    PII_UK_NHS,
    PII_UK_NINO,
    PII_UK_POSTCODE,
    PII_UK_UTR,
    PII_DE_TAX_ID,
    PII_DE_TAX_NUMBER,
    PII_DE_SOCIAL_SECURITY,
    PII_DE_HEALTH_INSURANCE,
    PII_DE_ID_CARD,
    PII_DE_VAT,
    PII_FR_NIR,
    PII_FR_SIREN,
    PII_ES_NIF,
    PII_ES_NIE,
    PII_ES_CIF,
    PII_IT_FISCAL_CODE,
    PII_IT_VAT,
    PII_IT_ID_CARD,
    PII_NL_BSN,
    PII_PL_PESEL,
    PII_PL_NIP,
    PII_PL_ID_CARD,
    PII_SE_PERSONNUMMER,
    PII_SE_ORGANISATIONSNUMMER,
    PII_FI_HETU,
    PII_BE_NATIONAL_NUMBER,
    PII_PT_NIF,
    PII_IN_AADHAAR,
    PII_IN_PAN,
    PII_IN_GSTIN,
    PII_IN_VOTER,
    PII_AU_TFN,
    PII_AU_ABN,
    PII_AU_ACN,
    PII_AU_MEDICARE,
    PII_SG_NRIC,
    PII_SG_UEN,
    PII_KR_RRN,
    PII_KR_BRN,
    PII_BR_CPF,
    PII_BR_CNPJ,
    PII_CA_SIN,
    PII_TH_TNIN,
    PII_TR_TCKN,
    PII_NG_NIN,
    PII_ZA_ID,
    PII_CA_POSTCODE,
    PII_DK_CPR,
    PII_NO_FNR,
    PII_IS_KENNITALA,
    PII_CZ_RC,
    PII_RO_CNP,
    PII_HR_OIB,
    PII_BG_EGN,
    PII_EE_IK,
    PII_LV_PK,
    PII_CH_AHV,
    PII_AT_SVNR,
    PII_GR_AMKA,
    PII_IL_ID,
    PII_RU_SNILS,
    PII_RU_INN,
    PII_CN_ID,
    PII_JP_MY_NUMBER,
    PII_TW_ID,
    PII_HK_ID,
    PII_MX_CURP,
    PII_CL_RUT,
    PII_AR_CUIT,
    PII_IE_PPS,
    PII_EU_VAT,
    PII_TYPES
};

/* "" for what is no type. */
const char *pii_type_name(enum pii_type t);  /* "EMAIL": stable, what policies and piiDetect say */
const char *pii_token(enum pii_type t);      /* "[EMAIL]": several types may share one: "[IP]" */
const char *pii_type_alias(enum pii_type t); /* what Presidio calls it: "EMAIL_ADDRESS"; "" if it doesn't know it */
bool pii_type_weak(enum pii_type t);         /* nothing about its form says enough: words around it must */
bool pii_type_kept(enum pii_type t);         /* found when asked for, never redacted unless a policy says so */

/* The type of that name or alias (case counts); -1: there is none. */
int pii_type_by_name(struct str name);

/* A set of types. */
struct pii_set {
    uint64_t bits[2];
};
_Static_assert(PII_TYPES < 127, "a type is a bit of struct pii_set");

/* A member of a set beside the types: where a text holds nothing but one number, at most with a label ("x: …"), its check digits
 * alone are reason enough to name it, with a score under 0.5. Half of all ids have the check digit of some country's number, so
 * nothing is redacted for that. */
enum { PII_GUESSES = 127 };

struct pii_set pii_set_all(void);     /* every type, and guesses */
struct pii_set pii_set_default(void); /* what redaction replaces: all but the kept types, no guesses */

static inline bool pii_set_has(const struct pii_set *set, int t)
{
    return set->bits[t / 64] >> t % 64 & 1;
}

static inline void pii_set_put(struct pii_set *set, enum pii_type t, bool member)
{
    uint64_t bit = (uint64_t)1 << t % 64;
    set->bits[t / 64] = member ? set->bits[t / 64] | bit : set->bits[t / 64] & ~bit;
}

struct pii_span {
    size_t start, length; /* bytes */
    enum pii_type type;
    float score; /* 0 to 1: how certain */
};

/* The first span at or after `from`; spans never overlap, the longest and most certain wins. False: there is none. Types: the
 * default set. (Redaction also knows what the span before was: of "phones: A, B" this finds B only with a word of its own.) */
bool pii_next(struct str text, size_t from, struct pii_span *span);

/* One after the other, as redaction sees them: pii/scan.h has struct pii_scan, pii_scan_init_of(&scan, types, text, from) and
 * pii_scan_next(&scan, &span). */

/* Appends text with each span replaced by its token. Returns the number of spans; 0 means the text went through unchanged.
 * Redacting what was redacted changes nothing. */
size_t pii_redact(struct str text, struct buf *out);

/* json: one JSON value (what isn't is redacted as plain text). Appends it with the strings (keys and values, escapes resolved)
 * redacted; all other bytes as received. Returns the number of spans. */
size_t pii_redact_json(struct str json, struct buf *out);
/* The same where a parser has been through it: it must be one well-formed JSON value. */
size_t pii_redact_json_read(struct str json, struct buf *out);

/* Appends the network of an IPv4 address (/24: "203.0.113.0") or an IPv6 address (/48: "2001:db8:1::", RFC 5952;
 * ::ffff:a.b.c.d counts as IPv4). False, and nothing appended: not an address. */
bool ip_anonymise(struct str ip, struct buf *out);

#endif
