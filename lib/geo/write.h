/* lib/geo: writes a database in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), version 2.0, for IPv4 and IPv6. */
#ifndef ODW_GEO_WRITE_H
#define ODW_GEO_WRITE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct geo_writer {
    struct buf data; /* the data section: put values here */
    uint32_t (*nodes)[2];
    size_t n, cap;
};
int geo_writer_init(struct geo_writer *w, struct err *err) __attribute__((warn_unused_result));
void geo_writer_fini(struct geo_writer *w);

/* Values, appended to `out`: a map is its head and then keys and values in turn. Where it begins (data.n) is how it is referred to.
 */
void geo_put_map(struct buf *out, size_t pairs);
void geo_put_array(struct buf *out, size_t items);
void geo_put_text(struct buf *out, struct str text);
void geo_put_uint(struct buf *out, uint32_t value);
void geo_put_pointer(struct buf *out, size_t at);

/* The addresses from first to last, in network order, have the value at `at`; IPv4's are ::a.b.c.d here, as the format wants it.
 * What was put for them before goes. -1: out of memory. */
int geo_writer_put(struct geo_writer *w, const unsigned char first[16], const unsigned char last[16], size_t at, struct err *err)
    __attribute__((warn_unused_result));

/* Appends the whole file. type: a name for people; epoch: seconds, when its data was made. -1: too large for the format. */
int geo_writer_end(struct geo_writer *w, const char *type, uint64_t epoch, struct buf *out, struct err *err)
    __attribute__((warn_unused_result));

#endif
