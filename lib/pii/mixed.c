/* lib/pii/mixed: numbers of persons and firms that hold letters: one word, or a few with spaces as they are printed. */
#include "pii/mixed.h"
#include "pii/checksum.h"

void pii_mixed_take(struct mixed *m, enum pii_type type, size_t start, size_t end, int need, uint64_t says, float score)
{
    if (!pii_set_has(&m->t->types, type) || pii_glued_after(m->t, end) || start < m->t->floor)
        return;
    if (pii_told(m->t, start, end, says, m->context)) {
        score = 0.5f + score / 2;
    } else if (need != NOTHING && !(need == CAPITALS && !m->small)) {
        if (need == TOLD || !pii_alone(m->t, start, end))
            return;
        score = score < 0.49f ? score : 0.49f; /* a guess */
    }
    struct pii_span one = { start, end - start, type, score };
    if (!m->found || one.length > m->best->length || (one.length == m->best->length && one.score > m->best->score))
        *m->best = one;
    m->found = true;
}

static void whole(struct mixed *m, enum pii_type type, int need, uint64_t says, float score)
{
    pii_mixed_take(m, type, m->start, m->end, need, says, score);
}

static void read_word(struct mixed *m)
{
    m->n = 0;
    m->small = false;
    size_t i = m->start;
    for (unsigned c; m->n < WORD_BYTES && pii_is_alnum(c = pii_byte(m->t, i)); i++) {
        m->small |= c >= 'a';
        m->c[m->n++] = (char)(c >= 'a' ? c & ~0x20u : c);
    }
    m->c[m->n] = '\0';
    m->end = i;
}

bool pii_mixed_formed(const struct mixed *m, const char *form)
{
    if (strlen(form) != m->n)
        return false;
    for (unsigned i = 0; i < m->n; i++) {
        unsigned c = (unsigned char)m->c[i];
        if ((form[i] == 'A' && !pii_is_letter(c)) || (form[i] == '9' && !pii_is_digit(c)))
            return false;
    }
    return true;
}

static bool one_of(unsigned c, const char *set)
{
    return c != 0 && strchr(set, (int)c) != NULL;
}

static unsigned digit(const struct mixed *m, unsigned i)
{
    return (unsigned)(m->c[i] - '0');
}

static unsigned number(const struct mixed *m, unsigned i, unsigned n)
{
    unsigned value = 0;
    for (unsigned end = i + n; i < end; i++)
        value = value * 10 + digit(m, i);
    return value;
}

/* 0 to 9, then A to Z as 10 to 35. */
static unsigned value36(unsigned c)
{
    return pii_is_digit(c) ? c - '0' : c - 'A' + 10;
}

/* Singapore: a letter for the century or the kind, seven digits, a check letter. */
static void sg_nric(struct mixed *m)
{
    static const char weights[] = "2765432";
    unsigned sum = 0;
    for (unsigned i = 0; i < 7; i++)
        sum += digit(m, 1 + i) * (unsigned)(weights[i] - '0');
    unsigned kind = (unsigned char)m->c[0];
    const char *letters = kind == 'S' || kind == 'T' ? "JZIHGFEDCBA" : kind == 'F' || kind == 'G' ? "XWUTRQPNMLK" : "XWUTRQPNJLK";
    if (kind == 'T' || kind == 'G')
        sum += 4;
    else if (kind == 'M')
        sum += 3;
    bool known = one_of(kind, "STFGM") && letters[sum % 11] == m->c[8];
    if (known)
        whole(m, PII_SG_NRIC, CAPITALS, PII_SAYS(SG) | PII_SAYS(NATIONAL), 0.6f);
    else
        whole(m, PII_SG_NRIC, one_of(kind, "STFGM") ? ALONE : TOLD, PII_SAYS(SG), 0.2f); /* mistyped, it is somebody's still */
}

static char es_letter(unsigned value)
{
    return "TRWAGMYFPDXBNJZSQVHLCKE"[value % 23];
}

/* Spain: the firms' number: a letter for the kind, seven digits, a control digit or letter. */
static void es_cif(struct mixed *m)
{
    unsigned sum = 0;
    for (unsigned i = 1; i <= 7; i++) {
        unsigned twice = digit(m, i) * 2;
        sum += i % 2 == 0 ? digit(m, i) : twice / 10 + twice % 10;
    }
    unsigned control = (10 - sum % 10) % 10;
    bool as_digit = (unsigned)(m->c[8] - '0') == control, as_letter = m->c[8] == "JABCDEFGHI"[control];
    if (one_of((unsigned char)m->c[0], "KPQRSNW") ? as_letter
        : one_of((unsigned char)m->c[0], "ABEH")  ? as_digit
                                                  : as_digit || as_letter)
        whole(m, PII_ES_CIF, ALONE, PII_SAYS(ES) | PII_SAYS(VAT) | PII_SAYS(TAX), 0.33f);
}

