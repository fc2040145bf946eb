/* lib/pii/types: the table of types: names, tokens, what others call them, which are weak, which are kept. */
#include "pii/scan.h"

enum { WEAK = 1, KEPT = 2 };

/* A new type is a name in enum pii_type, a row here, a verifier and an anchor that leads to it. */
static const struct row {
    const char *name, *token, *alias;
    unsigned char flags;
} types[PII_TYPES] = {
#define ROW(type, token, alias, flags) [PII_##type] = { #type, "[" token "]", alias, flags }
    ROW(EMAIL, "EMAIL", "EMAIL_ADDRESS", 0),
    ROW(PHONE, "PHONE", "PHONE_NUMBER", 0),
    ROW(CARD, "CARD", "CREDIT_CARD", 0),
    ROW(IBAN, "IBAN", "IBAN_CODE", 0),
    ROW(IPV4, "IP", "IP_ADDRESS", 0),
    ROW(IPV6, "IP", "IP_ADDRESS", 0),
    ROW(MAC, "MAC", "MAC_ADDRESS", 0),
    ROW(URL, "URL", "", KEPT),
    ROW(URL_CREDENTIALS, "CREDENTIALS", "", 0),
    ROW(UUID, "UUID", "", KEPT),
    ROW(DATE, "DATE", "DATE_TIME", KEPT),
    ROW(DATE_OF_BIRTH, "DATE_OF_BIRTH", "", WEAK),
    ROW(SECRET, "SECRET", "", 0),
    ROW(CRYPTO, "CRYPTO", "", 0),
    ROW(PASSPORT, "PASSPORT", "US_PASSPORT", WEAK),
    ROW(DRIVER_LICENSE, "DRIVER_LICENSE", "US_DRIVER_LICENSE", WEAK),
    ROW(VEHICLE, "VEHICLE", "UK_VEHICLE_REGISTRATION", WEAK),
    ROW(US_SSN, "SSN", "", 0),
    ROW(US_ITIN, "ITIN", "", 0),
    ROW(US_NPI, "NPI", "", 0),
    ROW(US_ABA, "ABA", "ABA_ROUTING_NUMBER", 0),
    ROW(US_BANK_ACCOUNT, "BANK_ACCOUNT", "US_BANK_NUMBER", WEAK),
    ROW(US_MBI, "MBI", "", 0),
    ROW(US_DEA, "DEA", "MEDICAL_LICENSE", 0),
    ROW(US_ZIP, "ZIP", "", WEAK),
    ROW(UK_NHS, "NHS", "", 0),
    ROW(UK_NINO, "NINO", "", 0),
    ROW(UK_POSTCODE, "POSTCODE", "", WEAK),
    ROW(UK_UTR, "UTR", "", WEAK),
    ROW(DE_TAX_ID, "DE_TAX_ID", "", 0),
    ROW(DE_TAX_NUMBER, "DE_TAX_NUMBER", "", WEAK),
    ROW(DE_SOCIAL_SECURITY, "DE_SOCIAL_SECURITY", "", 0),
    ROW(DE_HEALTH_INSURANCE, "DE_HEALTH_INSURANCE", "", 0),
    ROW(DE_ID_CARD, "DE_ID_CARD", "", 0),
    ROW(DE_VAT, "DE_VAT", "DE_VAT_ID", 0),
    ROW(FR_NIR, "FR_NIR", "", 0),
    ROW(FR_SIREN, "FR_SIREN", "", 0),
    ROW(ES_NIF, "ES_NIF", "", 0),
    ROW(ES_NIE, "ES_NIE", "", 0),
    ROW(ES_CIF, "ES_CIF", "", 0),
    ROW(IT_FISCAL_CODE, "IT_FISCAL_CODE", "", 0),
    ROW(IT_VAT, "IT_VAT", "IT_VAT_CODE", 0),
    ROW(IT_ID_CARD, "IT_ID_CARD", "IT_IDENTITY_CARD", WEAK),
    ROW(NL_BSN, "NL_BSN", "", 0),
    ROW(PL_PESEL, "PL_PESEL", "", 0),
    ROW(PL_NIP, "PL_NIP", "", 0),
    ROW(PL_ID_CARD, "PL_ID_CARD", "", 0),
    ROW(SE_PERSONNUMMER, "SE_PERSONNUMMER", "", 0),
    ROW(SE_ORGANISATIONSNUMMER, "SE_ORGANISATIONSNUMMER", "", 0),
    ROW(FI_HETU, "FI_HETU", "FI_PERSONAL_IDENTITY_CODE", 0),
    ROW(BE_NATIONAL_NUMBER, "BE_NATIONAL_NUMBER", "", 0),
    ROW(PT_NIF, "PT_NIF", "", 0),
    ROW(IN_AADHAAR, "IN_AADHAAR", "", 0),
    ROW(IN_PAN, "IN_PAN", "", 0),
    ROW(IN_GSTIN, "IN_GSTIN", "", 0),
    ROW(IN_VOTER, "IN_VOTER", "", WEAK),
    ROW(AU_TFN, "AU_TFN", "", 0),
    ROW(AU_ABN, "AU_ABN", "", 0),
    ROW(AU_ACN, "AU_ACN", "", 0),
    ROW(AU_MEDICARE, "AU_MEDICARE", "", 0),
    ROW(SG_NRIC, "SG_NRIC", "SG_NRIC_FIN", 0),
    ROW(SG_UEN, "SG_UEN", "", 0),
    ROW(KR_RRN, "KR_RRN", "", 0),
    ROW(KR_BRN, "KR_BRN", "", 0),
    ROW(BR_CPF, "BR_CPF", "", 0),
    ROW(BR_CNPJ, "BR_CNPJ", "", 0),
    ROW(CA_SIN, "CA_SIN", "", 0),
    ROW(TH_TNIN, "TH_TNIN", "", 0),
    ROW(TR_TCKN, "TR_TCKN", "", 0),
    ROW(NG_NIN, "NG_NIN", "", WEAK),
    ROW(ZA_ID, "ZA_ID", "ZA_ID_NUMBER", 0),
    ROW(CA_POSTCODE, "POSTCODE", "CA_POSTAL_CODE", WEAK),
    ROW(DK_CPR, "DK_CPR", "", 0),
    ROW(NO_FNR, "NO_FNR", "", 0),
    ROW(IS_KENNITALA, "IS_KENNITALA", "", 0),
    ROW(CZ_RC, "CZ_RC", "", 0),
    ROW(RO_CNP, "RO_CNP", "", 0),
    ROW(HR_OIB, "HR_OIB", "", 0),
    ROW(BG_EGN, "BG_EGN", "", 0),
    ROW(EE_IK, "EE_IK", "", 0),
    ROW(LV_PK, "LV_PK", "", 0),
    ROW(CH_AHV, "CH_AHV", "", 0),
    ROW(AT_SVNR, "AT_SVNR", "", 0),
    ROW(GR_AMKA, "GR_AMKA", "", 0),
    ROW(IL_ID, "IL_ID", "", 0),
    ROW(RU_SNILS, "RU_SNILS", "", 0),
    ROW(RU_INN, "RU_INN", "", 0),
    ROW(CN_ID, "CN_ID", "", 0),
    ROW(JP_MY_NUMBER, "JP_MY_NUMBER", "", 0),
    ROW(TW_ID, "TW_ID", "", 0),
    ROW(HK_ID, "HK_ID", "", 0),
    ROW(MX_CURP, "MX_CURP", "", 0),
    ROW(CL_RUT, "CL_RUT", "", 0),
    ROW(AR_CUIT, "AR_CUIT", "", 0),
    ROW(IE_PPS, "IE_PPS", "", 0),
    ROW(EU_VAT, "EU_VAT", "", 0),
#undef ROW
};

