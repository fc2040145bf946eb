/* lib/base/sha256: SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over it. */
#include "base/sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* The eight words change places by their names, not in memory. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                                                           \
    do {                                                                                                                           \
        uint32_t one =                                                                                                             \
            (h) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (((e) & (f)) ^ (~(e) & (g))) + round_constant[t] + w[t];        \
        (d) += one;                                                                                                                \
        (h) = one + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (((a) & (b)) ^ ((a) & (c)) ^ ((b) & (c)));                    \
    } while (0)

static void add_block_plain(uint32_t h[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t s0 = h[0], s1 = h[1], s2 = h[2], s3 = h[3], s4 = h[4], s5 = h[5], s6 = h[6], s7 = h[7];
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        uint32_t low = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t high = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = high + w[t - 7] + low + w[t - 16];
    }
    for (int t = 0; t < 64; t += 8) {
        ROUND(s0, s1, s2, s3, s4, s5, s6, s7, t);
        ROUND(s7, s0, s1, s2, s3, s4, s5, s6, t + 1);
        ROUND(s6, s7, s0, s1, s2, s3, s4, s5, t + 2);
        ROUND(s5, s6, s7, s0, s1, s2, s3, s4, t + 3);
        ROUND(s4, s5, s6, s7, s0, s1, s2, s3, t + 4);
        ROUND(s3, s4, s5, s6, s7, s0, s1, s2, t + 5);
        ROUND(s2, s3, s4, s5, s6, s7, s0, s1, t + 6);
        ROUND(s1, s2, s3, s4, s5, s6, s7, s0, t + 7);
    }
    const uint32_t s[8] = { s0, s1, s2, s3, s4, s5, s6, s7 };
    for (int i = 0; i < 8; i++)
        h[i] += s[i];
}

#if defined(__x86_64__)
/* The processor's own instructions keep the words as ABEF and CDGH; four rounds at a time. */
__attribute__((target("sha,sse4.1"))) static void add_block_sha(uint32_t h[8], const uint8_t *block)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i *state = (__m128i *)(void *)h, m[4];
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(state), 0xB1), efgh = _mm_shuffle_epi32(_mm_loadu_si128(state + 1), 0x1B);
    __m128i abef = _mm_alignr_epi8(abcd, efgh, 8), cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);
    const __m128i abef_before = abef, cdgh_before = cdgh;
    for (int i = 0; i < 4; i++)
        m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)), big_endian);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        __m128i wk = _mm_add_epi32(m[i % 4], _mm_loadu_si128((const __m128i *)(const void *)(round_constant + 4 * i)));
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0E));
        if (i < 12) {
            __m128i next = _mm_sha256msg1_epu32(m[i % 4], m[(i + 1) % 4]);
            next = _mm_add_epi32(next, _mm_alignr_epi8(m[(i + 3) % 4], m[(i + 2) % 4], 4));
            m[i % 4] = _mm_sha256msg2_epu32(next, m[(i + 3) % 4]);
        }
    }
    abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1B);
    cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xB1);
    _mm_storeu_si128(state, _mm_blend_epi16(abef, cdgh, 0xF0));
    _mm_storeu_si128(state + 1, _mm_alignr_epi8(cdgh, abef, 8));
}

/* Leaf 7: SHA; leaf 1: SSE4.1 and SSSE3. */
static bool has_sha(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c >> 9 & c >> 19 & 1) && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

static void (*add_block)(uint32_t h[8], const uint8_t *block) = add_block_plain;

__attribute__((constructor)) static void choose(void)
{
    if (has_sha())
        add_block = add_block_sha;
}

void sha256_plainly(bool plainly)
{
    add_block = plainly || !has_sha() ? add_block_plain : add_block_sha;
}
#else
#define add_block add_block_plain

void sha256_plainly(bool plainly)
{
    (void)plainly;
}
#endif

static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
};

/* What follows `before` bytes (a multiple of 64) that h holds already, and the padding: a one bit, zeros, the length in bits; it
 * takes one block, or two. */
static void finish(uint32_t h[8], uint64_t before, struct str text, uint8_t digest[32])
{
    const uint8_t *p = (const uint8_t *)text.p;
    size_t left = text.n;
    for (; left >= 64; p += 64, left -= 64)
        add_block(h, p);
    uint8_t last[128] = { 0 };
    size_t size = left < 56 ? 64 : 128;
    if (left > 0)
        memcpy(last, p, left);
    last[left] = 0x80;
    for (int i = 0; i < 8; i++)
        last[size - 1 - i] = (uint8_t)((before + text.n) * 8 >> 8 * i);
    for (size_t at = 0; at < size; at += 64)
        add_block(h, last + at);
    for (int i = 0; i < 32; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256(struct str text, uint8_t digest[32])
{
    uint32_t h[8];
    memcpy(h, initial, sizeof h);
    finish(h, 0, text, digest);
}

void hmac_sha256_init(struct hmac_key *key, struct str secret)
{
    uint8_t block[64] = { 0 }, pad[64];
    if (secret.n > sizeof block)
        sha256(secret, block);
    else if (secret.n > 0)
        memcpy(block, secret.p, secret.n);
    memcpy(key->inner, initial, sizeof initial);
    memcpy(key->outer, initial, sizeof initial);
    for (int i = 0; i < 64; i++)
        pad[i] = block[i] ^ 0x36;
    add_block(key->inner, pad);
    for (int i = 0; i < 64; i++)
        pad[i] = block[i] ^ 0x5c;
    add_block(key->outer, pad);
}

void hmac_sha256(const struct hmac_key *key, struct str text, uint8_t digest[32])
{
    uint32_t h[8];
    memcpy(h, key->inner, sizeof h);
    finish(h, 64, text, digest);
    memcpy(h, key->outer, sizeof h);
    finish(h, 64, (struct str){ (const char *)digest, 32 }, digest);
}