/* The United States: what the Drug Enforcement Administration gives prescribers. */
static void us_dea(struct mixed *m)
{
    unsigned d[7];
    for (unsigned i = 0; i < 7; i++)
        d[i] = digit(m, 2 + i);
    if (one_of((unsigned char)m->c[0], "ABCDEFGHJKLMPRSTUX") && (pii_is_letter((unsigned char)m->c[1]) || m->c[1] == '9') &&
        (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6])
        whole(m, PII_US_DEA, CAPITALS, PII_SAYS(MEDIC) | PII_SAYS(DRIVER), 0.5f);
}

/* Digit sums of products with weights 1 and 2, as German insurers check: letters as two digits. */
static unsigned cross_sums(const unsigned char *d, const char *weights)
{
    unsigned sum = 0;
    for (; *weights != '\0'; weights++, d++) {
        unsigned product = *d * (unsigned)(*weights - '0');
        sum += product / 10 + product % 10;
    }
    return sum % 10;
}

static void two_digits(unsigned c, unsigned char *out)
{
    out[0] = (unsigned char)((c - 'A' + 1) / 10);
    out[1] = (unsigned char)((c - 'A' + 1) % 10);
}

/* Germany: the insured's number of a health insurer. */
static void de_health(struct mixed *m)
{
    unsigned char d[10];
    two_digits((unsigned char)m->c[0], d);
    for (unsigned i = 0; i < 8; i++)
        d[2 + i] = (unsigned char)digit(m, 1 + i);
    if (cross_sums(d, "1212121212") == digit(m, 9))
        whole(m, PII_DE_HEALTH_INSURANCE, ALONE, PII_SAYS(DE), 0.36f);
}

/* Germany: pension insurance: area, day of birth, first letter of the name, serial, check digit. */
static void de_social(struct mixed *m)
{
    unsigned char d[12];
    for (unsigned i = 0; i < 8; i++)
        d[i] = (unsigned char)digit(m, i);
    two_digits((unsigned char)m->c[8], d + 8);
    d[10] = (unsigned char)digit(m, 9);
    d[11] = (unsigned char)digit(m, 10);
    unsigned day = number(m, 2, 2);
    if (check_day(number(m, 4, 2), day > 50 ? day - 50 : day) && cross_sums(d, "212571212121") == digit(m, 11))
        whole(m, PII_DE_SOCIAL_SECURITY, CAPITALS, PII_SAYS(DE) | PII_SAYS(NATIONAL), 0.7f);
}

/* ICAO 9303: weights 7, 3, 1; letters from A = 10. */
static unsigned icao(const struct mixed *m, unsigned from, unsigned n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += value36((unsigned char)m->c[from + i]) * (i % 3 == 0 ? 7 : i % 3 == 1 ? 3 : 1);
    return sum % 10;
}

/* Germany: identity cards: no vowels, nor letters that look like digits; nine, or ten with the check digit. */
static void de_id_card(struct mixed *m)
{
    unsigned digits = 0;
    for (unsigned i = 0; i < m->n; i++) {
        if (!pii_is_digit((unsigned char)m->c[i]) && !one_of((unsigned char)m->c[i], "CFGHJKLMNPRTVWXYZ"))
            return;
        digits += pii_is_digit((unsigned char)m->c[i]);
    }
    if (digits < 4 || !one_of((unsigned char)m->c[0], "CFGHJKLMNPRTVWXYZ"))
        return;
    if (m->n == 9)
        whole(m, PII_DE_ID_CARD, TOLD, PII_SAYS(DE), 0.2f);
    else if (pii_is_digit((unsigned char)m->c[9]) && icao(m, 0, 9) == digit(m, 9))
        whole(m, PII_DE_ID_CARD, ALONE, PII_SAYS(DE) | PII_SAYS(NATIONAL), 0.35f);
}

static void pl_id_card(struct mixed *m)
{
    static const char weights[] = "731973173"; /* the check digit comes fourth */
    unsigned sum = 0;
    for (unsigned i = 0; i < 9; i++)
        sum += value36((unsigned char)m->c[i]) * (unsigned)(weights[i] - '0');
    if (sum % 10 == 0)
        whole(m, PII_PL_ID_CARD, ALONE, PII_SAYS(PL) | PII_SAYS(NATIONAL), 0.33f);
}

/* India: the fourth letter says what kind of taxpayer, the fifth is of the name. */
static bool is_pan(const struct mixed *m, unsigned from)
{
    for (unsigned i = 0; i < 10; i++)
        if (i >= 5 && i < 9 ? !pii_is_digit((unsigned char)m->c[from + i]) : !pii_is_letter((unsigned char)m->c[from + i]))
            return false;
    return one_of((unsigned char)m->c[from + 3], "ABCFGHJLPTEK") && number(m, from + 5, 4) > 0;
}

