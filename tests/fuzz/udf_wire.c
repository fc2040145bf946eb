/* tests/fuzz: the reader of the wire: any bytes, in any split, are read within bounds or refused; a whole chunk is read as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "udf/wire.h"

static int none(struct udf_row *row)
{
    (void)row;
    return 0;
}

static const struct udf functions[] = {
    { .name = "one", .args = { { "s", "String" } }, .returns = "String", .row = none },
    { .name = "three", .args = { { "n", "Int16" }, { "p", "String" }, { "s", "String" } }, .returns = "String", .row = none },
    { .name = "fixed", .args = { { "p", "String" }, { "t", "DateTime64(3, 'UTC')" } }, .returns = "String", .row = none },
};
/* \3 and \4 choose the function and the mode: bytes as they are, of each function. */
const char *const fuzz_words[] = { "1\n",
                                   "0\n",
                                   "12\n",
                                   "\3\4\1"
                                   "1\n\1\1\1s\6String\1a",
                                   "\1\1\1s\6String",
                                   "\1s\6String",
                                   "\1n\5Int16",
                                   "\3\1\2",
                                   "\4\1\7",
                                   "\5\1\31",
                                   "\4\2\5",
                                   "\5\3\11",
                                   "\377\377\377\377\377\377\377\377\377\1",
                                   NULL };

enum { FUNCTIONS = sizeof functions / sizeof functions[0], LONGEST = 60 };

/* Small ones, so that parts are cut and values are too large often. */
static const struct udf_limits limits = { .row_bytes = 50, .small_bytes = 4096, .part_rows = 7, .part_bytes = 100 };

static struct wire wires[FUNCTIONS];
static struct signature signatures[FUNCTIONS];

/* Where the reader reads from, a few bytes at a time. */
enum { FROM_MEMORY = -7 };
static struct source {
    const char *p;
    size_t n;
    size_t step; /* 0: as many as are asked for */
} from;

/* In the place of libc's. */
ssize_t read(int fd, void *to, size_t n)
{
    if (fd != FROM_MEMORY)
        return syscall(SYS_read, fd, to, n);
    size_t most = from.step > 0 ? 1 + from.n * 13 % from.step : from.n;
    n = n < most ? n : most;
    n = n < from.n ? n : from.n;
    if (n == 0)
        return 0;
    memcpy(to, from.p, n);
    from.p += n;
    from.n -= n;
    return (ssize_t)n;
}

/* The bytes that decide what happens; zeros when they have run out. */
struct choice {
    const uint8_t *p;
    size_t n;
};

static uint8_t choose(struct choice *c)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->p++;
}

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz udf_wire: %s\n", what);
        abort();
    }
}

static void put_text(struct buf *b, const char *text)
{
    buf_put_varint(b, strlen(text));
    buf_puts(b, text);
}

/* The value of argument i in a row: from the row's number, so that it is known again. */
static size_t value_length(uint8_t seed, size_t row)
{
    return (seed * 31u + row * 7) % LONGEST;
}

/* A whole chunk, in one block or two. */
static void build(const struct signature *sig, struct choice *c, struct buf *out, size_t *rows, uint8_t *seed)
{
    *rows = 1 + choose(c) % 40;
    *seed = choose(c);
    size_t first = choose(c) % 3 == 0 && *rows > 1 ? *rows / 2 : *rows;
    buf_printf(out, "%zu\n", *rows);
    for (size_t start = 0, to = first; start < *rows; start = to, to = *rows) {
        buf_put_varint(out, (uint64_t)sig->n);
        buf_put_varint(out, to - start);
        for (int i = 0; i < sig->n; i++) {
            put_text(out, sig->udf->args[i].name);
            put_text(out, sig->udf->args[i].type);
            for (size_t row = start; row < to; row++) {
                char bytes[LONGEST];
                uint64_t fixed = row * 1000 + (uint64_t)i;
                memset(bytes, 'a' + i, sizeof bytes);
                if (sig->width[i] > 0) {
                    buf_put(out, &fixed, sig->width[i]);
                } else {
                    buf_put_varint(out, value_length(*seed, row));
                    buf_put(out, bytes, value_length(*seed, row));
                }
            }
        }
    }
}

/* Walks a part as a worker would; checks its values where the chunk is a built one. */
static void check_part(const struct signature *sig, const struct part *part, bool built, uint8_t seed)
{
    for (int i = 0; i < sig->n; i++) {
        const char *p = part->values[i];
        for (size_t k = 0; k < part->rows; k++) {
            size_t row = part->first + k;
            uint64_t n = 0;
            if (sig->width[i] > 0) {
                memcpy(&n, p, sig->width[i]);
                must(!built || n == row * 1000 + (uint64_t)i, "a fixed value is another");
                p += sig->width[i];
                continue;
            }
            int head = varint_read(p, 10, &n);
            must(head > 0, "a length isn't whole");
            p += head;
            bool large = i == sig->n - 1 && value_length(seed, row) > limits.row_bytes;
            must(!built || (large ? part->too_large && n == 0 : n == value_length(seed, row)), "a length is another");
            for (size_t b = 0; b < n; b++)
                must(!built || p[b] == 'a' + i, "a byte is another");
            p += n;
        }
    }
}

static void read_chunks(struct wire *w, bool built, size_t rows, uint8_t seed)
{
    struct err err = ERR_INIT;
    int got, chunks = 0;
    while ((got = wire_chunk(w, &err)) > 0) {
        uint64_t seen = 0, announced = w->rows;
        while (w->rows_left > 0) {
            struct part part;
            got = wire_part(w, &part, &err);
            if (got < 0)
                break;
            must(part.rows > 0 && part.first == seen && part.rows <= limits.part_rows + limits.part_bytes, "a part of other rows");
            check_part(w->sig, &part, built, seed);
            seen += part.rows;
        }
        if (got < 0)
            break;
        must(seen == announced && (!built || seen == rows), "other rows than were announced");
        wire_shrink(w);
        chunks++;
    }
    must(got < 0 ? err.text[0] != '\0' : !built || chunks == 1, "a refusal without a reason, or a chunk that was not read");
    must(!built || got == 0, err.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choice c = { data, size };
    struct buf sent;
    struct err err = ERR_INIT;
    size_t rows = 0;
    uint8_t seed = 0;
    if (signatures[0].udf == NULL)
        for (int i = 0; i < FUNCTIONS; i++)
            must(signature_init(&signatures[i], &functions[i], &err) == 0 &&
                     wire_init(&wires[i], -1, &signatures[i], &limits, &err) == 0,
                 err.text);
    int f = choose(&c) % FUNCTIONS;
    uint8_t mode = choose(&c) % 4, split = choose(&c);
    buf_init(&sent, 16384);
    if (mode > 0)
        build(&signatures[f], &c, &sent, &rows, &seed);
    if (mode == 2 && sent.n > 0) /* one byte of it is damaged, or its end is cut off */
        sent.p[(choose(&c) << 8 | choose(&c)) % sent.n] = (char)choose(&c);
    else if (mode == 3 && sent.n > 0)
        sent.n = (size_t)(choose(&c) << 8 | choose(&c)) % sent.n;
    else if (mode == 0)
        buf_put(&sent, c.p, c.n < 16384 ? c.n : 16384);

    wires[f].fd = FROM_MEMORY;
    from = (struct source){ sent.p, sent.n, split };
    struct wire *w = &wires[f];
    w->pos = w->end = 0;
    w->block_left = 0;
    read_chunks(w, mode == 1, rows, seed);
    buf_fini(&sent);
    return 0;
}
