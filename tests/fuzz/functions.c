/* tests/fuzz: every function of udfs/, as declared: rows in, as many out, in whole columns; valid UTF-8 stays valid; the same rows
 * have the same answers, together and alone. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/utf8.h"
#include "lint/values.h"
#include "tests/fuzz/fuzz.h"
#include "udf/row.h"
#include "udfs/registry.h"

/* \1 to \24 at the start choose the function; \36 begins another row, \37 another argument. */
const char *const fuzz_words[] = {
    "\1",
    "\2",
    "\3",
    "\4",
    "\5",
    "\6",
    "\7",
    "\10",
    "\11",
    "\13",
    "\14",
    "\16",
    "\17",
    "\20",
    "\21",
    "\22",
    "\23",
    "\24",
    "\36",
    "\37",
    "\36",
    "ada@example.com",
    "+49 30 901820",
    "4111 1111 1111 1111",
    "DE89 3702 0044 0532 0130 00",
    "password=",
    "Authorization: Basic ",
    "192.0.2.7",
    "2001:db8::1",
    "https://",
    "example.co.uk/",
    "?utm_source=",
    "%41%ff",
    "Mozilla/5.0 (",
    "Firefox/",
    "Chrome/120.0",
    "bot",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-",
    "{\"id\":\"1\",\"event_name\":\"a\",\"timestamp\":\"2026-11-20T10:00:00Z\",\"distinct_id\":\"d\",\"project_id\":\"p\"}",
    "{\"",
    "\":",
    "[",
    "]",
    "}",
    "\\u0041",
    "\\ud83d\\ude00",
    "\303\251",
    "\360\237\230\200",
    "\344\270\255",
    "\377",
    "<34>1 ",
    "Nov 20 10:00:00 ",
    "level=",
    "\342\200\213",
    NULL
};

enum { FUNCTIONS = 64, ROWS = 6 };

struct function {
    struct udf udf;
    struct signature sig;
    struct rows rows;
    struct buf usual[UDF_ARGS]; /* what an example has as an argument before the last */
};

static struct function *functions[FUNCTIONS];
static int n_functions;

static int add(const struct udf *udf, const char *stem, void *arg)
{
    struct err err = ERR_INIT;
    void *state = NULL;
    (void)stem, (void)arg;
    MUST(n_functions < FUNCTIONS);
    struct function *f = functions[n_functions++] = calloc(1, sizeof *f);
    MUST(f != NULL);
    f->udf = *udf;
    if (udf->open != NULL && (state = udf->open(&f->udf, &err)) == NULL) {
        fprintf(stderr, "%s: %s\n", udf->name, err.text);
        abort();
    }
    MUST(signature_init(&f->sig, &f->udf, &err) == 0);
    MUST(rows_init(&f->rows, &f->sig, &udf_limits_default, state, &err) == 0);
    for (int i = 0; i + 1 < f->sig.n; i++) {
        buf_init(&f->usual[i], 0);
        udf_example_text(&f->udf, &udf->examples[0], i, &f->usual[i]);
    }
    return 0;
}

/* What a family shows of its functions lives no longer than the call; what it makes does. */
static int add_made(const struct udf *udf, const char *stem, void *arg)
{
    const struct udf_family *family = arg;
    struct udf made;
    struct err err = ERR_INIT;
    MUST(family->make(udf->name, "contracts", &made, &err) == 1);
    return add(&made, stem, NULL);
}

static void add_all(void)
{
    struct err err = ERR_INIT;
    log_setup("fuzz", LOG_LEVEL_ERROR, false);
    for (const struct udf_entry *e = udf_registry; e->folder != NULL; e++) {
        if (e->udf != NULL)
            add(e->udf, NULL, NULL);
        else
            MUST(e->family->all("contracts", add_made, (void *)e->family, &err) == 0);
    }
}

static bool is_utf8(struct str s)
{
    for (size_t n; s.n > 0; s.p += n, s.n -= n)
        if ((n = utf8_length(s.p, s.n)) == 0)
            return false;
    return true;
}

