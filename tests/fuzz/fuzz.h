/* tests/fuzz: what a target offers to its driver. */
#ifndef ODW_FUZZ_H
#define ODW_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(what)                                                                                                                 \
    do {                                                                                                                           \
        if (!(what)) {                                                                                                             \
            fprintf(stderr, "does not hold: %s\n", #what);                                                                         \
            abort();                                                                                                               \
        }                                                                                                                          \
    } while (0)

/* Aborts where something that must hold doesn't. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Pieces that the target's inputs are made of; the last is NULL. */
extern const char *const fuzz_words[];

#endif
