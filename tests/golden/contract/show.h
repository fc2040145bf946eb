/* tests/golden/contract: a record's columns as text, to compare with what was expected. */
#ifndef ODW_TEST_SHOW_H
#define ODW_TEST_SHOW_H

#include "base/buf.h"
#include "native/column.h"

/* Where the next row of each column begins: columns are read in order. */
struct cursor {
    const struct col *col;
    size_t row, at;
    struct cursor *kids;
};

int cursor_init(struct cursor *c, const struct col *col);
void cursor_fini(struct cursor *c);

/* Appends the next row as JSON; JSON text as a string. */
void show_row(struct cursor *c, struct buf *out);

#endif