/* Each part of a column holds what its rows need, no more; texts are UTF-8 where the arguments are. */
static void check(const struct col *c, bool utf8)
{
    MUST(!c->nullable || c->kind == COL_LOW || c->nulls.n == c->rows);
    if (c->kind == COL_LOW)
        MUST(c->data.n == c->rows * sizeof(uint32_t));
    for (size_t row = 0; c->kind == COL_LOW && row < c->rows; row++)
        MUST(!utf8 || is_utf8(col_low(c, row)));
    if (c->kind == COL_FIXED)
        MUST(c->data.n == c->rows * c->width);
    if (c->kind == COL_STRING) {
        size_t at = 0;
        for (size_t row = 0; row < c->rows; row++) {
            uint64_t n = 0;
            int head = varint_read(c->data.p + at, c->data.n - at, &n);
            MUST(head > 0 && n <= c->data.n - at - (size_t)head);
            at += (size_t)head;
            MUST(!utf8 || is_utf8((struct str){ c->data.p + at, n }));
            at += n;
        }
        MUST(at == c->data.n);
    }
    for (size_t i = 0; i < c->n_kids; i++) {
        MUST(c->kind != COL_TUPLE || c->kids[i].rows == c->rows);
        check(&c->kids[i], utf8);
    }
}

/* The rows' answers as a line each; "!" where the function can't go on, which a row's value alone decides. */
static void ask(struct function *f, const struct part *part, size_t from, size_t to, bool utf8, struct buf *lines)
{
    _Atomic uint64_t current = 0;
    struct run run = { .part = *part, .from = from, .to = to };
    struct buf block;
    int ran = rows_run(&f->rows, &run, &current);
    if (ran == UDF_STOP) {
        MUST(f->rows.stopped.text[0] != '\0');
        f->rows.stopped = ERR_INIT;
        buf_puts(lines, "!\n");
        return;
    }
    MUST(ran == 0 && f->rows.out.rows == to - from);
    check(&f->rows.out, utf8);
    buf_init(&block, 0);
    MUST(col_write_block(&f->rows.out, &block) == 0);
    buf_fini(&block);
    MUST(col_put_json_rows(&f->rows.out, lines) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf values[UDF_ARGS], lines, again, alone;
    struct part part = { 0 };
    if (n_functions == 0)
        add_all();
    struct str rest = { (const char *)data, size };
    struct function *f = functions[size > 0 ? data[0] % n_functions : 0];
    bool utf8 = true;
    if (size > 0)
        rest = (struct str){ rest.p + 1, rest.n - 1 };
    for (int i = 0; i < f->sig.n; i++)
        buf_init(&values[i], 0);
    do {
        struct str row = str_cut(&rest, '\36');
        for (int i = f->sig.n - 1; i >= 0; i--) {
            struct str text = str_cut(&row, '\37'); /* the last argument first: the others are seldom made up */
            uint64_t fixed = 0;
            if (f->sig.width[i] > 0) {
                memcpy(&fixed, text.p, text.n < sizeof fixed ? text.n : sizeof fixed);
                buf_put(&values[i], &fixed, f->sig.width[i]);
            } else {
                text = i + 1 < f->sig.n && text.n == 0 ? buf_str(&f->usual[i]) : text;
                utf8 &= is_utf8(text);
                buf_put_string(&values[i], text);
            }
        }
        part.rows++;
    } while (rest.n > 0 && part.rows < ROWS);
    for (int i = 0; i < f->sig.n; i++)
        part.values[i] = values[i].p;
    buf_init(&lines, 0);
    buf_init(&again, 0);
    buf_init(&alone, 0);
    ask(f, &part, 0, part.rows, utf8, &lines);
    ask(f, &part, 0, part.rows, utf8, &again);
    MUST(str_eq(buf_str(&lines), buf_str(&again)) || !f->udf.deterministic);
    struct str all = buf_str(&lines);
    if (!str_eq(all, STR("!\n")))
        for (size_t row = 0; row < part.rows; row++) {
            buf_clear(&alone);
            ask(f, &part, row, row + 1, utf8, &alone);
            struct str line = str_cut(&all, '\n');
            MUST(alone.n == line.n + 1 && memcmp(alone.p, line.p, line.n) == 0);
        }
    for (int i = 0; i < f->sig.n; i++)
        buf_fini(&values[i]);
    buf_fini(&lines);
    buf_fini(&again);
    buf_fini(&alone);
    return 0;
}
