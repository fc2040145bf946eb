/* lib/pii/numeric: numbers of persons, firms and accounts that are digits alone: a row per type, a form, a check. */
#include "pii/checksum.h"
#include "pii/scan.h"

/* What a form needs beside itself and its check. */
enum need {
    TOLD,   /* words */
    ALONE,  /* words, or to be all that the text holds */
    NOTHING /* so particular that nothing else looks like it */
};

static bool aba(const unsigned char *d, unsigned n)
{
    unsigned district = check_two(d);
    (void)n;
    if (!(district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district == 80))
        return false;
    return check_weighted(d, "371371371") % 10 == 0 && !check_all_same(d, 9);
}

static bool npi(const unsigned char *d, unsigned n)
{
    unsigned char with_issuer[15] = { 8, 0, 8, 4, 0 };
    memcpy(with_issuer + 5, d, n);
    return (d[0] == 1 || d[0] == 2) && check_luhn(with_issuer, 15);
}

/* Not yet a century old, or older: 9xx in the middle of the ranges that the IRS gives out. */
static bool itin(const unsigned char *d, unsigned n)
{
    unsigned group = check_two(d + 3);
    (void)n;
    return d[0] == 9 &&
           ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94);
}

static bool nhs(const unsigned char *d, unsigned n)
{
    (void)n;
    return (11 - check_weighted(d, ":98765432") % 11) % 11 == d[9] && !check_all_same(d, 10);
}

static bool utr(const unsigned char *d, unsigned n)
{
    (void)n;
    return (unsigned)("21987654321"[check_weighted(d + 1, "6789:5432") % 11] - '0') == d[0];
}

/* One digit of the first ten stands twice or thrice (never three in a row), the others once; the numbers that the
 * specification prints as examples have ten different ones. */
static bool de_tax_id(const unsigned char *d, unsigned n)
{
    unsigned count[10] = { 0 }, repeated = 0;
    if (d[0] == 0 || !check_iso7064_11_10(d, n))
        return false;
    for (unsigned i = 0; i < 10; i++) {
        count[d[i]]++;
        if (i >= 2 && d[i] == d[i - 1] && d[i] == d[i - 2])
            return false;
    }
    for (unsigned i = 0; i < 10; i++) {
        if (count[i] > 3)
            return false;
        repeated += count[i] > 1;
    }
    return repeated <= 1;
}

/* The unified form of 13 digits, or a state's with 10 or 11. */
static bool de_tax_number(const unsigned char *d, unsigned n)
{
    return n < 13 || d[4] == 0;
}

/* A firm, or one of its places. The post office has more places than Luhn's check leaves room for: their digits sum to fives. */
static bool siren(const unsigned char *d, unsigned n)
{
    if (n == 14 && check_number(d, 9) == 356000000) {
        unsigned sum = 0;
        for (unsigned i = 0; i < n; i++)
            sum += d[i];
        return sum % 5 == 0;
    }
    return check_luhn(d, 9) && check_luhn(d, n) && !check_all_same(d, 9);
}

