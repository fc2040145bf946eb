/* lib/contract/number: JSON's numbers, exactly. */
#include "contract/number.h"

#include <locale.h>
#include <stdlib.h>

static const double power_of_ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static const char *refuse(struct number *n, const char *at, const char **expected, const char *what)
{
    n->text.p = at;
    *expected = what;
    return NULL;
}

/* More than 19 digits: once more over the text, keeping those that 64 bits hold. */
static void rescan(struct number *n, const char *p, const char *end, int64_t exponent)
{
    int64_t power = exponent; /* of the digit before the next one, counted down to the point */
    for (const char *q = p; q < end && is_digit(*q); q++)
        power++;
    n->mantissa = 0;
    n->exact = true;
    n->last = 0;
    bool full = false;
    for (; p < end && (is_digit(*p) || *p == '.'); p++) {
        if (*p == '.')
            continue;
        unsigned digit = (unsigned)(*p - '0');
        power--;
        uint64_t more;
        if (!full && !__builtin_mul_overflow(n->mantissa, (uint64_t)10, &more) && !__builtin_add_overflow(more, digit, &more)) {
            n->mantissa = more;
            n->exponent = power;
        } else {
            full = true;
            if (digit != 0)
                n->exact = false;
        }
        if (digit != 0)
            n->last = power;
    }
}

const char *number_scan(const char *p, struct number *n, const char **expected)
{
    const char *start = p;
    n->text.p = p;
    n->negative = *p == '-';
    p += n->negative;
    const char *digits = p;
    uint64_t m = 0;
    int64_t exponent = 0;
    if (*p == '0') {
        p++;
        if (is_digit(*p))
            return refuse(n, p, expected, "a number without leading zeros");
    } else if (is_digit(*p)) {
        do
            m = m * 10 + (uint64_t)(*p++ - '0');
        while (is_digit(*p));
    } else {
        return refuse(n, p, expected, "a digit");
    }
    size_t count = (size_t)(p - digits);
    if (*p == '.') {
        const char *fraction = ++p;
        while (is_digit(*p))
            m = m * 10 + (uint64_t)(*p++ - '0');
        if (p == fraction)
            return refuse(n, p, expected, "a digit after the decimal point");
        exponent = -(int64_t)(p - fraction);
        count += (size_t)(p - fraction);
    }
    const char *digits_end = p;
    int64_t given = 0;
    if (*p == 'e' || *p == 'E') {
        p++;
        bool down = *p == '-';
        if (*p == '-' || *p == '+')
            p++;
        if (!is_digit(*p))
            return refuse(n, p, expected, "a digit in the exponent");
        /* Far beyond the longest text of digits that could make up for it. */
        for (; is_digit(*p); p++)
            if (given < INT64_C(1000000000000))
                given = given * 10 + (*p - '0');
        if (down)
            given = -given;
    }
    n->text = (struct str){ start, (size_t)(p - start) };
    n->mantissa = m;
    n->exponent = exponent + given;
    n->exact = true;
    if (count > 19)
        rescan(n, digits, digits_end, given);
    return p;
}

enum integrity number_integer(const struct number *n, wide *value)
{
    uint64_t m = n->mantissa;
    int64_t e = n->exponent;
    if (!n->exact)
        return n->last < 0 ? NUMBER_FRACTION : NUMBER_HUGE;
    if (m == 0) {
        *value = 0;
        return NUMBER_WHOLE;
    }
    for (; e < 0; e++, m /= 10)
        if (m % 10 != 0)
            return NUMBER_FRACTION;
    for (; e > 0; e--)
        if (__builtin_mul_overflow(m, (uint64_t)10, &m))
            return NUMBER_HUGE;
    *value = n->negative ? -(wide)m : (wide)m;
    return NUMBER_WHOLE;
}

/* Whatever locale a program has set. glibc's C locale is a static object: this can't fail, and nothing is to be freed. */
static locale_t c_locale;

__attribute__((constructor)) static void set_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double number_double(const struct number *n)
{
    /* Both factors are exact as doubles, so the one rounding of the product or quotient is the right one. */
    if (n->exact && n->mantissa <= (UINT64_C(1) << 53) && n->exponent >= -22 && n->exponent <= 22) {
        double d = (double)n->mantissa;
        d = n->exponent < 0 ? d / power_of_ten[-n->exponent] : d * power_of_ten[n->exponent];
        return n->negative ? -d : d;
    }
    return strtod_l(n->text.p, NULL, c_locale);
}

size_t number_write(wide v, char out[WIDE_DIGITS])
{
    char digits[WIDE_DIGITS];
    size_t n = 0, at = 0;
    bool negative = v < 0;
    do {
        int digit = (int)(v % 10);
        digits[n++] = (char)('0' + (digit < 0 ? -digit : digit));
        v /= 10;
    } while (v != 0);
    if (negative)
        out[at++] = '-';
    while (n > 0)
        out[at++] = digits[--n];
    out[at] = '\0';
    return at;
}