/* India: a state, a PAN, a count, Z, and a check character over base 36. */
static void in_gstin(struct mixed *m)
{
    unsigned sum = 0, state = number(m, 0, 2);
    for (unsigned i = 0; i < 14; i++) {
        unsigned product = value36((unsigned char)m->c[i]) * (1 + i % 2);
        sum += product / 36 + product % 36;
    }
    if (((state >= 1 && state <= 38) || state >= 96) && is_pan(m, 2) && m->c[12] != '0' &&
        value36((unsigned char)m->c[14]) == (36 - sum % 36) % 36)
        whole(m, PII_IN_GSTIN, NOTHING, PII_SAYS(IN), 0.9f);
    else if (state >= 1 && state <= 38 && is_pan(m, 2) && m->c[12] != '0' && m->c[13] == 'Z')
        whole(m, PII_IN_GSTIN, CAPITALS, PII_SAYS(IN), 0.5f);
}

/* India: the electors' photo identity card: three letters, seven digits with Luhn's check, which older cards don't keep to. */
static void in_voter(struct mixed *m)
{
    unsigned char d[7];
    for (unsigned i = 0; i < 7; i++)
        d[i] = (unsigned char)digit(m, 3 + i);
    whole(m, PII_IN_VOTER, check_luhn(d, 7) ? ALONE : TOLD, PII_SAYS(IN), 0.3f);
}

/* Italy: consonants of names, year, month letter, day (40 more for women), municipality, check letter. Digits may stand as
 * letters (L to V) where two persons would share a code. A wrong check letter leaves the rest as telling as it was. */
static void it_fiscal_code(struct mixed *m)
{
    static const char form[] = "AAAAAA99A99A999A", swapped[] = "LMNPQRSTUV";
    static const unsigned char odd[36] = { 1,  0,  5, 7, 9,  13, 15, 17, 19, 21, 1,  0,  5,  7,  9,  13, 15, 17,
                                           19, 21, 2, 4, 18, 20, 11, 3,  6,  8,  12, 14, 16, 10, 22, 25, 24, 23 };
    unsigned plain[16] = { 0 }, sum = 0;
    for (unsigned i = 0; i < 16; i++) {
        unsigned c = (unsigned char)m->c[i];
        const char *swap = one_of(c, swapped) ? strchr(swapped, (int)c) : NULL;
        if (form[i] == 'A' ? !pii_is_letter(c) : !pii_is_digit(c) && swap == NULL)
            return;
        if (form[i] == '9')
            plain[i] = swap != NULL ? (unsigned)(swap - swapped) : c - '0';
        if (i < 15)
            sum += i % 2 == 0 ? odd[value36(c)] : pii_is_digit(c) ? c - '0' : c - 'A';
    }
    unsigned day = plain[9] * 10 + plain[10];
    if (day > 40)
        day -= 40;
    if (!one_of((unsigned char)m->c[8], "ABCDEHLMPRST") || day < 1 || day > 31)
        return;
    bool right = m->c[15] == (char)('A' + sum % 26);
    whole(m, PII_IT_FISCAL_CODE, right ? NOTHING : CAPITALS, PII_SAYS(IT) | PII_SAYS(TAX), right ? 0.95f : 0.5f);
}

/* Spain: the letters of foreigners (X, Y, Z), and of those whose number has none of its own (K, L, M), apart from the digits. */
bool pii_es_dashed_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s)
{
    if (i < 2 || i - 2 < t->floor || pii_glued_before(t, i - 2))
        return false;
    struct mixed m = { .t = t, .context = context, .start = i - 2, .best = s };
    unsigned kind = t->p[i - 2] & ~0x20u, value = 0;
    size_t end = i + 7;
    for (size_t k = i; k < end; k++)
        value = value * 10 + (pii_byte(t, k) - '0');
    end += pii_byte(t, end) == '-';
    unsigned last = pii_byte(t, end);
    if (!pii_is_letter(last) || !one_of(kind, "XYZKLM"))
        return false;
    bool foreign = kind >= 'X';
    m.small = t->p[i - 2] >= 'a' || last >= 'a';
    if (es_letter(foreign ? (kind - 'X') * 10000000 + value : value) == (char)(last & ~0x20u))
        pii_mixed_take(&m, foreign ? PII_ES_NIE : PII_ES_NIF, m.start, end + 1, CAPITALS,
                       PII_SAYS(ES) | PII_SAYS(TAX) | PII_SAYS(NATIONAL), 0.65f);
    return m.found;
}

