/* lib/contract/scan: finds where text in a JSON string stops being plain, 16 or 32 bytes at a time. */
#ifndef ODW_CONTRACT_SCAN_H
#define ODW_CONTRACT_SCAN_H

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What must be readable, as zeros, behind a message: whole vectors are loaded, and a zero stops every loop. */
enum { SCAN_PADDING = 64 };

/* The same as scan_plain, for what goes on; AVX2 where the machine has it. */
extern const char *(*scan_plain_on)(const char *p);

static inline int scan_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The first byte at or after p that is '"', '\', a control character, or not ASCII. */
static inline const char *scan_plain(const char *p)
{
#ifdef __SSE2__
    /* As signed bytes, control characters and what isn't ASCII are both below a space. */
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    for (int i = 0; i < 2; i++, p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop = _mm_or_si128(_mm_cmplt_epi8(v, space), _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
        int mask = _mm_movemask_epi8(stop);
        if (mask != 0)
            return p + __builtin_ctz((unsigned)mask);
    }
    return scan_plain_on(p);
#else
    while (scan_is_plain((unsigned char)*p))
        p++;
    return p;
#endif
}

static inline const char *scan_space(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

#endif
