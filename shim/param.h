/* shim/param: holds a value from a URL to the ClickHouse type that it will be bound as. */
#ifndef ODW_SHIM_PARAM_H
#define ODW_SHIM_PARAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* ClickHouse wraps 300 for UInt8 to 44 and takes February 31st for March 3rd, so that nothing reaches it unchecked. */

enum { PARAM_WHY = 512, PARAM_TEXT_MAX = 4096 };

/* A type that values can be checked for: (U)Int8 to 64, Float32/64, Bool, String, UUID, Date, Date32, DateTime, DateTime64(0 to 9),
 * the last two in UTC; also inside Nullable(…) and LowCardinality(…). */
bool param_known(const char *type);

/* Checks `given` (any bytes) for the type and for low … high (NULL: none; for String: its length in characters) and appends the
 * text to bind, which is the same for the same value. 0, or -1 with the sentence "expected …, got …" in why. */
int param_bind(const char *type, const char *low, const char *high, struct str given, struct buf *out, char why[PARAM_WHY])
    __attribute__((warn_unused_result));

/* Where values that lay `rows` apart from `first` to `last` will have come after `more` further rows, if they go on as they did and
 * half as far again: appends the text to bind. -1 where the type has no distances, or the values aren't of it. */
int param_ahead(const char *type, struct str first, struct str last, size_t rows, size_t more, struct buf *out)
    __attribute__((warn_unused_result));

/* Appends the JSON Schema of the type: {"type":"integer","minimum":0,…}. */
void param_schema(const char *type, const char *low, const char *high, struct buf *out);

/* The known word nearest to `word`, or NULL where none is near: for "did you mean". */
const char *param_nearest(struct str word, const char *const *known, size_t n);

#endif
