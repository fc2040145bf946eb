/* lib/pii/keccak: Keccak-256 as Ethereum uses it (the padding from before FIPS 202). */
#ifndef ODW_PII_KECCAK_H
#define ODW_PII_KECCAK_H

#include <stddef.h>

/* n: at most 135 bytes, one block. */
void keccak256(const unsigned char *p, size_t n, unsigned char out[32]);

#endif
