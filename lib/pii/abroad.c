/* lib/pii/abroad: numbers with letters of more countries: China, Taiwan, Hong Kong, Mexico, Ireland; VAT numbers of Europe. */
#include "pii/checksum.h"
#include "pii/mixed.h"

static void digits_of(const struct mixed *m, unsigned from, unsigned n, unsigned char *out)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = (unsigned char)(m->c[from + i] - '0');
}

static void whole(struct mixed *m, enum pii_type type, int need, uint64_t says, float score)
{
    pii_mixed_take(m, type, m->start, m->end, need, says, score);
}

/* China: 17 digits and an X for the check digit 10. */
static void cn_id(struct mixed *m)
{
    unsigned char d[17];
    digits_of(m, 0, 17, d);
    if (m->c[17] == 'X' && check_cn_id(d, 17))
        whole(m, PII_CN_ID, CAPITALS, PII_SAYS(ASIA) | PII_SAYS(NATIONAL), 0.8f);
}

/* Taiwan: a letter for the place of registration, which counts as two digits; then sex, serial, check digit. */
static void tw_id(struct mixed *m)
{
    static const char places[] = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
    const char *place = strchr(places, m->c[0]);
    unsigned char d[11];
    if (place == NULL || (m->c[1] != '1' && m->c[1] != '2' && m->c[1] != '8' && m->c[1] != '9'))
        return;
    unsigned code = 10 + (unsigned)(place - places);
    d[0] = (unsigned char)(code / 10);
    d[1] = (unsigned char)(code % 10);
    digits_of(m, 1, 9, d + 2);
    if ((check_weighted(d, "1987654321") + d[10]) % 10 == 0)
        whole(m, PII_TW_ID, ALONE, PII_SAYS(ASIA) | PII_SAYS(NATIONAL), 0.35f);
}

/* Hong Kong: one letter or two, six digits, a check digit (10: A) in brackets or bare. */
static void hk_id(struct mixed *m, unsigned letters)
{
    const struct pii_text *t = m->t;
    unsigned sum = letters == 2 ? ((unsigned char)m->c[0] - 55u) * 9 : 36 * 9, check, last;
    bool brackets = m->n == letters + 6;
    size_t end = m->end;
    sum += ((unsigned char)m->c[letters - 1] - 55u) * 8;
    for (unsigned i = 0; i < 6; i++)
        sum += (unsigned)(m->c[letters + i] - '0') * (7 - i);
    check = (11 - sum % 11) % 11;
    if (brackets) {
        if (pii_byte(t, end) != '(' || pii_byte(t, end + 2) != ')')
            return;
        last = pii_byte(t, end + 1);
        end += 3;
    } else {
        last = (unsigned char)m->c[letters + 6];
    }
    if (last == (unsigned char)"0123456789A"[check])
        pii_mixed_take(m, PII_HK_ID, m->start, end, brackets ? CAPITALS : TOLD, PII_SAYS(ASIA) | PII_SAYS(NATIONAL), 0.5f);
}

/* Mexico: four letters of the names, day of birth, sex, state, consonants, a byte for the century, a check digit over base 37. */
static void mx_curp(struct mixed *m)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 17; i++) {
        unsigned c = (unsigned char)m->c[i], value = pii_is_digit(c) ? c - '0' : c - 'A' + 10;
        if (!pii_is_digit(c) && c > 'N')
            value++; /* the letter that ASCII hasn't stands behind N */
        sum += value * (18 - i);
    }
    unsigned month = (unsigned)(m->c[6] - '0') * 10 + (unsigned)(m->c[7] - '0'),
             day = (unsigned)(m->c[8] - '0') * 10 + (unsigned)(m->c[9] - '0');
    if (check_day(month, day) && memchr("HMX", m->c[10], 3) != NULL && (10 - sum % 10) % 10 == (unsigned)(m->c[17] - '0'))
        whole(m, PII_MX_CURP, CAPITALS, PII_SAYS(LATIN) | PII_SAYS(NATIONAL), 0.8f);
}

/* Ireland: seven digits, a check letter, perhaps one more, which counts too. */
static void ie_pps(struct mixed *m)
{
    unsigned char d[7];
    digits_of(m, 0, 7, d);
    unsigned sum = check_weighted(d, "8765432");
    if (m->n == 9 && m->c[8] != 'W')
        sum += ((unsigned char)m->c[8] - 'A' + 1u) * 9;
    if (m->c[7] == "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23])
        whole(m, PII_IE_PPS, TOLD, PII_SAYS(IE), 0.4f);
}

void pii_abroad(struct mixed *m, unsigned letters)
{
    if (letters == 0) {
        if (m->n == 18 && pii_mixed_formed(m, "99999999999999999A"))
            cn_id(m);
        else if (pii_mixed_formed(m, "9999999A") || pii_mixed_formed(m, "9999999AA"))
            ie_pps(m);
        return;
    }
    if (letters == 1 && m->n == 10 && pii_mixed_formed(m, "A999999999"))
        tw_id(m);
    if ((letters == 1 && (m->n == 7 || m->n == 8) && pii_mixed_formed(m, m->n == 7 ? "A999999" : "A999999X")) ||
        (letters == 2 && (m->n == 8 || m->n == 9) && pii_mixed_formed(m, m->n == 8 ? "AA999999" : "AA999999X")))
        hk_id(m, letters);
    if (letters == 4 && m->n == 18 && pii_mixed_formed(m, "AAAA999999AAAAAAX9"))
        mx_curp(m);
    if (!m->small && m->n >= 8 && m->n <= 15 && letters >= 2 && letters <= 4) {
        int form = pii_vat_form(m->c, m->n);
        if (form > 0)
            whole(m, PII_EU_VAT, form == 2 ? ALONE : TOLD, PII_SAYS(VAT), form == 2 ? 0.4f : 0.1f);
    }
}
