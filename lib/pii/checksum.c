/* lib/pii/checksum: the check digits that national numbers share. */
#include "pii/checksum.h"

bool check_luhn(const unsigned char *digit, unsigned n)
{
    static const unsigned char twice[10] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 };
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += (n - i) % 2 == 0 ? twice[digit[i]] : digit[i];
    return sum % 10 == 0;
}

bool check_verhoeff(const unsigned char *digit, unsigned n)
{
    /* The permutation of a digit at each place from the right, by repeating 1 5 7 6 2 8 3 0 9 4. */
    static const unsigned char permute[8][10] = {
        { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 }, { 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 },
        { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 }, { 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 }, { 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 },
        { 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 },
    };
    unsigned c = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned p = permute[i % 8][digit[n - 1 - i]];
        /* The product in the dihedral group: 0 to 4 turn, 5 to 9 flip. */
        if (c < 5)
            c = p < 5 ? (c + p) % 5 : 5 + (c + p - 5) % 5;
        else
            c = p < 5 ? 5 + (c - 5 + 5 - p) % 5 : (c - p + 5) % 5;
    }
    return c == 0;
}

bool check_iso7064_11_10(const unsigned char *digit, unsigned n)
{
    unsigned p = 10;
    for (unsigned i = 0; i + 1 < n; i++) {
        unsigned s = (p + digit[i]) % 10;
        p = (s == 0 ? 10 : s) * 2 % 11;
    }
    return (11 - p) % 10 == digit[n - 1];
}

unsigned check_weighted(const unsigned char *digit, const char *weights)
{
    unsigned sum = 0;
    for (; *weights != '\0'; weights++, digit++)
        sum += *digit * (unsigned)(*weights - '0');
    return sum;
}

uint64_t check_number(const unsigned char *digit, unsigned n)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < n; i++)
        number = number * 10 + digit[i];
    return number;
}

bool check_all_same(const unsigned char *digit, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        if (digit[i] != digit[0])
            return false;
    return true;
}

bool check_day(unsigned month, unsigned day)
{
    static const unsigned char days[13] = { 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month];
}