/* France: who was born in Corsica has 2A or 2B for the department, which counts as 19 or 18. */
static void fr_corsican(struct mixed *m)
{
    uint64_t value = 0;
    unsigned month = number(m, 3, 2);
    if (!one_of((unsigned char)m->c[0], "1278") || m->c[5] != '2' || (m->c[6] != 'A' && m->c[6] != 'B') ||
        !((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50))
        return;
    for (unsigned i = 0; i < 13; i++)
        value = value * 10 + (i == 5 ? 1 : i == 6 ? (m->c[6] == 'A' ? 9 : 8) : digit(m, i));
    if (97 - value % 97 == number(m, 13, 2))
        whole(m, PII_FR_NIR, CAPITALS, PII_SAYS(FR) | PII_SAYS(NATIONAL) | PII_SAYS(SSN), 0.8f);
}

/* Finland: day of birth, a sign for the century, a serial, a check character: eleven bytes. */
static void fi_hetu(struct mixed *m, size_t end, const char *c)
{
    unsigned value = 0;
    for (unsigned i = 0; i < 10; i++)
        if (i != 6)
            value = value * 10 + (unsigned)(c[i] - '0');
    unsigned day = value / 10000000, month = value / 100000 % 100, serial = value % 1000;
    if (check_day(month, day) && serial >= 2 && c[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[value % 31])
        pii_mixed_take(m, PII_FI_HETU, m->start, end, c[6] == '-' || c[6] == '+' ? NOTHING : CAPITALS,
                       PII_SAYS(FI) | PII_SAYS(NATIONAL), 0.85f);
}

/* The United Kingdom: national insurance: prefixes that aren't given out, six digits, a letter A to D. */
static bool nino_prefix(unsigned a, unsigned b)
{
    static const char never[][3] = { "BG", "GB", "KN", "NK", "NT", "TN", "ZZ" };
    if (!pii_is_letter(a) || !pii_is_letter(b) || one_of(a, "DFIQUV") || one_of(b, "DFIOQUV"))
        return false;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if ((unsigned char)never[i][0] == a && (unsigned char)never[i][1] == b)
            return false;
    return true;
}

bool pii_nino_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s)
{
    /* "AA 12 34 56 B", "AA 123456 B", "AA-12-34-56-B": i is the first digit. */
    unsigned sep = pii_before(t, i);
    if (i < 3 || i - 3 < t->floor || (sep != ' ' && sep != '-') || pii_glued_before(t, i - 3) ||
        !nino_prefix(t->p[i - 2 - 1] & ~0x20u, t->p[i - 2] & ~0x20u))
        return false;
    struct mixed m = { .t = t, .context = context, .start = i - 3, .best = s };
    m.small = t->p[i - 3] >= 'a';
    size_t end = i;
    for (unsigned n = 0; n < 6; n++) {
        if (n > 0 && n % 2 == 0 && pii_byte(t, end) == sep)
            end++;
        if (!pii_is_digit(pii_byte(t, end)))
            return false;
        end++;
    }
    if (pii_byte(t, end) == sep)
        end++;
    unsigned last = pii_byte(t, end) & ~0x20u;
    if (last < 'A' || last > 'D')
        return false;
    pii_mixed_take(&m, PII_UK_NINO, m.start, end + 1, CAPITALS, PII_SAYS(NINO) | PII_SAYS(NATIONAL), 0.6f);
    return m.found;
}

/* Registration numbers of firms in Singapore: year, kind, serial, check letter. */
static void sg_uen(struct mixed *m)
{
    unsigned sum = 0;
    if (pii_mixed_formed(m, "99999999A")) {
        static const unsigned weights[] = { 10, 4, 9, 3, 8, 2, 7, 1 };
        for (unsigned i = 0; i < 8; i++)
            sum += weights[i] * digit(m, i);
        if (m->c[8] == "XMKECAWLJDB"[sum % 11])
            whole(m, PII_SG_UEN, ALONE, PII_SAYS(SG), 0.34f);
    } else if (pii_mixed_formed(m, "999999999A")) {
        static const unsigned weights[] = { 10, 8, 6, 4, 9, 7, 5, 3, 1 };
        for (unsigned i = 0; i < 9; i++)
            sum += weights[i] * digit(m, i);
        if (m->c[9] == "ZKCMDNERGWH"[sum % 11] && number(m, 0, 4) >= 1900 && number(m, 0, 4) < 2100)
            whole(m, PII_SG_UEN, ALONE, PII_SAYS(SG), 0.4f);
    } else if (pii_mixed_formed(m, "A99AA9999A") && one_of((unsigned char)m->c[0], "RST")) {
        static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
        static const unsigned weights[] = { 4, 3, 5, 3, 10, 2, 2, 5, 7 };
        for (unsigned i = 0; i < 9; i++) {
            const char *at = strchr(alphabet, m->c[i]);
            if (at == NULL)
                return;
            sum += weights[i] * (unsigned)(at - alphabet);
        }
        if (m->c[9] == alphabet[(sum + 11 - 5) % 11])
            whole(m, PII_SG_UEN, CAPITALS, PII_SAYS(SG), 0.6f);
        else
            whole(m, PII_SG_UEN, TOLD, PII_SAYS(SG), 0.2f);
    }
}

/* The United States: Medicare: letters without S, L, O, I, B, Z at fixed places; dashes after the fourth and seventh. */
static bool is_mbi(const char *c)
{
    static const char form[] = "CAXNAXNAANN";
    for (unsigned i = 0; i < 11; i++) {
        unsigned b = (unsigned char)c[i];
        bool letter = pii_is_letter(b) && !one_of(b, "SLOIBZ"), number_ = pii_is_digit(b);
        if ((form[i] == 'C' && (!number_ || b == '0')) || (form[i] == 'N' && !number_) || (form[i] == 'A' && !letter) ||
            (form[i] == 'X' && !letter && !number_))
            return false;
    }
    return true;
}

static void us_mbi(struct mixed *m)
{
    if (m->n == 11 && is_mbi(m->c)) {
        whole(m, PII_US_MBI, CAPITALS, PII_SAYS(MEDICARE), 0.7f);
    } else if (m->n == 4 && pii_byte(m->t, m->end) == '-') {
        char c[12];
        unsigned n = 0;
        size_t i = m->start;
        for (; n < 11; i++) {
            unsigned b = pii_byte(m->t, i);
            if (b == '-' && (i == m->start + 4 || i == m->start + 8))
                continue;
            if (!pii_is_alnum(b))
                return;
            c[n++] = (char)(b >= 'a' ? b & ~0x20u : b);
        }
        if (i == m->start + 13 && is_mbi(c))
            pii_mixed_take(m, PII_US_MBI, m->start, i, NOTHING, PII_SAYS(MEDICARE), 0.8f);
    }
}

/* The United Kingdom: driving licences: five of the name, decade, month (50 more for women), day, year, initials, three more. */
static void uk_licence(struct mixed *m)
{
    bool nines = false;
    for (unsigned i = 0; i < 5; i++) {
        if (m->c[i] == '9' ? i == 0 : nines || !pii_is_letter((unsigned char)m->c[i]))
            return;
        nines |= m->c[i] == '9';
    }
    for (unsigned i = 5; i < 11; i++)
        if (!pii_is_digit((unsigned char)m->c[i]))
            return;
    unsigned month = number(m, 6, 2);
    for (unsigned i = 11; i < 13; i++)
        if (!pii_is_letter((unsigned char)m->c[i]) && m->c[i] != '9')
            return;
    if (check_day(month > 50 ? month - 50 : month, number(m, 8, 2)) && pii_is_letter((unsigned char)m->c[14]) &&
        pii_is_letter((unsigned char)m->c[15]))
        whole(m, PII_DRIVER_LICENSE, CAPITALS, PII_SAYS(DRIVER), 0.8f);
}

static unsigned count_digits(const struct mixed *m)
{
    unsigned digits = 0;
    for (unsigned i = 0; i < m->n; i++)
        digits += pii_is_digit((unsigned char)m->c[i]);
    return digits;
}

/* "license in d/copyright. Closes: #123456", "PASS: suite/case1234". */
static bool not_a_document(struct mixed *m)
{
    return pii_before(m->t, m->start) == '/' || (pii_said(m->t, m->start, m->context) & PII_SAYS(VERSION));
}

/* What only words tell: passports, driver's licences, plates. */
static void documents(struct mixed *m, unsigned letters)
{
    if (m->n < 6 || m->n > 16 || letters > 4)
        return;
    unsigned digits = count_digits(m);
    if (digits < 4 || digits + 4 < m->n || not_a_document(m))
        return;
    if (m->n >= 8 && m->n <= 10 && letters <= 3)
        whole(m, PII_PASSPORT, TOLD, PII_SAYS(PASSPORT), 0.3f);
    if (letters <= 3 && m->n <= 14)
        whole(m, PII_DRIVER_LICENSE, TOLD, PII_SAYS(DRIVER), 0.2f);
    if (letters == 1 && digits == 8 && m->n == 9)
        whole(m, PII_DRIVER_LICENSE, ALONE, PII_SAYS(DRIVER), 0.2f);
    if (letters == 3 && m->n == 10 && digits == 7)
        in_voter(m);
}

static bool letter_at(const struct pii_text *t, size_t i)
{
    return pii_is_letter(pii_byte(t, i));
}

static bool digit_at(const struct pii_text *t, size_t i)
{
    return pii_is_digit(pii_byte(t, i));
}

/* Number plates: Britain's AB12 CDE, India's MH 12 AB 1234. */
static void plates(struct mixed *m, unsigned letters)
{
    const struct pii_text *t = m->t;
    if (letters != 2)
        return;
    size_t i = m->start + 2, digits = i;
    while (i - digits < 2 && digit_at(t, i))
        i++;
    if (i == digits || digit_at(t, i))
        return;
    bool two = i - digits == 2;
    i += pii_byte(t, i) == ' ' || pii_byte(t, i) == '-';
    size_t more = i;
    while (i - more < 3 && letter_at(t, i))
        i++;
    if (i == more || letter_at(t, i))
        return;
    if (two && i - more == 3)
        pii_mixed_take(m, PII_VEHICLE, m->start, i, ALONE, PII_SAYS(VEHICLE), 0.25f);
    i += pii_byte(t, i) == ' ' || pii_byte(t, i) == '-';
    if (digit_at(t, i) && digit_at(t, i + 1) && digit_at(t, i + 2) && digit_at(t, i + 3))
        pii_mixed_take(m, PII_VEHICLE, m->start, i + 4, ALONE, PII_SAYS(VEHICLE), 0.3f);
}

/* British postcodes (BS 7666): area and district, then a digit and two letters. start: of the letters. */
static void uk_postcode(struct mixed *m, unsigned letters)
{
    const struct pii_text *t = m->t;
    size_t i = m->start + letters;
    unsigned a = (unsigned char)m->c[0], b = letters == 2 ? (unsigned char)m->c[1] : 0;
    if (one_of(a, "QVX") || one_of(b, "IJZ"))
        return;
    /* Outward: one digit and perhaps another or a letter; the last digit before two letters is the inward code's. */
    size_t best = 0;
    bool spaced = false;
    for (unsigned n = 1; n <= 2; n++) {
        size_t k = i + n;
        unsigned last = pii_byte(t, k - 1);
        if (n == 2 && !pii_is_digit(last) &&
            !(letters == 1 ? one_of(last & ~0x20u, "ABCDEFGHJKPSTUW") : one_of(last & ~0x20u, "ABEHMNPRVWXY")))
            break;
        bool space = pii_byte(t, k) == ' ';
        k += space;
        unsigned c = pii_byte(t, k + 1) & ~0x20u, d = pii_byte(t, k + 2) & ~0x20u;
        if (digit_at(t, k) && pii_is_letter(c) && pii_is_letter(d) && !one_of(c, "CIKMOV") && !one_of(d, "CIKMOV") &&
            !pii_glued_after(t, k + 3)) {
            best = k + 3;
            spaced = space;
        }
    }
    if (best > 0)
        pii_mixed_take(m, PII_UK_POSTCODE, m->start, best, spaced ? CAPITALS : ALONE, PII_SAYS(POSTCODE) | PII_SAYS(ADDRESS),
                       spaced ? 0.5f : 0.2f);
}

/* Canada: A1A 1A1. */
static void ca_postcode(struct mixed *m)
{
    const struct pii_text *t = m->t;
    size_t i = m->start + 3;
    if (!letter_at(t, m->start + 2) || one_of((unsigned char)m->c[0], "DFIOQUWZ"))
        return;
    i += pii_byte(t, i) == ' ' || pii_byte(t, i) == '-';
    if (digit_at(t, i) && letter_at(t, i + 1) && digit_at(t, i + 2) && !one_of(pii_byte(t, i + 1) & ~0x20u, "DFIOQU") &&
        !one_of(pii_byte(t, m->start + 2) & ~0x20u, "DFIOQU"))
        pii_mixed_take(m, PII_CA_POSTCODE, m->start, i + 3, i == m->start + 4 ? CAPITALS : ALONE,
                       PII_SAYS(POSTCODE) | PII_SAYS(ADDRESS), 0.3f);
}

/* digit: the first of a word that starts with letters. */
bool pii_mixed_at(const struct pii_text *t, size_t at, struct pii_span *s)
{
    size_t start = at;
    while (start > t->floor && at - start <= 16 && pii_is_letter(t->p[start - 1]))
        start--;
    unsigned letters = (unsigned)(at - start);
    struct pii_context context = { 0 };
    struct mixed m = { .t = t, .context = &context, .start = start, .best = s };
    if (letters > 14)
        return false;
    if (letters == 2 && pii_iban_at(t, start, s))
        return true;
    if (pii_glued_before(t, start))
        return false;
    read_word(&m);
    if (m.n == WORD_BYTES)
        return false;
    if (letters <= 2 && m.n <= 7)
        uk_postcode(&m, letters);
    if (letters == 1 && (m.n == 3 || m.n == 6))
        ca_postcode(&m);
    if (letters == 3 && pii_mixed_formed(&m, "AAA9AA") && memcmp(m.c, "GIR0AA", 6) == 0)
        whole(&m, PII_UK_POSTCODE, ALONE, PII_SAYS(POSTCODE), 0.2f);
    plates(&m, letters);
    switch (m.n) {
    case 9:
        if (letters == 1 && pii_mixed_formed(&m, "A9999999A")) {
            sg_nric(&m);
            if (m.c[0] >= 'X' && es_letter((unsigned)(m.c[0] - 'X') * 10000000 + number(&m, 1, 7)) == m.c[8])
                whole(&m, PII_ES_NIE, CAPITALS, PII_SAYS(ES) | PII_SAYS(TAX) | PII_SAYS(NATIONAL), 0.7f);
            if (one_of((unsigned char)m.c[0], "KLM") && es_letter(number(&m, 1, 7)) == m.c[8])
                whole(&m, PII_ES_NIF, ALONE, PII_SAYS(ES) | PII_SAYS(TAX) | PII_SAYS(NATIONAL), 0.4f);
            es_cif(&m);
        } else if (letters == 1 && pii_mixed_formed(&m, "A99999999")) {
            us_dea(&m);
            es_cif(&m);
        } else if (letters == 2 && pii_mixed_formed(&m, "AA9999999")) {
            us_dea(&m);
            whole(&m, PII_IT_ID_CARD, TOLD, PII_SAYS(IT), 0.3f);
        } else if (letters == 2 && pii_mixed_formed(&m, "AA999999A")) {
            if (nino_prefix((unsigned char)m.c[0], (unsigned char)m.c[1]) && m.c[8] <= 'D')
                whole(&m, PII_UK_NINO, CAPITALS, PII_SAYS(NINO) | PII_SAYS(NATIONAL), 0.6f);
        } else if (letters == 2 && pii_mixed_formed(&m, "AA99999AA")) {
            whole(&m, PII_IT_ID_CARD, ALONE, PII_SAYS(IT), 0.3f);
        } else if (letters == 3 && pii_mixed_formed(&m, "AAA999999")) {
            pl_id_card(&m);
        }
        de_id_card(&m);
        break;
    case 8:
        if (letters == 1 && pii_mixed_formed(&m, "A9999999") && one_of((unsigned char)m.c[0], "XYZ") && pii_byte(t, m.end) == '-' &&
            letter_at(t, m.end + 1) &&
            (pii_byte(t, m.end + 1) & ~0x20u) == (unsigned char)es_letter((unsigned)(m.c[0] - 'X') * 10000000 + number(&m, 1, 7)))
            pii_mixed_take(&m, PII_ES_NIE, m.start, m.end + 2, CAPITALS, PII_SAYS(ES), 0.7f);
        break;
    case 10:
        if (letters == 1 && pii_mixed_formed(&m, "A999999999"))
            de_health(&m);
        else if (letters == 5 && is_pan(&m, 0))
            whole(&m, PII_IN_PAN, CAPITALS, PII_SAYS(IN) | PII_SAYS(CARD) | PII_SAYS(TAX), 0.6f);
        else if (letters == 1 && pii_mixed_formed(&m, "A99AA9999A"))
            sg_uen(&m);
        de_id_card(&m);
        break;
    case 11:
        if (letters == 2 && m.c[0] == 'D' && m.c[1] == 'E' && pii_mixed_formed(&m, "AA999999999")) {
            unsigned char d[9];
            for (unsigned i = 0; i < 9; i++)
                d[i] = (unsigned char)digit(&m, 2 + i);
            bool right = check_iso7064_11_10(d, 9);
            whole(&m, PII_DE_VAT, right ? CAPITALS : TOLD, PII_SAYS(VAT) | PII_SAYS(DE_TAX), right ? 0.6f : 0.1f);
        }
        break;
    case 16:
        if (letters >= 6)
            it_fiscal_code(&m);
        if (letters <= 5)
            uk_licence(&m);
        break;
    }
    pii_abroad(&m, letters);
    documents(&m, letters);
    return m.found;
}

/* start: the first of `run` digits that a letter follows, or '-' and '+' after six. */
bool pii_digits_mixed_at(const struct pii_text *t, size_t start, size_t run, struct pii_context *context, struct pii_span *s)
{
    struct mixed m = { .t = t, .context = context, .start = start, .best = s };
    unsigned next = pii_byte(t, start + run);
    if (next == '+' || next == '-') {
        bool letter = letter_at(t, start + run + 1) && !pii_is_word(pii_byte(t, start + run + 2));
        if (run != 6 && !((run == 7 || run == 8) && letter))
            return false;
    } else if (run == 1 &&
               !(pii_is_alnum(pii_byte(t, start + 2)) && (digit_at(t, start + 3) || !pii_is_word(pii_byte(t, start + 3))))) {
        return false; /* no Medicare number */
    }
    read_word(&m);
    if (m.n == WORD_BYTES)
        return false;
    switch (run) {
    case 1:
        us_mbi(&m);
        if (m.n == 3 && m.c[0] == '0' && start >= 4 && strncasecmp((const char *)t->p + start - 4, "GIR ", 4) == 0 &&
            m.c[1] == 'A' && m.c[2] == 'A' && start - 4 >= t->floor && !pii_glued_before(t, start - 4))
            pii_mixed_take(&m, PII_UK_POSTCODE, start - 4, m.end, CAPITALS, PII_SAYS(POSTCODE), 0.3f);
        break;
    case 2:
        if (m.n == 15 && pii_mixed_formed(&m, "99AAAAA9999AXXX"))
            in_gstin(&m);
        break;
    case 6: {
        /* 131052-308T, 131052A308T */
        char c[12];
        for (unsigned i = 0; i < 11; i++) {
            unsigned b = pii_byte(t, start + i);
            c[i] = (char)(b >= 'a' && b <= 'z' ? b & ~0x20u : b);
        }
        c[11] = '\0';
        if (one_of((unsigned char)c[6], "-+ABCDEFYXWVU") && pii_is_digit((unsigned char)c[7]) &&
            pii_is_digit((unsigned char)c[8]) && pii_is_digit((unsigned char)c[9]) && pii_is_alnum((unsigned char)c[10]))
            fi_hetu(&m, start + 11, c);
        if (pii_mixed_formed(&m, "999999A99999999"))
            fr_corsican(&m);
        break;
    }
    case 7:
    case 8: {
        unsigned value = number(&m, 0, (unsigned)run);
        size_t end = m.end;
        unsigned last = 0;
        if (m.n == run + 1)
            last = (unsigned char)m.c[run];
        else if (m.n == run && pii_byte(t, end) == '-' && letter_at(t, end + 1))
            last = pii_byte(t, end + 1) & ~0x20u, m.small = pii_byte(t, end + 1) >= 'a', end += 2;
        if (last != 0 && last == (unsigned char)es_letter(value) && value > 0)
            pii_mixed_take(&m, PII_ES_NIF, start, end, CAPITALS, PII_SAYS(ES) | PII_SAYS(TAX) | PII_SAYS(NATIONAL), 0.65f);
        if (pii_mixed_formed(&m, "99999999A999"))
            de_social(&m);
        sg_uen(&m);
        break;
    }
    case 9:
        sg_uen(&m);
        break;
    }
    if (run >= 7)
        pii_abroad(&m, 0);
    if (run >= 4)
        documents(&m, 0);
    return m.found;
}

/* Numbers alone that only words make a document's, or an account's. */
bool pii_document_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s)
{
    unsigned n = d->length[0];
    size_t end = d->end[0];
    struct mixed m = { .t = t, .context = context, .start = d->start, .best = s };
    unsigned before = pii_before(t, d->start);
    if (d->start < t->floor || before == '+' || before == '$' || before == '/' || pii_glued_before(t, d->start))
        return false;
    if (d->groups > 1 && d->sep[1] != ' ') {
        /* Korea: region, year, serial, check */
        if (d->groups >= 4 && d->length[0] == 2 && d->length[1] == 2 && d->length[2] == 6 && d->length[3] == 2 && d->sep[1] == '-')
            pii_mixed_take(&m, PII_DRIVER_LICENSE, d->start, d->end[3], ALONE, PII_SAYS(DRIVER), 0.3f);
        return m.found;
    }
    if (n > 17 || not_a_document(&m))
        return false;
    if (n >= 8 && n <= 9)
        pii_mixed_take(&m, PII_PASSPORT, d->start, end, TOLD, PII_SAYS(PASSPORT), 0.3f);
    if (n >= 7 && n <= 14)
        pii_mixed_take(&m, PII_DRIVER_LICENSE, d->start, end, TOLD, PII_SAYS(DRIVER), 0.2f);
    if (n >= 7 && n <= 17)
        pii_mixed_take(&m, PII_US_BANK_ACCOUNT, d->start, end, TOLD, PII_SAYS(BANK), 0.1f);
    return m.found;
}

