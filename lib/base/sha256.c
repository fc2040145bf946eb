/* lib/base/sha256: SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over it. */
#include "base/sha256.h"

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

static void add_block(uint32_t h[8], const uint8_t *block)
{
    uint32_t w[64], s[8];
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        uint32_t low = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t high = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = high + w[t - 7] + low + w[t - 16];
    }
    memcpy(s, h, sizeof s);
    for (int t = 0; t < 64; t++) {
        uint32_t sum1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
        uint32_t choose = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t one = s[7] + sum1 + choose + round_constant[t] + w[t];
        uint32_t sum0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + sum0 + majority;
    }
    for (int i = 0; i < 8; i++)
        h[i] += s[i];
}

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
