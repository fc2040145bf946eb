/* lib/pii/checksum: the check digits that national numbers share. Digits are values 0 to 9, not characters. */
#ifndef ODW_PII_CHECKSUM_H
#define ODW_PII_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ISO/IEC 7812: every second digit from the right doubled; the sum ends in 0. */
bool check_luhn(const unsigned char *digit, unsigned n);
/* J. Verhoeff, 1969: the dihedral group of order 10. */
bool check_verhoeff(const unsigned char *digit, unsigned n);
/* ISO/IEC 7064, MOD 11,10. */
bool check_iso7064_11_10(const unsigned char *digit, unsigned n);
/* The sum of digit times weight; a weight is a character from '0' on (':' is 10, ';' 11 …). */
unsigned check_weighted(const unsigned char *digit, const char *weights);
/* The digits as one number; at most 18. */
uint64_t check_number(const unsigned char *digit, unsigned n);
bool check_all_same(const unsigned char *digit, unsigned n);
/* A day that the month may have (29 February always). */
bool check_day(unsigned month, unsigned day);
/* Numbers of persons and firms: see national.c. n: how many digits. */
typedef bool check_number_of(const unsigned char *digit, unsigned n);
check_number_of check_dk_cpr, check_no_fnr, check_is_kennitala, check_cz_rc, check_ro_cnp, check_hr_oib, check_bg_egn, check_ee_ik,
    check_lv_pk, check_ch_ahv, check_at_svnr, check_gr_amka, check_il_id, check_ru_snils, check_ru_inn, check_cn_id,
    check_jp_my_number, check_cl_rut, check_ar_cuit;
/* Two digits. */
static inline unsigned check_two(const unsigned char *digit)
{
    return digit[0] * 10u + digit[1];
}

#endif