static const struct row none = { "", "", "", 0 };

static const struct row *row_of(enum pii_type t)
{
    return (unsigned)t < PII_TYPES ? &types[t] : &none;
}

const char *pii_type_name(enum pii_type t)
{
    return row_of(t)->name;
}

const char *pii_token(enum pii_type t)
{
    return row_of(t)->token;
}

const char *pii_type_alias(enum pii_type t)
{
    return row_of(t)->alias;
}

bool pii_type_weak(enum pii_type t)
{
    return row_of(t)->flags & WEAK;
}

bool pii_type_kept(enum pii_type t)
{
    return row_of(t)->flags & KEPT;
}

int pii_type_by_name(struct str name)
{
    for (int t = 0; t < PII_TYPES; t++)
        if (str_eq(name, str_of(types[t].name)))
            return t;
    for (int t = 0; t < PII_TYPES && name.n > 0; t++)
        if (str_eq(name, str_of(types[t].alias)))
            return t;
    return -1;
}

static struct pii_set all, redacted; /* by the constructor below */

struct pii_set pii_set_all(void)
{
    return all;
}

struct pii_set pii_set_default(void)
{
    return redacted;
}

/* Tokens by their length and first letters, so that a '[' of a log costs a look or two. */
enum { TOKEN_MAX = 32, SLOTS = 256 };

