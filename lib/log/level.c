/* lib/log/level: the many spellings of a log level, as one of six. */
#include "log/level.h"

#include <stddef.h>
#include <stdint.h>

/* Up to eight letters as one number, so that a switch compares them all at once. */
#define WORD(a, b, c, d, e, f, g, h)                                                                                               \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40 |  \
     (uint64_t)(g) << 48 | (uint64_t)(h) << 56)
#define W1(a)                   WORD(a, 0, 0, 0, 0, 0, 0, 0)
#define W2(a, b)                WORD(a, b, 0, 0, 0, 0, 0, 0)
#define W3(a, b, c)             WORD(a, b, c, 0, 0, 0, 0, 0)
#define W4(a, b, c, d)          WORD(a, b, c, d, 0, 0, 0, 0)
#define W5(a, b, c, d, e)       WORD(a, b, c, d, e, 0, 0, 0)
#define W6(a, b, c, d, e, f)    WORD(a, b, c, d, e, f, 0, 0)
#define W7(a, b, c, d, e, f, g) WORD(a, b, c, d, e, f, g, 0)

static inline uint64_t pack(struct str s)
{
    uint64_t word = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        word |= (uint64_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c) << 8 * i;
    }
    return word;
}

static const char *short_word(struct str s)
{
    switch (pack(s)) {
    case W1('t'):
    case W1('v'):
    case W2('1', '0'):
    case W3('a', 'l', 'l'):
    case W3('t', 'r', 'c'):
    case W4('t', 'r', 'c', 'e'):
    case W5('t', 'r', 'a', 'c', 'e'):
    case W5('f', 'i', 'n', 'e', 'r'):
    case W5('s', 'i', 'l', 'l', 'y'):
    case W6('f', 'i', 'n', 'e', 's', 't'):
    case W7('v', 'e', 'r', 'b', 'o', 's', 'e'):
        return "TRACE";
    case W1('d'):
    case W1('7'):
    case W2('2', '0'):
    case W2('d', '1'):
    case W2('d', '2'):
    case W2('d', '3'):
    case W2('d', '4'):
    case W2('d', '5'):
    case W3('d', 'b', 'g'):
    case W4('d', 'b', 'u', 'g'):
    case W4('f', 'i', 'n', 'e'):
    case W5('d', 'e', 'b', 'u', 'g'):
    case W6('d', 'e', 'b', 'u', 'g', '1'):
    case W6('d', 'e', 'b', 'u', 'g', '2'):
    case W6('d', 'e', 'b', 'u', 'g', '3'):
    case W6('d', 'e', 'b', 'u', 'g', '4'):
    case W6('d', 'e', 'b', 'u', 'g', '5'):
        return "DEBUG";
    case W1('i'):
    case W1('n'):
    case W1('5'):
    case W1('6'):
    case W2('3', '0'):
    case W3('i', 'n', 'f'):
    case W3('l', 'o', 'g'):
    case W4('i', 'n', 'f', 'o'):
    case W4('n', 'o', 't', 'e'):
    case W6('n', 'o', 't', 'i', 'c', 'e'):
    case W6('c', 'o', 'n', 'f', 'i', 'g'):
    case W6('s', 'y', 's', 't', 'e', 'm'): /* MySQL */
    case W7('s', 'u', 'c', 'c', 'e', 's', 's'):
        return "INFO";
    case W1('w'):
    case W1('4'):
    case W2('4', '0'):
    case W3('w', 'r', 'n'):
    case W4('w', 'a', 'r', 'n'):
    case W7('w', 'a', 'r', 'n', 'i', 'n', 'g'):
        return "WARN";
    case W1('e'):
    case W1('3'):
    case W2('5', '0'):
    case W3('e', 'r', 'r'):
    case W4('e', 'r', 'o', 'r'): /* pino-pretty's and others' four letters */
    case W4('f', 'a', 'i', 'l'): /* .NET */
    case W5('e', 'r', 'r', 'o', 'r'):
    case W6('s', 'e', 'v', 'e', 'r', 'e'):
        return "ERROR";
    case W1('f'):
    case W1('c'):
    case W1('0'):
    case W1('1'):
    case W1('2'):
    case W2('6', '0'):
    case W3('f', 't', 'l'):
    case W4('c', 'r', 'i', 't'):
    case W5('f', 'a', 't', 'a', 'l'):
    case W5('p', 'a', 'n', 'i', 'c'):
    case W5('a', 'l', 'e', 'r', 't'):
    case W5('e', 'm', 'e', 'r', 'g'):
    case WORD('c', 'r', 'i', 't', 'i', 'c', 'a', 'l'):
        return "FATAL";
    default:
        return NULL;
    }
}

static bool is_word(struct str s, const char *lower)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] | 0x20) != lower[i])
            return false;
    return true;
}

const char *level_normalise(struct str s)
{
    s = str_trim(s);
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = (struct str){ s.p + 1, s.n - 2 };
    if (s.n == 0 || s.n > 13)
        return NULL;
    if (s.n <= 8)
        return short_word(s);
    if ((s.n == 11 && is_word(s, "information")) || (s.n == 13 && is_word(s, "informational")))
        return "INFO";
    return s.n == 9 && is_word(s, "emergency") ? "FATAL" : NULL;
}

const char *level_word(struct str s)
{
    if (s.n < 3 || s.p[0] < 'A' || s.p[0] > 'Z')
        return NULL;
    bool upper = true, lower = true;
    for (size_t i = 1; i < s.n && (upper || lower); i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool digit = c >= '0' && c <= '9';
        upper = upper && ((c >= 'A' && c <= 'Z') || digit);
        lower = lower && c >= 'a' && c <= 'z';
    }
    /* "All", "Fine", "Log", "Config" and the like begin sentences. */
    if (!upper && (!lower || s.n < 4 || is_word(s, "fine") || (s.n == 6 && (is_word(s, "config") || is_word(s, "system"))) ||
                   is_word(s, "note") || is_word(s, "fail")))
        return NULL;
    return level_normalise(s);
}
