/* lib/contract/scan: finds where text in a JSON string stops being plain. */
#include "contract/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

static const char *on_sse2(const char *p)
{
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    for (;; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop = _mm_or_si128(_mm_cmplt_epi8(v, space), _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
        int mask = _mm_movemask_epi8(stop);
        if (mask != 0)
            return p + __builtin_ctz((unsigned)mask);
    }
}

__attribute__((target("avx2"))) static const char *on_avx2(const char *p)
{
    const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\'), space = _mm256_set1_epi8(' ');
    for (;; p += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i stop = _mm256_or_si256(_mm256_cmpgt_epi8(space, v),
                                       _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, backslash)));
        int mask = _mm256_movemask_epi8(stop);
        if (mask != 0)
            return p + __builtin_ctz((unsigned)mask);
    }
}

const char *(*scan_plain_on)(const char *p) = on_sse2;

__attribute__((constructor)) static void choose(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2"))
        scan_plain_on = on_avx2;
}

#else

static const char *on_bytes(const char *p)
{
    while (scan_is_plain((unsigned char)*p))
        p++;
    return p;
}

const char *(*scan_plain_on)(const char *p) = on_bytes;

#endif
