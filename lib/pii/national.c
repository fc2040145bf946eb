/* lib/pii/national: the check digits of more countries' numbers, as their registers publish them. */
#include "pii/checksum.h"

/* Day, month, year; the last four had a check digit until 2007. */
bool check_dk_cpr(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_day(check_two(d + 2), check_two(d)) && check_number(d + 6, 4) != 0;
}

/* Two check digits modulo 11. Those without a residence have 40 more on the day. */
bool check_no_fnr(const unsigned char *d, unsigned n)
{
    unsigned day = check_two(d), month = check_two(d + 2);
    (void)n;
    return check_day(month > 40 ? month - 40 : month, day > 40 ? day - 40 : day) &&
           (check_weighted(d, "376189452") + d[9]) % 11 == 0 && (check_weighted(d, "5432765432") + d[10]) % 11 == 0;
}

/* Day (40 more for firms), month, year; the ninth checks, the last says the century. */
bool check_is_kennitala(const unsigned char *d, unsigned n)
{
    unsigned day = check_two(d);
    (void)n;
    return check_day(check_two(d + 2), day > 40 ? day - 40 : day) && (check_weighted(d, "32765432") + d[8]) % 11 == 0 &&
           (d[9] == 0 || d[9] >= 8);
}

/* Czechia, Slovakia: year, month (20, 50 or 70 more), day; divisible by 11 but for a few with remainder 10. */
bool check_cz_rc(const unsigned char *d, unsigned n)
{
    unsigned month = check_two(d + 2) % 50;
    uint64_t value = check_number(d, 9);
    (void)n;
    return check_day(month > 20 ? month - 20 : month, check_two(d + 4)) && value % 11 % 10 == d[9];
}

bool check_ro_cnp(const unsigned char *d, unsigned n)
{
    unsigned check = check_weighted(d, "279146358279") % 11;
    (void)n;
    return d[0] != 0 && check_day(check_two(d + 3), check_two(d + 5)) && (check == 10 ? 1 : check) == d[12];
}

bool check_hr_oib(const unsigned char *d, unsigned n)
{
    return check_iso7064_11_10(d, n) && !check_all_same(d, n);
}

/* Bulgaria: 20 or 40 more on the month for other centuries. */
bool check_bg_egn(const unsigned char *d, unsigned n)
{
    unsigned month = check_two(d + 2);
    (void)n;
    return check_day(month > 40   ? month - 40
                     : month > 20 ? month - 20
                                  : month,
                     check_two(d + 4)) &&
           check_weighted(d, "2485:9736") % 11 % 10 == d[9];
}

/* Estonia, and Lithuania: century and sex, day of birth, serial number; a check digit by one row of weights, or by another where
 * that gives 10. */
bool check_ee_ik(const unsigned char *d, unsigned n)
{
    unsigned check = check_weighted(d, "1234567891") % 11;
    (void)n;
    if (check == 10)
        check = check_weighted(d, "3456789123") % 11 % 10;
    return d[0] >= 1 && d[0] <= 8 && check_day(check_two(d + 3), check_two(d + 5)) && check == d[10];
}

/* Latvia: day of birth, century, serial number; since 2017 32 and no date. */
bool check_lv_pk(const unsigned char *d, unsigned n)
{
    (void)n;
    return (check_two(d) == 32 || (check_day(check_two(d + 2), check_two(d)) && d[6] <= 2)) &&
           (1 + check_weighted(d, ":584216379")) % 11 % 10 == d[10];
}

/* Switzerland: 756 and the check digit of EAN-13. */
bool check_ch_ahv(const unsigned char *d, unsigned n)
{
    (void)n;
    return check_number(d, 3) == 756 && (10 - check_weighted(d, "131313131313") % 10) % 10 == d[12];
}

/* Austria: a serial number, its check digit fourth, then the day of birth. */
bool check_at_svnr(const unsigned char *d, unsigned n)
{
    unsigned month = check_two(d + 6);
    (void)n;
    return d[0] != 0 && check_two(d + 4) <= 31 && month >= 1 && month <= 15 && check_weighted(d, "3790584216") % 11 == d[3];
}

bool check_gr_amka(const unsigned char *d, unsigned n)
{
    return check_day(check_two(d + 2), check_two(d)) && check_luhn(d, n);
}

bool check_il_id(const unsigned char *d, unsigned n)
{
    return check_luhn(d, n) && !check_all_same(d, n);
}

bool check_ru_snils(const unsigned char *d, unsigned n)
{
    unsigned check = check_weighted(d, "987654321") % 101 % 100;
    (void)n;
    return check == check_two(d + 9) && check_number(d, 9) > 1001998;
}

/* Firms have ten digits, persons twelve. */
bool check_ru_inn(const unsigned char *d, unsigned n)
{
    if (check_two(d) == 0)
        return false;
    if (n == 10)
        return check_weighted(d, "24:359468") % 11 % 10 == d[9];
    return check_weighted(d, "724:359468") % 11 % 10 == d[10] && check_weighted(d, "3724:359468") % 11 % 10 == d[11];
}

/* China: region, day of birth, serial, ISO 7064 MOD 11-2; a check digit of 10 is an X (n: 17, it isn't among the digits). */
bool check_cn_id(const unsigned char *d, unsigned n)
{
    unsigned century = check_two(d + 6);
    if (d[0] < 1 || d[0] > 8 || (century != 19 && century != 20) || !check_day(check_two(d + 10), check_two(d + 12)))
        return false;
    unsigned check = (12 - check_weighted(d, "79:584216379:5842") % 11) % 11;
    return n == 17 ? check == 10 : check == d[17];
}

bool check_jp_my_number(const unsigned char *d, unsigned n)
{
    unsigned rest = check_weighted(d, "65432765432") % 11;
    return (rest <= 1 ? 0 : 11 - rest) == d[11] && !check_all_same(d, n);
}

/* Chile: modulo 11; a check digit of 10 is a K and isn't here. */
bool check_cl_rut(const unsigned char *d, unsigned n)
{
    unsigned check = (11 - check_weighted(d, n == 9 ? "32765432" : "2765432") % 11) % 11;
    return d[0] != 0 && check == d[n - 1] && !check_all_same(d, n);
}

bool check_ar_cuit(const unsigned char *d, unsigned n)
{
    unsigned kind = check_two(d), check = (11 - check_weighted(d, "5432765432") % 11) % 11;
    (void)n;
    return (kind == 20 || (kind >= 23 && kind <= 27) || kind == 30 || kind == 33 || kind == 34) && check == d[10];
}
