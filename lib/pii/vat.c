/* lib/pii/vat: numbers of the value added tax in Europe: the country, a form, a check digit (as VIES, HMRC and the countries
 * publish). */
#include "pii/checksum.h"
#include "pii/scan.h"

static unsigned rest(const unsigned char *d, const char *weights)
{
    return check_weighted(d, weights) % 11;
}

static bool at(const unsigned char *d, unsigned n)
{
    unsigned sum = 0;
    (void)n;
    for (unsigned i = 0; i < 7; i++) {
        unsigned product = d[i] * (1 + i % 2);
        sum += product / 10 + product % 10;
    }
    return (10 - (sum + 4) % 10) % 10 == d[7];
}

static bool be(const unsigned char *d, unsigned n)
{
    (void)n;
    return d[0] <= 1 && 97 - check_number(d, 8) % 97 == check_two(d + 8);
}

static bool dk(const unsigned char *d, unsigned n)
{
    (void)n;
    return d[0] != 0 && rest(d, "27654321") == 0;
}

static bool ee(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_weighted(d, "371371371") % 10 == 0;
}

static bool el(const unsigned char *d, unsigned n)
{
    unsigned sum = 0;
    (void)n;
    for (unsigned i = 0; i < 8; i++)
        sum += (unsigned)d[i] << (8 - i);
    return sum % 11 % 10 == d[8];
}

static bool fi(const unsigned char *d, unsigned n)
{
    (void)n;
    return rest(d, "79:58421") == 0;
}

static bool fr(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_luhn(d + 2, 9) && (12 + 3 * (check_number(d + 2, 9) % 97)) % 97 == check_two(d);
}

static bool gb(const unsigned char *d, unsigned n)
{
    unsigned sum = (check_weighted(d, "8765432") + check_two(d + 7)) % 97;
    (void)n;
    return sum == 0 || sum == 42;
}

static bool hu(const unsigned char *d, unsigned n)
{
    (void)n;
    return (check_weighted(d, "9731973") + d[7]) % 10 == 0;
}

static bool lu(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_number(d, 6) % 89 == check_two(d + 6);
}

static bool mt(const unsigned char *d, unsigned n)
{
    (void)n;
    return (check_weighted(d, "346789") + check_two(d + 6)) % 37 == 0;
}

static bool nl(const unsigned char *d, unsigned n)
{
    (void)n;
    return rest(d, "98765432") == d[8];
}

static bool no(const unsigned char *d, unsigned n)
{
    (void)n;
    return (rest(d, "32765432") + d[8]) % 11 == 0;
}

static bool pl(const unsigned char *d, unsigned n)
{
    (void)n;
    return rest(d, "657234567") == d[9];
}

static bool pt(const unsigned char *d, unsigned n)
{
    unsigned check = 11 - rest(d, "98765432");
    (void)n;
    return (check > 9 ? 0 : check) == d[8];
}

static bool se(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_luhn(d, 10);
}

static bool si(const unsigned char *d, unsigned n)
{
    (void)n;
    return d[0] != 0 && (rest(d, "8765432") + d[7]) % 11 % 10 == 0;
}

static bool sk(const unsigned char *d, unsigned n)
{
    return check_number(d, n) % 11 == 0;
}

static bool ch(const unsigned char *d, unsigned n)
{
    (void)n;
    return (rest(d, "54327654") + d[8]) % 11 == 0;
}

/* Behind the country: '9' a digit, 'A' a letter, 'X' either, else itself. Germany has a type of its own. */
static const struct form {
    const char *country, *form;
    check_number_of *valid; /* of the digits; NULL: only the form */
} forms[] = {
    { "AT", "U99999999", at },
    { "BE", "9999999999", be },
    { "BG", "999999999", NULL },
    { "BG", "9999999999", NULL },
    { "CY", "99999999A", NULL },
    { "CZ", "99999999", NULL },
    { "CZ", "999999999", NULL },
    { "CZ", "9999999999", check_cz_rc },
    { "DK", "99999999", dk },
    { "EE", "999999999", ee },
    { "EL", "999999999", el },
    { "GR", "999999999", el },
    { "ES", "X9999999X", NULL },
    { "FI", "99999999", fi },
    { "FR", "99999999999", fr },
    { "FR", "XX999999999", NULL },
    { "GB", "999999999", gb },
    { "XI", "999999999", gb },
    { "GB", "999999999999", gb },
    { "HR", "99999999999", check_hr_oib },
    { "HU", "99999999", hu },
    { "IE", "9999999A", NULL },
    { "IE", "9999999AA", NULL },
    { "IE", "9A99999A", NULL },
    { "IT", "99999999999", check_luhn },
    { "LT", "999999999", NULL },
    { "LT", "999999999999", NULL },
    { "LU", "99999999", lu },
    { "LV", "99999999999", NULL },
    { "MT", "99999999", mt },
    { "NL", "999999999B99", nl },
    { "NO", "999999999MVA", no },
    { "PL", "9999999999", pl },
    { "PT", "999999999", pt },
    { "RO", "99999999", NULL },
    { "RO", "999999999", NULL },
    { "SE", "999999999901", se },
    { "SI", "99999999", si },
    { "SK", "9999999999", sk },
    { "CHE", "999999999", ch },
};

static bool fits(const char *word, const char *form)
{
    for (; *form != '\0'; form++, word++) {
        unsigned c = (unsigned char)*word;
        if (*form == '9'   ? !pii_is_digit(c)
            : *form == 'A' ? !pii_is_letter(c)
            : *form == 'X' ? !pii_is_alnum(c)
                           : c != (unsigned char)*form)
            return false;
    }
    return *word == '\0';
}

int pii_vat_form(const char *word, size_t n)
{
    int best = 0;
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        const struct form *f = &forms[k];
        size_t country = strlen(f->country);
        unsigned char d[16];
        unsigned digits = 0;
        if (n < country || memcmp(word, f->country, country) != 0 || !fits(word + country, f->form))
            continue;
        for (size_t i = country; i < n && digits < sizeof d; i++)
            if (pii_is_digit((unsigned char)word[i]))
                d[digits++] = (unsigned char)(word[i] - '0');
        best = f->valid != NULL && f->valid(d, digits) ? 2 : best > 1 ? best : 1;
    }
    return best;
}
