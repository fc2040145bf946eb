/* lib/native: ClickHouse columns in memory, in the layout of the Native format, so that sending one is a copy.
 *
 * Native (one block, client revision 0): varint columns, varint rows, then per column: name, type (LEB128-prefixed), body.
 * Body: fixed width = packed little-endian array; String = LEB128 length + bytes per row; Nullable = one byte per row
 * (1 = NULL), then the nested column with a default under each NULL; Array = one cumulative UInt64 offset per row,
 * then the flattened items; Tuple = its elements' bodies in turn; Map(K, V) = Array(Tuple(K, V)). LowCardinality(String) =
 * a UInt64 of flags and the width of what follows, the number of keys, the keys as a String's rows, the number of rows, a key's
 * number for each; where it is nullable, key 0 is NULL. Before a column that holds any there is a UInt64, the version 1, for each.
 * Source: ClickHouse's docs, "Native" and "Data types binary encoding"; checked against 26.7. */
#ifndef ODW_COLUMN_H
#define ODW_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum col_kind {
    COL_FIXED, /* `width` bytes per row: (U)Int8..64, Float32/64, Bool, Date, DateTime, DateTime64, Enum8, UUID, IPv4, IPv6 */
    COL_STRING,
    COL_LOW,   /* LowCardinality(String): texts of which many are the same; a UInt32 per row, the number of its key */
    COL_ARRAY, /* kids[0] are the items; of a Map they are tuples of key and value */
    COL_TUPLE, /* kids are the elements */
};

struct col {
    enum col_kind kind;
    bool nullable; /* Nullable(T), LowCardinality(Nullable(String)); never on COL_ARRAY, COL_TUPLE */
    uint8_t width; /* COL_FIXED: 1, 2, 4, 8 or 16 */
    char *name;    /* in a Tuple or a block; "" where it has none */
    char *type;    /* as ClickHouse writes it: "Nullable(Int64)", "Tuple(id String, n UInt8)" */
    size_t rows;
    struct buf data;  /* COL_FIXED, COL_STRING, COL_LOW; COL_ARRAY: its offsets */
    struct buf nulls; /* nullable only, but for COL_LOW */
    struct low *low;  /* COL_LOW: its keys (native/low.h) */
    struct col *kids;
    size_t n_kids;
    uint64_t initial; /* COL_FIXED: the default's low bytes: 0, or an Enum's lowest value */
    struct {
        size_t rows, data, nulls;
        bool failed;
    } mark;
    struct col **all; /* of what col_init made: itself and every column below */
    size_t n_all;
};

/* Builds the column for a type as ClickHouse writes it: String, (U)Int8..64, Float32, Float64, Bool, Date, Date32, DateTime,
 * DateTime('UTC'), DateTime64(p[, 'UTC']), Enum8('a' = 1, …), UUID, IPv4, IPv6, Nullable(T), LowCardinality(String),
 * LowCardinality(Nullable(String)), Array(T), Map(K, V), Tuple([name] T, …). max: the most bytes that each of its buffers may hold;
 * 0 = the default. -1 and err: not such a type. */
int col_init(struct col *c, const char *name, const char *type, size_t max, struct err *err) __attribute__((warn_unused_result));
void col_fini(struct col *c);
/* No rows; keeps memory up to `keep` bytes per buffer. */
void col_clear(struct col *c, size_t keep);
/* The following three are for columns that col_init made, not for one below.
 *
 * True once any of its buffers refused to grow. */
bool col_failed(const struct col *c);

/* Remembers where the column (and all below) ends now; col_rollback drops everything after the mark, also a failure to grow. */
void col_mark(struct col *c);
void col_rollback(struct col *c);

/* One more row: the type's default (NULL, 0, '', [], a tuple of defaults). */
void col_put_default(struct col *c);

static inline void col_put_not_null(struct col *c)
{
    if (c->nullable)
        buf_putc(&c->nulls, 0);
}

static inline void col_put_fixed(struct col *c, const void *value)
{
    col_put_not_null(c);
    buf_put(&c->data, value, c->width);
    c->rows++;
}

/* The low `width` bytes of v (x86-64 and arm64 are little-endian, as the format is). */
static inline void col_put_u64(struct col *c, uint64_t v)
{
    col_put_fixed(c, &v);
}

static inline void col_put_i64(struct col *c, int64_t v)
{
    col_put_fixed(c, &v);
}

static inline void col_put_f64(struct col *c, double v)
{
    col_put_fixed(c, &v);
}

/* COL_LOW alone; col_put_str comes here. */
void col_put_low(struct col *c, struct str s);

static inline void col_put_str(struct col *c, struct str s)
{
    if (c->kind == COL_LOW) {
        col_put_low(c, s);
        return;
    }
    col_put_not_null(c);
    buf_put_varint(&c->data, s.n);
    buf_put_str(&c->data, s);
    c->rows++;
}

static inline void col_put_null(struct col *c)
{
    col_put_default(c);
}

/* One more pair of a Map(String, String); col_end_array ends the row's map. */
static inline void col_put_pair(struct col *map, struct str key, struct str value)
{
    struct col *pairs = &map->kids[0];
    col_put_str(&pairs->kids[0], key);
    col_put_str(&pairs->kids[1], value);
    pairs->rows++;
}

/* The items that were put into kids[0] since the last col_end_array are one row of the array. */
static inline void col_end_array(struct col *c)
{
    uint64_t end = c->kids[0].rows;
    buf_put(&c->data, &end, sizeof end);
    c->rows++;
}

/* The elements were put into each of kids: they are one row of the tuple. */
static inline void col_end_tuple(struct col *c)
{
    c->rows++;
}

/* Whether the row is NULL. */
bool col_is_null(const struct col *c, size_t row);
/* A row's text in a COL_LOW; '' where it is NULL. Valid until another row is put. */
struct str col_low(const struct col *c, size_t row);

/* Bytes that col_write_body will append. */
size_t col_body_size(const struct col *c);
/* Appends the body of all rows. */
int col_write_body(const struct col *c, struct buf *out) __attribute__((warn_unused_result));
/* Appends a whole block of this one column: counts, name, type, body. -1, and nothing appended, also where the rows of
 * its parts don't agree (a tuple's element that was put twice, an array that was never ended). */
int col_write_block(const struct col *c, struct buf *out) __attribute__((warn_unused_result));

/* Appends each row as JSON, a line each: numbers, texts and NULL as themselves, a Tuple or Map as an object, a time as
 * "2026-11-20 10:00:00.123". */
int col_put_json_rows(const struct col *c, struct buf *out) __attribute__((warn_unused_result));

#endif
