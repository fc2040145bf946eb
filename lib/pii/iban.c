/* lib/pii/iban: international bank account numbers: each country's structure (ISO 13616 registry) and the remainder by 97. */
#include "pii/scan.h"

/* Country, length in all, and the account's structure after the two check digits: n digits, a letters, c either. */
static const struct country {
    char code[3];
    unsigned char length;
    const char *bban;
} countries[] = {
    { "AD", 24, "8n12c" },    { "AE", 23, "19n" },      { "AL", 28, "8n16c" },    { "AT", 20, "16n" },     { "AZ", 28, "4a20c" },
    { "BA", 20, "16n" },      { "BE", 16, "12n" },      { "BG", 22, "4a6n8c" },   { "BH", 22, "4a14c" },   { "BI", 27, "23n" },
    { "BR", 29, "23n1a1c" },  { "BY", 28, "4c4n16c" },  { "CH", 21, "5n12c" },    { "CR", 22, "18n" },     { "CY", 28, "8n16c" },
    { "CZ", 24, "20n" },      { "DE", 22, "18n" },      { "DJ", 27, "23n" },      { "DK", 18, "14n" },     { "DO", 28, "4c20n" },
    { "EE", 20, "16n" },      { "EG", 29, "25n" },      { "ES", 24, "20n" },      { "FI", 18, "14n" },     { "FK", 18, "2a12n" },
    { "FO", 18, "14n" },      { "FR", 27, "10n11c2n" }, { "GB", 22, "4a14n" },    { "GE", 22, "2a16n" },   { "GI", 23, "4a15c" },
    { "GL", 18, "14n" },      { "GR", 27, "7n16c" },    { "GT", 28, "24c" },      { "HN", 28, "4a20n" },   { "HR", 21, "17n" },
    { "HU", 28, "24n" },      { "IE", 22, "4a14n" },    { "IL", 23, "19n" },      { "IQ", 23, "4a15n" },   { "IS", 26, "22n" },
    { "IT", 27, "1a10n12c" }, { "JO", 30, "4a4n18c" },  { "KW", 30, "4a22c" },    { "KZ", 20, "3n13c" },   { "LB", 28, "4n20c" },
    { "LC", 32, "4a24c" },    { "LI", 21, "5n12c" },    { "LT", 20, "16n" },      { "LU", 20, "3n13c" },   { "LV", 21, "4a13c" },
    { "LY", 25, "21n" },      { "MC", 27, "10n11c2n" }, { "MD", 24, "20c" },      { "ME", 22, "18n" },     { "MK", 19, "3n10c2n" },
    { "MN", 20, "16n" },      { "MR", 27, "23n" },      { "MT", 31, "4a5n18c" },  { "MU", 30, "4a19n3a" }, { "NI", 28, "4a20n" },
    { "NL", 18, "4a10n" },    { "NO", 15, "11n" },      { "OM", 23, "3n16c" },    { "PK", 24, "4a16c" },   { "PL", 28, "24n" },
    { "PS", 29, "4a21c" },    { "PT", 25, "21n" },      { "QA", 29, "4a21c" },    { "RO", 24, "4a16c" },   { "RS", 22, "18n" },
    { "RU", 33, "14n15c" },   { "SA", 24, "2n18c" },    { "SC", 31, "4a20n3a" },  { "SD", 18, "14n" },     { "SE", 24, "20n" },
    { "SI", 19, "15n" },      { "SK", 24, "20n" },      { "SM", 27, "1a10n12c" }, { "SO", 23, "19n" },     { "ST", 25, "21n" },
    { "SV", 28, "4a20n" },    { "TL", 23, "19n" },      { "TN", 24, "20n" },      { "TR", 26, "6n16c" },   { "UA", 29, "6n19c" },
    { "VA", 22, "18n" },      { "VG", 24, "4a16n" },    { "XK", 20, "16n" },      { "YE", 30, "4a4n18c" },
};

static const struct country *country_of(unsigned a, unsigned b)
{
    size_t low = 0, high = sizeof countries / sizeof *countries;
    unsigned key = a << 8 | b;
    while (low < high) {
        size_t mid = (low + high) / 2;
        unsigned have = (unsigned)countries[mid].code[0] << 8 | (unsigned)countries[mid].code[1];
        if (have == key)
            return &countries[mid];
        if (have < key)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static bool follows(const char *bban, const unsigned char *at)
{
    while (*bban != '\0') {
        unsigned count = 0;
        while (pii_is_digit((unsigned char)*bban))
            count = count * 10 + (unsigned)(*bban++ - '0');
        char kind = *bban++;
        for (; count > 0; count--, at++)
            if ((kind == 'n' && !pii_is_digit(*at)) || (kind == 'a' && pii_is_digit(*at)))
                return false;
    }
    return true;
}

/* The check of ISO 7064: country and check digits moved to the end, letters as 10 to 35. */
static unsigned remainder_97(const unsigned char *account, unsigned n)
{
    unsigned r = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned c = account[(i + 4) % n];
        r = pii_is_digit(c) ? (r * 10 + (c - '0')) % 97 : (r * 100 + (c - 'A' + 10)) % 97;
    }
    return r;
}

/* letters: where the two letters of the country stand; two digits follow, perhaps behind a space, no word byte precedes. One
 * separator may stand between any two groups: people write accounts as their own bank does. */
bool pii_iban_at(const struct pii_text *t, size_t letters, struct pii_span *s)
{
    /* One case throughout: real ones are upper, some systems lower all; a mixture is another kind of id. */
    unsigned fold = t->p[letters] & 0x20;
    if (letters < t->floor || pii_token_before(t, letters) > 0 || (t->p[letters + 1] & 0x20) != fold)
        return false;
    const struct country *country = country_of(t->p[letters] & ~0x20u, t->p[letters + 1] & ~0x20u);
    if (country == NULL)
        return false;
    unsigned char account[40];
    unsigned n = 0;
    size_t i = letters;
    while (n < country->length) {
        unsigned c = pii_byte(t, i);
        if ((n >= 4 || n == 2) && (c == ' ' || c == '-' || c == '.'))
            c = pii_byte(t, ++i);
        if (pii_is_letter(c)) {
            if ((c & 0x20) != fold)
                return false;
            c &= ~0x20u;
        } else if (!pii_is_digit(c)) {
            return false;
        }
        account[n++] = (unsigned char)c;
        i++;
    }
    if (pii_is_word(pii_byte(t, i)) || pii_token_at(t, i) > 0 || !pii_is_digit(account[2]) || !pii_is_digit(account[3]))
        return false;
    if (!follows(country->bban, account + 4) || remainder_97(account, n) != 1)
        return false;
    *s = (struct pii_span){ letters, i - letters, PII_IBAN, 1.0f };
    return true;
}
