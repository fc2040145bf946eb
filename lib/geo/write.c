/* lib/geo: writes a database in MaxMind's format: a binary tree over the bits of addresses, then the values. */
#include "geo/write.h"

#include <stdlib.h>

/* A child: 0, nothing; the number of a node; or VALUE and where a value begins. */
#define VALUE UINT32_C(0x80000000)

enum { TYPE_POINTER = 1, TYPE_TEXT = 2, TYPE_UINT16 = 5, TYPE_UINT32 = 6, TYPE_MAP = 7, TYPE_UINT64 = 9, TYPE_ARRAY = 11 };

int geo_writer_init(struct geo_writer *w, struct err *err)
{
    *w = (struct geo_writer){ .cap = 1 << 10 };
    buf_init(&w->data, VALUE - 1);
    if ((w->nodes = calloc(w->cap, sizeof *w->nodes)) == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    w->n = 1;
    return 0;
}

void geo_writer_fini(struct geo_writer *w)
{
    free(w->nodes);
    buf_fini(&w->data);
    *w = (struct geo_writer){ 0 };
}

/* --- values --- */

/* The control byte, and what of the size doesn't fit into it. */
static void put_head(struct buf *out, unsigned type, size_t size)
{
    unsigned head = type < 8 ? type << 5 : 0;
    size_t low = size < 29 ? size : size < 29 + 256 ? 29 : size < 285 + 65536 ? 30 : 31;
    buf_putc(out, (char)(head | low));
    if (type >= 8)
        buf_putc(out, (char)(type - 7));
    if (low == 29) {
        buf_putc(out, (char)(size - 29));
    } else if (low == 30) {
        buf_putc(out, (char)((size - 285) >> 8));
        buf_putc(out, (char)(size - 285));
    } else if (low == 31) {
        buf_putc(out, (char)((size - 65821) >> 16));
        buf_putc(out, (char)((size - 65821) >> 8));
        buf_putc(out, (char)(size - 65821));
    }
}

void geo_put_map(struct buf *out, size_t pairs)
{
    put_head(out, TYPE_MAP, pairs);
}

void geo_put_array(struct buf *out, size_t items)
{
    put_head(out, TYPE_ARRAY, items);
}

void geo_put_text(struct buf *out, struct str text)
{
    put_head(out, TYPE_TEXT, text.n);
    buf_put_str(out, text);
}

static void put_number(struct buf *out, unsigned type, uint64_t value)
{
    size_t bytes = 0;
    while (bytes < 8 && value >> (8 * bytes) != 0)
        bytes++;
    put_head(out, type, bytes);
    while (bytes-- > 0)
        buf_putc(out, (char)(value >> (8 * bytes)));
}

void geo_put_uint(struct buf *out, uint32_t value)
{
    put_number(out, TYPE_UINT32, value);
}

void geo_put_pointer(struct buf *out, size_t at)
{
    unsigned head = TYPE_POINTER << 5;
    if (at < 2048) {
        buf_putc(out, (char)(head | at >> 8));
    } else if (at < 526336) {
        buf_putc(out, (char)(head | 1 << 3 | (at - 2048) >> 16));
        buf_putc(out, (char)((at - 2048) >> 8));
        at -= 2048;
    } else {
        buf_putc(out, (char)(head | 3 << 3));
        buf_putc(out, (char)(at >> 24));
        buf_putc(out, (char)(at >> 16));
        buf_putc(out, (char)(at >> 8));
    }
    buf_putc(out, (char)at);
}

/* --- the tree --- */

/* A new node whose children are both `both`; 0: out of memory. */
static uint32_t new_node(struct geo_writer *w, uint32_t both)
{
    if (w->n == w->cap) {
        void *more = w->cap < VALUE / 2 ? realloc(w->nodes, 2 * w->cap * sizeof *w->nodes) : NULL;
        if (more == NULL)
            return 0;
        w->nodes = more;
        w->cap *= 2;
    }
    w->nodes[w->n][0] = w->nodes[w->n][1] = both;
    return (uint32_t)w->n++;
}

static int put_prefix(struct geo_writer *w, const unsigned char a[16], unsigned bits, uint32_t value)
{
    uint32_t at = 0;
    for (unsigned i = 0; i + 1 < bits; i++) {
        unsigned bit = a[i / 8] >> (7 - i % 8) & 1;
        uint32_t child = w->nodes[at][bit];
        if (child == 0 || (child & VALUE) != 0) {
            child = new_node(w, child);
            if (child == 0)
                return -1;
            w->nodes[at][bit] = child;
        }
        at = child;
    }
    w->nodes[at][a[(bits - 1) / 8] >> (7 - (bits - 1) % 8) & 1] = value;
    return 0;
}

/* The largest prefix that begins at `first` and does not go beyond `last`: its length; its last address in `end`. */
static unsigned largest(const unsigned char first[16], const unsigned char last[16], unsigned char end[16])
{
    unsigned bits = 128;
    memcpy(end, first, 16);
    while (bits > 1) {
        unsigned at = bits - 1;
        unsigned char mask = (unsigned char)(0x80 >> at % 8), wider[16];
        if ((first[at / 8] & mask) != 0)
            break;
        memcpy(wider, end, sizeof wider);
        wider[at / 8] |= mask;
        if (memcmp(wider, last, sizeof wider) > 0)
            break;
        memcpy(end, wider, sizeof wider);
        bits = at;
    }
    return bits;
}

int geo_writer_put(struct geo_writer *w, const unsigned char first[16], const unsigned char last[16], size_t at, struct err *err)
{
    unsigned char from[16], end[16];
    memcpy(from, first, sizeof from);
    if (at >= VALUE)
        return err_set(err, ERR_STOP, "a database with more than %u bytes of values", (unsigned)VALUE);
    while (memcmp(from, last, sizeof from) <= 0) {
        unsigned bits = largest(from, last, end);
        if (put_prefix(w, from, bits, VALUE | (uint32_t)at) < 0)
            return err_set(err, ERR_RETRY, "out of memory");
        memcpy(from, end, sizeof from);
        int i = 15;
        while (i >= 0 && ++from[i] == 0)
            i--;
        if (i < 0)
            break;
    }
    return 0;
}

/* Whether both halves of a node say the same, so that it isn't needed. */
static uint32_t simplify(struct geo_writer *w, uint32_t node)
{
    for (int side = 0; side < 2; side++) {
        uint32_t child = w->nodes[node][side];
        if (child != 0 && (child & VALUE) == 0)
            w->nodes[node][side] = simplify(w, child);
    }
    uint32_t left = w->nodes[node][0];
    return node != 0 && left == w->nodes[node][1] && (left == 0 || (left & VALUE) != 0) ? left : node;
}

/* Nodes in the order in which a walk meets them: places[old] is the new number. */
static uint32_t number(const struct geo_writer *w, uint32_t node, uint32_t *places, uint32_t *order, uint32_t next)
{
    places[node] = next;
    order[next++] = node;
    for (int side = 0; side < 2; side++) {
        uint32_t child = w->nodes[node][side];
        if (child != 0 && (child & VALUE) == 0)
            next = number(w, child, places, order, next);
    }
    return next;
}

static void put_tree(const struct geo_writer *w, const uint32_t *places, const uint32_t *order, uint32_t count, size_t bytes,
                     struct buf *out)
{
    for (uint32_t i = 0; i < count; i++)
        for (int side = 0; side < 2; side++) {
            uint32_t child = w->nodes[order[i]][side];
            uint32_t record = child == 0 ? count : (child & VALUE) != 0 ? count + 16 + (child & ~VALUE) : places[child];
            for (size_t b = bytes; b-- > 0;)
                buf_putc(out, (char)(record >> (8 * b)));
        }
}

static void put_metadata(const char *type, uint64_t epoch, uint32_t count, size_t bytes, struct buf *out)
{
    buf_put_str(out, STR("\xAB\xCD\xEFMaxMind.com"));
    geo_put_map(out, 9);
    geo_put_text(out, STR("binary_format_major_version"));
    put_number(out, TYPE_UINT16, 2);
    geo_put_text(out, STR("binary_format_minor_version"));
    put_number(out, TYPE_UINT16, 0);
    geo_put_text(out, STR("build_epoch"));
    put_number(out, TYPE_UINT64, epoch);
    geo_put_text(out, STR("database_type"));
    geo_put_text(out, str_of(type));
    geo_put_text(out, STR("description"));
    geo_put_map(out, 1);
    geo_put_text(out, STR("en"));
    geo_put_text(out, str_of(type));
    geo_put_text(out, STR("ip_version"));
    put_number(out, TYPE_UINT16, 6);
    geo_put_text(out, STR("languages"));
    geo_put_array(out, 1);
    geo_put_text(out, STR("en"));
    geo_put_text(out, STR("node_count"));
    geo_put_uint(out, count);
    geo_put_text(out, STR("record_size"));
    put_number(out, TYPE_UINT16, 8 * bytes);
}

int geo_writer_end(struct geo_writer *w, const char *type, uint64_t epoch, struct buf *out, struct err *err)
{
    int done = -1;
    uint32_t *places = calloc(w->n, sizeof *places), *order = calloc(w->n, sizeof *order);
    if (places == NULL || order == NULL) {
        err_set(err, ERR_RETRY, "out of memory");
        goto out;
    }
    simplify(w, 0);
    uint32_t count = number(w, 0, places, order, 0);
    uint64_t highest = (uint64_t)count + 16 + w->data.n;
    size_t bytes = highest < 1 << 24 ? 3 : 4;
    if (highest > UINT32_MAX) {
        err_set(err, ERR_STOP, "a database of more than %u nodes and bytes of values", UINT32_MAX);
        goto out;
    }
    put_tree(w, places, order, count, bytes, out);
    for (int i = 0; i < 16; i++)
        buf_putc(out, 0);
    buf_put_str(out, buf_str(&w->data));
    put_metadata(type, epoch, count, bytes, out);
    done = out->failed || w->data.failed ? err_set(err, ERR_RETRY, "out of memory") : 0;
out:
    free(places);
    free(order);
    return done;
}
