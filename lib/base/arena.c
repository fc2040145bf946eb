/* lib/base/arena: memory that is freed all at once. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(16) char data[];
};

enum { BLOCK = 16 * 1024, ALIGN = 16 };

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){ .max = max != 0 ? max : (size_t)256 << 20 };
}

static void free_from(struct arena_block *b)
{
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_fini(struct arena *a)
{
    free_from(a->head);
    a->head = NULL;
    a->held = 0;
}

void arena_reset(struct arena *a)
{
    if (a->head == NULL)
        return;
    free_from(a->head->next);
    a->head->next = NULL;
    a->head->used = 0;
    a->held = a->head->size;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN)
        return NULL;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct arena_block *b = a->head;
    if (b == NULL || b->size - b->used < n) {
        size_t size = n > BLOCK ? n : BLOCK;
        if (size > a->max || a->held > a->max - size)
            return NULL;
        b = malloc(sizeof *b + size);
        if (b == NULL)
            return NULL;
        *b = (struct arena_block){ .next = a->head, .size = size };
        a->head = b;
        a->held += size;
    }
    void *p = b->data + b->used;
    b->used += n;
    return n > 0 ? memset(p, 0, n) : p;
}

char *arena_copy(struct arena *a, struct str s)
{
    char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
    if (p != NULL && s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
    if (p != NULL) {
        va_start(args, format);
        vsnprintf(p, (size_t)n + 1, format, args);
        va_end(args);
    }
    return p;
}