static unsigned char slots[SLOTS]; /* a type + 1; 0: free */

static unsigned slot_of(const unsigned char *token, size_t n)
{
    return ((unsigned)n * 37 + token[1] * 11 + token[2] * 5 + token[n - 2] * 7 + token[n / 2] * 3) % SLOTS;
}

/* Before main, so that threads only ever read it. */
__attribute__((constructor)) static void index_types(void)
{
    all.bits[PII_GUESSES / 64] |= (uint64_t)1 << PII_GUESSES % 64;
    for (unsigned t = 0; t < PII_TYPES; t++) {
        pii_set_put(&all, (enum pii_type)t, true);
        pii_set_put(&redacted, (enum pii_type)t, !pii_type_kept((enum pii_type)t));
        size_t n = strlen(types[t].token);
        unsigned slot = slot_of((const unsigned char *)types[t].token, n);
        while (slots[slot] != 0)
            slot = (slot + 1) % SLOTS;
        slots[slot] = (unsigned char)(t + 1);
    }
}

/* Behind the name of a joinable token: ':' and 32 digits. */
enum { DIGEST = 33 };

static bool is_digest(const unsigned char *p)
{
    if (p[0] != ':')
        return false;
    for (unsigned i = 1; i < DIGEST; i++)
        if (!pii_is_digit(p[i]) && (unsigned)p[i] - 'a' >= 6)
            return false;
    return true;
}

int pii_token_type(const unsigned char *p, size_t n)
{
    unsigned char plain[TOKEN_MAX];
    if (n > DIGEST + 3 && n - DIGEST <= TOKEN_MAX && is_digest(p + n - DIGEST - 1)) {
        n -= DIGEST;
        memcpy(plain, p, n - 1);
        plain[n - 1] = ']';
        p = plain;
    }
    if (n < 4 || n > TOKEN_MAX)
        return -1;
    for (unsigned slot = slot_of(p, n); slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        const char *token = types[slots[slot] - 1].token;
        if (strlen(token) == n && memcmp(token, p, n) == 0)
            return slots[slot] - 1;
    }
    return -1;
}

static bool token_byte(unsigned c)
{
    return (c >= 'A' && c <= 'Z') || c == '_';
}

/* A policy's own types have digits in their names too; of these only the joinable tokens are known. */
static bool own_byte(unsigned c)
{
    return token_byte(c) || pii_is_digit(c);
}

size_t pii_token_at(const struct pii_text *t, size_t i)
{
    if (pii_byte(t, i) != '[')
        return 0;
    size_t end = i + 1;
    while (end - i < TOKEN_MAX && own_byte(pii_byte(t, end)))
        end++;
    if (pii_byte(t, end) == ':')
        return end > i + 1 && t->n - end > DIGEST && t->p[end + DIGEST] == ']' && is_digest(t->p + end) ? end + DIGEST + 1 - i : 0;
    return pii_byte(t, end) == ']' && pii_token_type(t->p + i, end + 1 - i) >= 0 ? end + 1 - i : 0;
}

size_t pii_token_before(const struct pii_text *t, size_t i)
{
    if (pii_before(t, i) != ']')
        return 0;
    bool digest = i > DIGEST + 2 && is_digest(t->p + i - 1 - DIGEST);
    size_t name = digest ? i - 1 - DIGEST : i - 1, start = name;
    while (start > 0 && name - start < TOKEN_MAX && own_byte(t->p[start - 1]))
        start--;
    if (pii_before(t, start) != '[' || start == name)
        return 0;
    return digest || pii_token_type(t->p + start - 1, i + 1 - start) >= 0 ? i + 1 - start : 0;
}
