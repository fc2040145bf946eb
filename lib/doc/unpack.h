/* lib/doc/unpack: what is in a ZIP file, as far as somebody wants it, within limits. */
#ifndef ODW_DOC_UNPACK_H
#define ODW_DOC_UNPACK_H

#include "doc/parts.h"

struct member {
    char *name;
    struct buf bytes;
};

struct unpacked {
    struct member *members;
    size_t n, cap;
};

/* Unpacks the members that `wanted` is true for; the others only count. -1: the error was put: not a ZIP file, damaged, encrypted,
 * or it unpacks to more than it may. */
int unpack(struct str zip, bool (*wanted)(struct str name), struct unpacked *u, struct parts *parts)
    __attribute__((warn_unused_result));
void unpacked_fini(struct unpacked *u);
/* NULL: there is none of this name. */
const struct buf *unpacked_find(const struct unpacked *u, const char *name);

#endif
