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
        m->quote |= c == '"' ? bit : 0;
        m->tick |= c == '\'' || c == '>' ? bit : 0;
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
        all.quote |= IS('"');
        all.tick |= IS('\'') | IS('>');
#undef IS
#undef BITS
    }
    all.word |= all.digit | all.letter;
    *m = all;
}

__attribute__((target("avx2"))) void pii_classify_avx2(const unsigned char *p, struct pii_masks *m)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i w = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    __m256i small = _mm256_set1_epi8(0x20), zero = _mm256_set1_epi8('0'), a = _mm256_set1_epi8('a');
    __m256i nine = _mm256_set1_epi8(9), z = _mm256_set1_epi8(25);
    __m256i vd = _mm256_sub_epi8(v, zero), wd = _mm256_sub_epi8(w, zero);
    __m256i vl = _mm256_sub_epi8(_mm256_or_si256(v, small), a), wl = _mm256_sub_epi8(_mm256_or_si256(w, small), a);
#define BITS(one, two) ((uint64_t)(unsigned)_mm256_movemask_epi8(two) << 32 | (unsigned)_mm256_movemask_epi8(one))
#define IS(byte)       BITS(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(byte)), _mm256_cmpeq_epi8(w, _mm256_set1_epi8(byte)))
    m->digit = BITS(_mm256_cmpeq_epi8(_mm256_min_epu8(vd, nine), vd), _mm256_cmpeq_epi8(_mm256_min_epu8(wd, nine), wd));
    m->letter = BITS(_mm256_cmpeq_epi8(_mm256_min_epu8(vl, z), vl), _mm256_cmpeq_epi8(_mm256_min_epu8(wl, z), wl));
    m->word = IS('_') | m->digit | m->letter;
    m->at = IS('@');
    m->colon = IS(':');
    m->equals = IS('=');
    m->dash = IS('-');
    m->dot = IS('.');
    m->quote = IS('"');
    m->tick = IS('\'') | IS('>');
#undef IS
#undef BITS
}

__attribute__((target("avx512bw"))) void pii_classify_avx512(const unsigned char *p, struct pii_masks *m)
{
    __m512i v = _mm512_loadu_si512(p);
    __m512i d = _mm512_sub_epi8(v, _mm512_set1_epi8('0'));
    __m512i l = _mm512_sub_epi8(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('a'));
#define IS(byte) _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(byte))
    m->digit = _mm512_cmple_epu8_mask(d, _mm512_set1_epi8(9));
    m->letter = _mm512_cmple_epu8_mask(l, _mm512_set1_epi8(25));
    m->word = IS('_') | m->digit | m->letter;
    m->at = IS('@');
    m->colon = IS(':');
    m->equals = IS('=');
    m->dash = IS('-');
    m->dot = IS('.');
    m->quote = IS('"');
    m->tick = IS('\'') | IS('>');
#undef IS
}

void (*pii_classify)(const unsigned char *p, struct pii_masks *m) = pii_classify_sse2;

/* Before main, so that threads only ever read it. */
__attribute__((constructor)) static void choose(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw"))
        pii_classify = pii_classify_avx512;
    else if (__builtin_cpu_supports("avx2"))
        pii_classify = pii_classify_avx2;
}
#else
void (*pii_classify)(const unsigned char *p, struct pii_masks *m) = pii_classify_scalar;
#endif
