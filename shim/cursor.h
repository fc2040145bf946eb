/* shim/cursor: where a page ended, as an opaque signed text. */
#ifndef ODW_SHIM_CURSOR_H
#define ODW_SHIM_CURSOR_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { CURSOR_SECRET = 32, CURSOR_CONTEXT = 16, CURSOR_KEYS = 8, CURSOR_TEXT_MAX = 24 * 1024 };

struct cursor_secret {
    unsigned char bytes[CURSOR_SECRET];
};

/* Derived from the file's content (at least 16 bytes). Where `create` is set and there is no such file, one with
 * random content is made, readable by its owner only; several processes that start at once agree on one. */
int cursor_secret_load(const char *path, int create, struct cursor_secret *out, struct err *err)
    __attribute__((warn_unused_result));

/* What a cursor belongs to: an endpoint and its filters. parts: any texts, in an order that is always the same. */
void cursor_context(const struct str *parts, size_t n, unsigned char out[CURSOR_CONTEXT]);

/* Appends the cursor that stands behind the row with these key values. -1 without memory or over CURSOR_TEXT_MAX. */
int cursor_put(const struct cursor_secret *secret, const unsigned char context[CURSOR_CONTEXT], const struct str *values, size_t n,
               struct buf *out) __attribute__((warn_unused_result));

enum cursor_outcome { CURSOR_OK, CURSOR_DAMAGED, CURSOR_FOREIGN };

/* Reads it; the values live in the arena. CURSOR_DAMAGED: not one of ours, or changed, or cut; CURSOR_FOREIGN: one of ours, of
 * another endpoint or with other filters. */
enum cursor_outcome cursor_get(const struct cursor_secret *secret, const unsigned char context[CURSOR_CONTEXT], struct str text,
                               struct arena *a, struct str *values, size_t n);

#endif
