/* lib/base/sha256: SHA-256 (FIPS 180-4), for naming content; not in any secret's path, so not written against timing. */
#ifndef ODW_SHA256_H
#define ODW_SHA256_H

#include <stdint.h>

#include "base/str.h"

void sha256(struct str text, uint8_t digest[32]);

#endif
