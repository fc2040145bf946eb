/* lib/pii/masks: 64 bytes into bitmaps, a bit for each byte of a class. */
#include "pii/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

void pii_classify_scalar(const unsigned char *p, struct pii_masks *m)
{
    memset(m, 0, sizeof *m);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = (uint64_t)1 << i;
        unsigned c = p[i];
        m->digit |= pii_is_digit(c) ? bit : 0;
        m->letter |= pii_is_letter(c) ? bit : 0;
        m->word |= pii_is_word(c) ? bit : 0;
        m->at |= c == '@' ? bit : 0;
        m->colon |= c == ':' ? bit : 0;
        m->equals |= c == '=' ? bit : 0;
        m->dash |= c == '-' ? bit : 0;
        m->dot |= c == '.' ? bit : 0;
    }
}

#if defined(__x86_64__)
void pii_classify_sse2(const unsigned char *p, struct pii_masks *m)
{
    struct pii_masks all = { 0 };
    for (unsigned k = 0; k < 4; k++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * k));
        __m128i d = _mm_sub_epi8(v, _mm_set1_epi8('0'));
        __m128i l = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
#define BITS(vector) ((uint64_t)(unsigned)_mm_movemask_epi8(vector) << 16 * k)
#define IS(byte)     BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8(byte)))
        all.digit |= BITS(_mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d));
        all.letter |= BITS(_mm_cmpeq_epi8(_mm_min_epu8(l, _mm_set1_epi8(25)), l));
        all.word |= IS('_');
        all.at |= IS('@');
        all.colon |= IS(':');
        all.equals |= IS('=');
        all.dash |= IS('-');
        all.dot |= IS('.');
#undef IS
#undef BITS
    }
    all.word |= all.digit | all.letter;
    *m = all;
}

__attribute__((target("avx2"))) void pii_classify_avx2(const unsigned char *p, struct pii_masks *m)
{
    struct pii_masks all = { 0 };
    for (unsigned k = 0; k < 2; k++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * k));
        __m256i d = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
        __m256i l = _mm256_sub_epi8(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
#define BITS(vector) ((uint64_t)(unsigned)_mm256_movemask_epi8(vector) << 32 * k)
#define IS(byte)     BITS(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(byte)))
        all.digit |= BITS(_mm256_cmpeq_epi8(_mm256_min_epu8(d, _mm256_set1_epi8(9)), d));
        all.letter |= BITS(_mm256_cmpeq_epi8(_mm256_min_epu8(l, _mm256_set1_epi8(25)), l));
        all.word |= IS('_');
        all.at |= IS('@');
        all.colon |= IS(':');
        all.equals |= IS('=');
        all.dash |= IS('-');
        all.dot |= IS('.');
#undef IS
#undef BITS
    }
    all.word |= all.digit | all.letter;
    *m = all;
}
#endif