/* ZIP codes, five digits or nine: behind a word for one, or "City, ST". */
bool pii_zip_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s)
{
    static const char states[] =
        " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC "
        "ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR GU VI ";
    size_t end = i + 5;
    if (i < t->floor + 3 || pii_glued_before(t, i))
        return false;
    if (pii_byte(t, end) == '-' && digit_at(t, end + 1) && digit_at(t, end + 2) && digit_at(t, end + 3) && digit_at(t, end + 4))
        end += 5;
    if (pii_glued_after(t, end))
        return false;
    float score = 0;
    if (i >= 5 && t->p[i - 1] == ' ' && t->p[i - 4] == ' ' && t->p[i - 5] == ',' && t->p[i - 2] - 'A' + 0u < 26) {
        char state[5] = { ' ', (char)t->p[i - 3], (char)t->p[i - 2], ' ', 0 };
        score = strstr(states, state) != NULL ? 0.6f : 0;
    }
    if (score == 0) {
        /* "zip", "code", "Postal": a look at the letter before spares most numbers the words. */
        size_t k = i;
        while (k > 0 && i - k < 3 && !pii_is_letter(t->p[k - 1]))
            k--;
        unsigned last = pii_before(t, k) | 0x20;
        if ((last == 'p' || last == 'e' || last == 'l') && (pii_said(t, i, context) & PII_SAYS(ZIP)))
            score = 0.7f;
    }
    if (score == 0)
        return false;
    *s = (struct pii_span){ i, end - i, PII_US_ZIP, score };
    return true;
}