static bool fr_nir(const unsigned char *d, unsigned n)
{
    unsigned month = check_two(d + 3), department = check_two(d + 5);
    (void)n;
    if (d[0] != 1 && d[0] != 2 && d[0] != 7 && d[0] != 8)
        return false;
    if (!((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50) || department == 0)
        return false;
    return 97 - check_number(d, 13) % 97 == check_two(d + 13);
}

static bool it_vat(const unsigned char *d, unsigned n)
{
    unsigned office = (unsigned)check_number(d + 7, 3);
    return check_luhn(d, n) && ((office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 || office == 999);
}

static bool bsn(const unsigned char *d, unsigned n)
{
    unsigned sum = check_weighted(d, n == 9 ? "98765432" : "8765432");
    return (sum + 11 - d[n - 1]) % 11 == 0 && !check_all_same(d, n);
}

static bool pesel(const unsigned char *d, unsigned n)
{
    unsigned month = check_two(d + 2) % 20;
    (void)n;
    return check_day(month, check_two(d + 4)) && (10 - check_weighted(d, "1379137913") % 10) % 10 == d[10];
}

static bool nip(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_weighted(d, "657234567") % 11 == d[9] && d[0] != 0;
}

/* 10 digits, or 12 with the century. A coordination number has 60 on the day. */
static bool personnummer(const unsigned char *d, unsigned n)
{
    if (n == 12) {
        unsigned century = check_two(d);
        if (century < 18 || century > 20)
            return false;
        d += 2;
    }
    unsigned day = check_two(d + 4);
    return check_day(check_two(d + 2), day > 60 ? day - 60 : day) && check_luhn(d, 10);
}

static bool organisationsnummer(const unsigned char *d, unsigned n)
{
    if (n == 12) {
        if (check_two(d) != 16)
            return false;
        d += 2;
    }
    return d[0] != 0 && d[2] >= 2 && check_luhn(d, 10);
}

/* Born before 2000, or after: then a 2 stands before. Months grow by 20 or 40 for those not in the register of residents. */
static bool be_national(const unsigned char *d, unsigned n)
{
    unsigned month = check_two(d + 2) % 20, day = check_two(d + 4), check = check_two(d + 9);
    uint64_t first = check_number(d, 9);
    (void)n;
    if (check_two(d + 2) > 52 || month > 12 || day > 31 || check_number(d + 6, 3) == 0)
        return false;
    return check == 97 - first % 97 || check == 97 - (2000000000 + first) % 97;
}

static bool pt_nif(const unsigned char *d, unsigned n)
{
    unsigned check = 11 - check_weighted(d, "98765432") % 11;
    (void)n;
    return d[0] != 0 && d[0] != 4 && d[0] != 7 && (check > 9 ? 0 : check) == d[8];
}

static bool aadhaar(const unsigned char *d, unsigned n)
{
    bool palindrome = true;
    for (unsigned i = 0; i < n / 2; i++)
        palindrome &= d[i] == d[n - 1 - i];
    return d[0] >= 2 && !palindrome && check_verhoeff(d, n);
}

static bool tfn(const unsigned char *d, unsigned n)
{
    return check_weighted(d, n == 9 ? "14375869:" : ":7846351") % 11 == 0 && !check_all_same(d, n);
}

static bool abn(const unsigned char *d, unsigned n)
{
    (void)n;
    return d[0] != 0 && (check_weighted(d, ":13579;=?AC") - 10) % 89 == 0;
}

static bool acn(const unsigned char *d, unsigned n)
{
    (void)n;
    return (10 - check_weighted(d, "87654321") % 10) % 10 == d[8] && !check_all_same(d, 9);
}

static bool au_medicare(const unsigned char *d, unsigned n)
{
    return d[0] >= 2 && d[0] <= 6 && check_weighted(d, "13791379") % 10 == d[8] && (n == 10 || d[10] > 0);
}

/* Since October 2020 the last six digits are random: with a word the date and the sex are enough. */
static bool rrn_checked(const unsigned char *d, unsigned n)
{
    unsigned sum = check_weighted(d, "234567892345") % 11;
    (void)n;
    return (11 - sum) % 10 == d[12] || (d[6] >= 5 && d[6] <= 8 && (13 - sum) % 10 == d[12]);
}

static bool rrn(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_day(check_two(d + 2), check_two(d + 4));
}

static bool rrn_bare(const unsigned char *d, unsigned n)
{
    return rrn(d, n) && rrn_checked(d, n);
}

static bool kr_brn(const unsigned char *d, unsigned n)
{
    (void)n;
    return (10 - (check_weighted(d, "137137135") + d[8] * 5u / 10) % 10) % 10 == d[9] && check_two(d + 3) != 0;
}

static bool cpf(const unsigned char *d, unsigned n)
{
    unsigned a = check_weighted(d, ":98765432") * 10 % 11 % 10, b = check_weighted(d, ";:98765432") * 10 % 11 % 10;
    return a == d[9] && b == d[10] && !check_all_same(d, n);
}

static bool cnpj(const unsigned char *d, unsigned n)
{
    unsigned a = check_weighted(d, "543298765432") % 11, b = check_weighted(d, "6543298765432") % 11;
    return (a < 2 ? 0 : 11 - a) == d[12] && (b < 2 ? 0 : 11 - b) == d[13] && !check_all_same(d, n);
}

static bool ca_sin(const unsigned char *d, unsigned n)
{
    return d[0] != 0 && d[0] != 8 && check_luhn(d, n) && !check_all_same(d, n);
}

static bool th_tnin(const unsigned char *d, unsigned n)
{
    (void)n;
    return d[0] != 0 && d[0] != 9 && (11 - check_weighted(d, "=<;:98765432") % 11) % 10 == d[12];
}

static bool tckn(const unsigned char *d, unsigned n)
{
    unsigned odd = d[0] + d[2] + d[4] + d[6] + d[8], even = d[1] + d[3] + d[5] + d[7];
    (void)n;
    return d[0] != 0 && (odd * 7 + 90 - even) % 10 == d[9] && (odd + even + d[9]) % 10 == d[10];
}

static bool za_id(const unsigned char *d, unsigned n)
{
    return check_day(check_two(d + 2), check_two(d + 4)) && d[10] <= 2 && check_luhn(d, n);
}

static bool any(const unsigned char *d, unsigned n)
{
    return !check_all_same(d, n);
}

/* Forms: groups of digits as they are written, one form after the other; '_' stands for a space. score: how certain the check
 * alone makes it, which decides between types that fit the same digits. */
static const struct numeric {
    enum pii_type type;
    unsigned char digits;
    const char *forms;
    bool (*valid)(const unsigned char *digit, unsigned n);
    enum need need;
    uint64_t says;
    float score;
} types[] = {
    { PII_AU_TFN, 8, "8 3_3_2 3-3-2", tfn, TOLD, PII_SAYS(TFN), 0.3f },
    { PII_NL_BSN, 8, "8", bsn, TOLD, PII_SAYS(NL), 0.3f },
    { PII_CL_RUT, 8, "1.3.3-1", check_cl_rut, NOTHING, PII_SAYS(LATIN), 0.5f },
    { PII_CL_RUT, 8, "8 7-1", check_cl_rut, TOLD, PII_SAYS(LATIN), 0.3f },
    { PII_US_ITIN, 9, "3-2-4", itin, NOTHING, PII_SAYS(TAX), 0.55f },
    { PII_US_ITIN, 9, "9 3_2_4 3-6 5-4", itin, ALONE, PII_SAYS(TAX), 0.36f },
    { PII_US_ABA, 9, "4-4-1", aba, NOTHING, PII_SAYS(ABA), 0.5f },
    { PII_US_ABA, 9, "9", aba, ALONE, PII_SAYS(ABA), 0.38f },
    { PII_FR_SIREN, 9, "9 3_3_3 3.3.3", siren, ALONE, PII_SAYS(FR), 0.3f },
    { PII_NL_BSN, 9, "9 3.3.3 4.2.3 3_3_3 4_2_3", bsn, ALONE, PII_SAYS(NL) | PII_SAYS(NATIONAL), 0.31f },
    { PII_PT_NIF, 9, "9 3_3_3 3.3.3", pt_nif, ALONE, PII_SAYS(PT) | PII_SAYS(TAX), 0.32f },
    { PII_AU_TFN, 9, "9 3_3_3 3-3-3", tfn, ALONE, PII_SAYS(TFN) | PII_SAYS(TAX), 0.35f },
    { PII_AU_ACN, 9, "9 3_3_3 3-3-3", acn, ALONE, PII_SAYS(AU), 0.33f },
    { PII_CA_SIN, 9, "3-3-3", ca_sin, NOTHING, PII_SAYS(CA), 0.5f },
    { PII_CA_SIN, 9, "9 3_3_3", ca_sin, ALONE, PII_SAYS(CA), 0.34f },
    { PII_CL_RUT, 9, "2.3.3-1", check_cl_rut, NOTHING, PII_SAYS(LATIN), 0.7f },
    { PII_CL_RUT, 9, "9 8-1", check_cl_rut, TOLD, PII_SAYS(LATIN), 0.3f },
    { PII_IL_ID, 9, "9 8-1 1-7-1 3_3_3", check_il_id, TOLD, PII_SAYS(IL), 0.3f },
    { PII_US_NPI, 10, "10 4-3-3 4_3_3", npi, ALONE, PII_SAYS(MEDIC), 0.4f },
    { PII_UK_NHS, 10, "3-3-4", nhs, NOTHING, PII_SAYS(NHS), 0.5f },
    { PII_UK_NHS, 10, "10 3_3_4", nhs, ALONE, PII_SAYS(NHS), 0.38f },
    { PII_UK_UTR, 10, "10 5_5", utr, ALONE, PII_SAYS(UTR) | PII_SAYS(TAX), 0.3f },
    { PII_PL_NIP, 10, "10 3-3-2-2 3-2-2-3 3_3_2_2 3_2_2_3", nip, ALONE, PII_SAYS(PL), 0.36f },
    { PII_SE_PERSONNUMMER, 10, "6-4", personnummer, NOTHING, PII_SAYS(SE), 0.5f },
    { PII_SE_PERSONNUMMER, 10, "10", personnummer, ALONE, PII_SAYS(SE) | PII_SAYS(NATIONAL), 0.42f },
    { PII_SE_ORGANISATIONSNUMMER, 10, "10 6-4", organisationsnummer, ALONE, PII_SAYS(SE), 0.35f },
    { PII_KR_BRN, 10, "3-2-5", kr_brn, NOTHING, PII_SAYS(KR), 0.5f },
    { PII_KR_BRN, 10, "10", kr_brn, ALONE, PII_SAYS(KR), 0.34f },
    { PII_AU_MEDICARE, 10, "10 4_5_1 4-5-1", au_medicare, ALONE, PII_SAYS(MEDICARE), 0.37f },
    { PII_DE_TAX_NUMBER, 10, "10 3/3/4 2/3/5", any, TOLD, PII_SAYS(DE_TAXNR), 0.3f },
    { PII_DK_CPR, 10, "10 6-4 6_4", check_dk_cpr, TOLD, PII_SAYS(NORTH), 0.3f },
    { PII_IS_KENNITALA, 10, "10 6-4", check_is_kennitala, TOLD, PII_SAYS(NORTH), 0.35f },
    { PII_CZ_RC, 10, "6/4", check_cz_rc, NOTHING, PII_SAYS(EAST), 0.7f },
    { PII_CZ_RC, 10, "10", check_cz_rc, TOLD, PII_SAYS(EAST), 0.32f },
    { PII_BG_EGN, 10, "10 6_3_1", check_bg_egn, TOLD, PII_SAYS(EAST), 0.35f },
    { PII_AT_SVNR, 10, "10 4_6 4-6", check_at_svnr, TOLD, PII_SAYS(ALPS) | PII_SAYS(DE), 0.3f },
    { PII_RU_INN, 10, "10", check_ru_inn, TOLD, PII_SAYS(RU), 0.3f },
    { PII_DE_TAX_ID, 11, "11 2_3_3_3", de_tax_id, ALONE, PII_SAYS(DE_TAX) | PII_SAYS(TAX), 0.41f },
    { PII_DE_TAX_NUMBER, 11, "11 3/4/4 3/3/5 2/3/6", any, TOLD, PII_SAYS(DE_TAXNR), 0.3f },
    { PII_AU_MEDICARE, 11, "11 4_5_1_1 4-5-1-1 4_5_2", au_medicare, TOLD, PII_SAYS(MEDICARE), 0.3f },
    { PII_AU_ABN, 11, "11 2_3_3_3 2-3-3-3", abn, ALONE, PII_SAYS(AU), 0.44f },
    { PII_PL_PESEL, 11, "11", pesel, ALONE, PII_SAYS(PL) | PII_SAYS(NATIONAL), 0.42f },
    { PII_IT_VAT, 11, "11", it_vat, ALONE, PII_SAYS(IT) | PII_SAYS(VAT), 0.39f },
    { PII_BE_NATIONAL_NUMBER, 11, "2.2.2-3.2 2.2.2-3-2 2-2-2-3-2", be_national, NOTHING, PII_SAYS(BE), 0.8f },
    { PII_BE_NATIONAL_NUMBER, 11, "11 6-3-2 6_3_2 2_2_2_3_2", be_national, ALONE, PII_SAYS(BE) | PII_SAYS(NATIONAL), 0.46f },
    { PII_BR_CPF, 11, "3.3.3-2", cpf, NOTHING, PII_SAYS(BR), 0.9f },
    { PII_BR_CPF, 11, "11 9-2", cpf, ALONE, PII_SAYS(BR) | PII_SAYS(TAX) | PII_SAYS(NATIONAL), 0.45f },
    { PII_TR_TCKN, 11, "11", tckn, ALONE, PII_SAYS(TR) | PII_SAYS(NATIONAL), 0.45f },
    { PII_NG_NIN, 11, "11", any, TOLD, PII_SAYS(NG), 0.2f },
    { PII_NO_FNR, 11, "11 6_5 6-5", check_no_fnr, ALONE, PII_SAYS(NORTH), 0.47f },
    { PII_EE_IK, 11, "11", check_ee_ik, TOLD, PII_SAYS(EAST), 0.36f },
    { PII_LV_PK, 11, "6-5", check_lv_pk, ALONE, PII_SAYS(EAST), 0.4f },
    { PII_LV_PK, 11, "11", check_lv_pk, TOLD, PII_SAYS(EAST), 0.352f },
    { PII_HR_OIB, 11, "11", check_hr_oib, TOLD, PII_SAYS(EAST), 0.3f },
    { PII_GR_AMKA, 11, "11", check_gr_amka, TOLD, PII_SAYS(EAST), 0.35f },
    { PII_RU_SNILS, 11, "3-3-3_2 3-3-3-2", check_ru_snils, NOTHING, PII_SAYS(RU), 0.8f },
    { PII_RU_SNILS, 11, "11", check_ru_snils, TOLD, PII_SAYS(RU), 0.3f },
    { PII_AR_CUIT, 11, "2-8-1", check_ar_cuit, NOTHING, PII_SAYS(LATIN), 0.7f },
    { PII_AR_CUIT, 11, "11", check_ar_cuit, TOLD, PII_SAYS(LATIN), 0.3f },
    { PII_IN_AADHAAR, 12, "4-4-4 4:4:4", aadhaar, ALONE, PII_SAYS(IN), 0.45f },
    { PII_IN_AADHAAR, 12, "12 4_4_4", aadhaar, ALONE, PII_SAYS(IN) | PII_SAYS(NATIONAL), 0.4f },
    { PII_SE_PERSONNUMMER, 12, "8-4", personnummer, NOTHING, PII_SAYS(SE), 0.7f },
    { PII_SE_PERSONNUMMER, 12, "12", personnummer, ALONE, PII_SAYS(SE) | PII_SAYS(NATIONAL), 0.47f },
    { PII_SE_ORGANISATIONSNUMMER, 12, "12 8-4", organisationsnummer, TOLD, PII_SAYS(SE), 0.3f },
    { PII_JP_MY_NUMBER, 12, "12 4_4_4 4-4-4", check_jp_my_number, TOLD, PII_SAYS(ASIA), 0.3f },
    { PII_RU_INN, 12, "12", check_ru_inn, TOLD, PII_SAYS(RU), 0.4f },
    { PII_KR_RRN, 13, "6-7", rrn_bare, NOTHING, PII_SAYS(KR), 0.7f },
    { PII_KR_RRN, 13, "13", rrn_bare, ALONE, PII_SAYS(KR) | PII_SAYS(NATIONAL), 0.44f },
    { PII_KR_RRN, 13, "13 6-7", rrn, TOLD, PII_SAYS(KR), 0.4f },
    { PII_DE_TAX_NUMBER, 13, "13", de_tax_number, TOLD, PII_SAYS(DE_TAXNR), 0.3f },
    { PII_CH_AHV, 13, "3.4.4.2", check_ch_ahv, NOTHING, PII_SAYS(ALPS), 0.9f },
    { PII_CH_AHV, 13, "13", check_ch_ahv, ALONE, PII_SAYS(ALPS), 0.48f },
    { PII_RO_CNP, 13, "13", check_ro_cnp, ALONE, PII_SAYS(EAST), 0.457f },
    { PII_TH_TNIN, 13, "1-4-5-2-1 1_4_5_2_1", th_tnin, NOTHING, PII_SAYS(TH), 0.7f },
    { PII_TH_TNIN, 13, "13", th_tnin, ALONE, PII_SAYS(TH) | PII_SAYS(NATIONAL), 0.42f },
    { PII_ZA_ID, 13, "13 6_4_2_1 6_4_3", za_id, ALONE, PII_SAYS(ZA) | PII_SAYS(NATIONAL), 0.455f },
    { PII_BR_CNPJ, 14, "2.3.3/4-2", cnpj, NOTHING, PII_SAYS(BR), 0.95f },
    { PII_BR_CNPJ, 14, "14 8/4-2", cnpj, ALONE, PII_SAYS(BR) | PII_SAYS(TAX), 0.48f },
    { PII_FR_SIREN, 14, "14 3_3_3_5 3.3.3.5", siren, ALONE, PII_SAYS(FR), 0.4f },
    { PII_FR_NIR, 15, "1_2_2_2_3_3_2 13_2 1_2_2_2_3_3-2 1-2-2-2-3-3-2 1.2.2.2.3.3.2", fr_nir, NOTHING, PII_SAYS(FR), 0.9f },
    { PII_FR_NIR, 15, "15", fr_nir, ALONE, PII_SAYS(FR) | PII_SAYS(NATIONAL) | PII_SAYS(SSN), 0.49f },
    { PII_CN_ID, 18, "18", check_cn_id, NOTHING, PII_SAYS(ASIA) | PII_SAYS(NATIONAL), 0.6f },
};

enum { MIN = 8, MAX = 18 };

enum { ROWS = sizeof types / sizeof *types };

static unsigned char first[MAX + 2];   /* of the rows with that many digits */
static unsigned short in_groups[ROWS]; /* bit k: one of the row's forms has k groups */
static unsigned short any_in[MAX + 2]; /* the same of all rows with that many digits */

/* How many groups each of the forms has, as bits. */
static unsigned short groups_of(const char *form)
{
    unsigned bits = 0, groups = 1;
    for (;; form++) {
        if (*form == ' ' || *form == '\0') {
            bits |= 1u << groups;
            groups = 1;
            if (*form == '\0')
                return (unsigned short)bits;
        } else if (!pii_is_digit((unsigned char)*form)) {
            groups++;
        }
    }
}

__attribute__((constructor)) static void index_lengths(void)
{
    unsigned row = 0;
    for (unsigned n = 0; n <= MAX + 1; n++) {
        while (row < ROWS && types[row].digits < n)
            row++;
        first[n] = (unsigned char)row;
    }
    for (row = 0; row < ROWS; row++) {
        in_groups[row] = groups_of(types[row].forms);
        any_in[types[row].digits] |= in_groups[row];
    }
}

/* Whether the first k groups are written as one of the forms says. */
static bool written(const char *form, const struct pii_digits *d, unsigned k)
{
    while (*form != '\0') {
        unsigned g = 0;
        bool fits = true;
        for (;;) {
            unsigned length = 0;
            while (pii_is_digit((unsigned char)*form))
                length = length * 10 + (unsigned)(*form++ - '0');
            fits = fits && g < k && d->length[g] == length;
            g++;
            if (*form == ' ' || *form == '\0')
                break;
            fits = fits && g < k && d->sep[g] == (*form == '_' ? ' ' : (unsigned char)*form);
            form++;
        }
        if (fits && g == k)
            return true;
        form += *form == ' ';
    }
    return false;
}

/* A column of numbers: one more stands before or behind with the same space between. */
static bool in_columns(const struct pii_text *t, const struct pii_digits *d, unsigned k)
{
    size_t end = d->end[k - 1];
    return (pii_before(t, d->start) == ' ' && pii_is_digit(pii_before(t, d->start - 1))) ||
           (pii_byte(t, end) == ' ' && pii_is_digit(pii_byte(t, end + 1)));
}

bool pii_numeric_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s)
{
    unsigned before = pii_before(t, d->start);
    bool found = false;
    if (d->start < t->floor || before == '+' || before == '$' || pii_glued_before(t, d->start))
        return false;
    for (unsigned k = d->groups; k > 0 && !found; k--) {
        unsigned n = d->sum[k - 1];
        if (n < MIN)
            break;
        if (n > MAX || !(any_in[n] >> k & 1) || pii_glued_after(t, d->end[k - 1]) ||
            (k > 1 && d->sep[1] == ' ' && in_columns(t, d, k)))
            continue;
        size_t end = d->end[k - 1];
        for (unsigned r = first[n]; r < first[n + 1]; r++) {
            const struct numeric *type = &types[r];
            if (!(in_groups[r] >> k & 1) || !pii_set_has(&t->types, type->type) || !written(type->forms, d, k) ||
                !type->valid(d->digit, n))
                continue;
            float score = 0;
            if (pii_told(t, d->start, end, type->says, context))
                score = 0.5f + type->score / 2;
            else if ((type->need == NOTHING && before != '/') || (type->need == ALONE && pii_alone(t, d->start, end)))
                score = type->score;
            if (score > 0 && (!found || score > s->score)) {
                *s = (struct pii_span){ d->start, end - d->start, type->type, score };
                found = true;
            }
        }
    }
    return found;
}
