/* tests/fuzz: what a target offers to its driver. */
#ifndef ODW_FUZZ_H
#define ODW_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Aborts where something that must hold doesn't. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Pieces that the target's inputs are made of; the last is NULL. */
extern const char *const fuzz_words[];

#endif
