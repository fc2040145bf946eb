/* lib/base/arena: memory that is freed all at once (one per request, per chunk, per loaded file). */
#ifndef ODW_ARENA_H
#define ODW_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena {
    struct arena_block *head;
    size_t held, max;
};

/* max: bytes it may hold in all; 0 means 256 MiB. */
void arena_init(struct arena *a, size_t max);
void arena_fini(struct arena *a);
/* Frees everything that was handed out; keeps one block for what comes next. */
void arena_reset(struct arena *a);

/* Zeroed, aligned for any type; NULL over the maximum or without memory. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((warn_unused_result));
/* Copies; NUL-terminated. NULL as above. */
char *arena_copy(struct arena *a, struct str s) __attribute__((warn_unused_result));
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3), warn_unused_result));

#endif
