/* lib/contract/number: JSON's numbers, exactly: decimal digits and an exponent; no rounding before it is asked for. */
#ifndef ODW_CONTRACT_NUMBER_H
#define ODW_CONTRACT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

__extension__ typedef __int128 wide; /* holds every Int64 and UInt64 */

struct number {
    struct str text; /* as received */
    bool negative;
    bool exact; /* mantissa has all the digits: the value is mantissa * 10^exponent */
    uint64_t mantissa;
    int64_t exponent;
    int64_t last; /* not exact: the power of ten of the last digit that isn't 0 */
};

/* Reads the number at p (a '-' or a digit); bytes that can't be part of one follow it somewhere. Returns what is behind it, or
 * NULL: n->text.p is the offending byte and *expected says what should stand there. */
const char *number_scan(const char *p, struct number *n, const char **expected);

enum integrity { NUMBER_WHOLE, NUMBER_FRACTION, NUMBER_HUGE };
/* NUMBER_WHOLE: an integer (1.0 and 1e3 are) of at most 64 bits besides the sign, in *value. NUMBER_HUGE: a larger integer. */
enum integrity number_integer(const struct number *n, wide *value);

/* The nearest double; an infinity where there is none. n->text must be followed by a byte that isn't part of a number. */
double number_double(const struct number *n);

/* Writes v in decimal; returns its length. */
enum { WIDE_DIGITS = 41 };
size_t number_write(wide v, char out[WIDE_DIGITS]);

#endif
