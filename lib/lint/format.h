/* lib/lint: how a chunk looks on the wire, and how an answer is read. */
#ifndef ODW_LINT_FORMAT_H
#define ODW_LINT_FORMAT_H

#include "lint/program.h"
#include "native/column.h"

struct chunk {
    struct col *cols;
    size_t n_cols, rows;
};

/* An answer's rows, each as a hash of its value: two answers can be compared however they were cut into blocks. */
struct answer {
    struct buf hashes; /* uint64_t per row */
    char why[400];     /* what was wrong with it */
};

static inline size_t answer_rows(const struct answer *a)
{
    return a->hashes.n / sizeof(uint64_t);
}

struct format {
    const char *names[4]; /* ClickHouse's own, and its other names for it */
    bool any_type;        /* answers of any type: it is text, of which only the lines are looked at */
    /* Appends the chunk, without the row count of send_chunk_header. -1 and err: the format has no such value. */
    int (*write)(const struct chunk *chunk, struct buf *out, struct err *err);
    /* Takes the next `rows` rows from the program and appends them to the answer. Else answer->why. */
    enum got (*read)(struct program *p, const struct col *returns, size_t rows, struct answer *answer);
};

/* The last has no name. */
extern const struct format *const formats[];
/* NULL: not one of them. */
const struct format *format_find(const char *name);

/* For formats. */
enum { HASH_SEED = 1469598103 };

static inline uint64_t hash_u64(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9E3779B97F4A7C15ULL;
    return h ^ h >> 29;
}

static inline uint64_t hash_bytes(uint64_t h, const char *p, size_t n)
{
    h = hash_u64(h, n);
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        h = hash_u64(h, v);
    }
    uint64_t v = 0;
    memcpy(&v, p, n);
    return hash_u64(h, v);
}

/* GOT_DAMAGED, and why. */
enum got damaged(struct answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A LEB128 number. `what` is named where there is none. */
enum got take_varint(struct program *p, struct answer *a, const char *what, uint64_t *value);
/* At most 40 bytes of the answer, so that people recognise them. */
void preview(struct str s, char *to, size_t size);

extern const struct format format_native, format_rowbinary, format_tsv, format_csv, format_json_lines;

#endif
