/* lib/pii/keccak: Keccak-256 of one block, for the checksum in Ethereum addresses (EIP-55). */
#include "pii/keccak.h"

#include <stdint.h>
#include <string.h>

enum { RATE = 136, ROUNDS = 24 };

static uint64_t rotate(uint64_t x, unsigned n)
{
    return n == 0 ? x : x << n | x >> (64 - n);
}

/* The linear feedback register that the round constants come from. */
static unsigned next_bit(unsigned *lfsr)
{
    unsigned bit = *lfsr & 1;
    *lfsr = *lfsr & 0x80 ? *lfsr << 1 ^ 0x171 : *lfsr << 1;
    return bit;
}

static void permute(uint64_t a[25])
{
    unsigned lfsr = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t c[5], d;
        for (unsigned x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (unsigned x = 0; x < 5; x++) {
            d = c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1);
            for (unsigned y = 0; y < 25; y += 5)
                a[x + y] ^= d;
        }
        /* rho and pi: along the orbit of (1, 0) */
        unsigned x = 1, y = 0;
        uint64_t carried = a[1];
        for (unsigned step = 0, turn = 0; step < 24; step++) {
            turn += step + 1;
            unsigned next = (2 * x + 3 * y) % 5;
            x = y;
            y = next;
            uint64_t kept = a[x + 5 * y];
            a[x + 5 * y] = rotate(carried, turn % 64);
            carried = kept;
        }
        for (unsigned row = 0; row < 25; row += 5) {
            for (unsigned k = 0; k < 5; k++)
                c[k] = a[row + k];
            for (unsigned k = 0; k < 5; k++)
                a[row + k] = c[k] ^ (~c[(k + 1) % 5] & c[(k + 2) % 5]);
        }
        for (unsigned j = 0; j < 7; j++)
            if (next_bit(&lfsr))
                a[0] ^= (uint64_t)1 << ((1u << j) - 1);
    }
}

void keccak256(const unsigned char *p, size_t n, unsigned char out[32])
{
    unsigned char block[RATE] = { 0 };
    uint64_t a[25] = { 0 };
    memcpy(block, p, n);
    block[n] = 0x01;
    block[RATE - 1] |= 0x80;
    for (unsigned i = 0; i < RATE; i++)
        a[i / 8] |= (uint64_t)block[i] << 8 * (i % 8);
    permute(a);
    for (unsigned i = 0; i < 32; i++)
        out[i] = (unsigned char)(a[i / 8] >> 8 * (i % 8));
}
