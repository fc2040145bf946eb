/* lib/base/sha256: SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). Neither branches nor looks up by a byte of the data. */
#ifndef ODW_SHA256_H
#define ODW_SHA256_H

#include <stdint.h>

#include "base/str.h"

void sha256(struct str text, uint8_t digest[32]);

/* For tests: without the processor's instructions for it, or again with them, where it has them. */
void sha256_plainly(bool plainly);

/* A secret, with its share of the work done: two blocks of each HMAC. */
struct hmac_key {
    uint32_t inner[8], outer[8];
};

/* Any number of bytes. */
void hmac_sha256_init(struct hmac_key *key, struct str secret);
void hmac_sha256(const struct hmac_key *key, struct str text, uint8_t digest[32]);

#endif
