/* tests/unit: lib/udf against a simulated ClickHouse: chunks over pipes, whole, split, cut and damaged. */
#include "tests/lib/udf_server.h"

static int join(struct udf_row *row)
{
    buf_printf(row->scratch, "%lld|%.*s|%.*s", (long long)row->fixed[0], STR_ARG(row->str[1]), STR_ARG(row->str[2]));
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

static int twice(struct udf_row *row)
{
    col_put_i64(row->out, (int64_t)row->fixed[0] * 2);
    return 0;
}

static void *no_open(const struct udf *udf, struct err *err)
{
    (void)udf;
    err_set(err, ERR_STOP, "the contract is missing");
    return NULL;
}

static const struct udf echo = {
    .name = "echo", .about = "a < b", .args = { { "s", "String" } }, .returns = "String", .row = trouble
};
static const struct udf with_why = {
    .name = "why", .args = { { "s", "String" } }, .returns = "String", .row = trouble, .on_error = say_why
};
static const struct udf joined = {
    .name = "joined",
    .about = "joins",
    .args = { { "n", "Int16" }, { "policy", "String" }, { "text", "String" } },
    .returns = "String",
    .row = join,
};
static const struct udf doubled = { .name = "doubled", .args = { { "n", "Int32" } }, .returns = "Int64", .row = twice };
static const struct udf unopened = {
    .name = "u", .args = { { "s", "String" } }, .returns = "String", .row = trouble, .open = no_open
};

/* All rows of a block at once; a row that says "crash" ends the process while it is current. */
static int together(struct udf_block *block)
{
    for (size_t i = 0; i < block->rows; i++) {
        udf_at(block, (int64_t)i);
        if (str_eq(block->values[i].str[0], STR("crash")))
            raise(SIGSEGV);
        col_put_str(block->out, block->values[i].str[0]);
    }
    udf_at(block, UDF_WAITS);
    return 0;
}

static int one_too_few(struct udf_block *block)
{
    for (size_t i = 0; i + (block->rows > 3) < block->rows; i++)
        col_put_str(block->out, block->values[i].str[0]);
    return 0;
}

static const struct udf blocks = {
    .name = "blocks",
    .about = "all at once",
    .args = { { "s", "String" } },
    .returns = "String",
    .block = together,
    .block_rows = 100,
    .block_ms = 600000,
    .pool_size = 4,
    .on_error = say_why,
};
static const struct udf short_blocks = {
    .name = "short", .args = { { "s", "String" } }, .returns = "String", .block = one_too_few, .block_rows = 100, .block_ms = 600000
};

static void blocks_of_rows(void **state)
{
    (void)state;
    struct str *values = make_values(1000);
    struct program s;
    start(&s, &blocks);
    exchange(&s, &blocks, values, values, 1000);
    exchange(&s, &blocks, values, values, 1);
    finish_well(&s);
    /* A block that crashes costs the row that was current. */
    const struct str crash[] = { STR("a"), STR("crash"), STR("c"), STR("d") },
                     got[] = { STR("a"), STR("error: killed by signal 11 (Segmentation fault)"), STR("c"), STR("d") };
    start(&s, &blocks);
    exchange(&s, &blocks, crash, got, 4);
    finish_well(&s);
    /* A block whose answer isn't whole is asked again in pieces. */
    start(&s, &short_blocks);
    exchange(&s, &short_blocks, values, values, 10);
    finish_well(&s);
    free_values(values, 1000);
}

/* Chunks. */

static void chunks_of_all_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 5, 0, 8192, 8193, 65409, 1000000, 1 };
    struct str *values = make_values(1000000);
    struct program s;
    start(&s, &echo);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        exchange(&s, &echo, values, values, sizes[i]);
    finish_well(&s);
    free_values(values, 1000000);
}

static void splits_of_all_kinds(void **state)
{
    (void)state;
    struct str *values = make_values(65409);
    for (enum cut cut = CUT_BYTES; cut <= CUT_RANDOM; cut++) {
        size_t rows = cut == CUT_BYTES ? 2000 : 65409;
        struct program s;
        start(&s, &echo);
        s.cut = cut;
        exchange(&s, &echo, values, values, rows);
        exchange(&s, &echo, values, values, rows);
        finish_well(&s);
    }
    free_values(values, 65409);
}

/* Several chunks are in the pipe before the first is answered; some have no rows, and not even a block. */
static void chunks_sent_ahead(void **state)
{
    (void)state;
    struct str *values = make_values(100);
    struct program s;
    start(&s, &echo);
    s.cut = CUT_RANDOM;
    for (int i = 0; i < 50; i++) {
        put_strings(&s, &echo, values, 100);
        put_strings(&s, &echo, values, 0);
        buf_puts(&s.sent, "0\n");
    }
    send_all(&s);
    for (int i = 0; i < 50; i++)
        expect_strings(&s, values, 100);
    program_sent(&s);
    finish_well(&s);
    free_values(values, 100);
}

static void a_chunk_in_several_blocks(void **state)
{
    (void)state;
    struct str *values = make_values(10);
    struct program s;
    start(&s, &echo);
    put_head(&s.sent, &echo, 10, 4);
    put_column(&s.sent, &echo, 0);
    for (int i = 0; i < 4; i++)
        buf_put_string(&s.sent, values[i]);
    buf_put_varint(&s.sent, 1);
    buf_put_varint(&s.sent, 6);
    put_column(&s.sent, &echo, 0);
    for (int i = 4; i < 10; i++)
        buf_put_string(&s.sent, values[i]);
    send_all(&s);
    expect_strings(&s, values, 10);
    program_sent(&s);
    finish_well(&s);
    free_values(values, 10);
}

static void several_arguments(void **state)
{
    (void)state;
    enum { ROWS = 30000 };
    struct str *expected = calloc(ROWS, sizeof *expected);
    struct program s;
    start(&s, &joined);
    s.cut = CUT_RANDOM;
    put_head(&s.sent, &joined, ROWS, ROWS);
    put_column(&s.sent, &joined, 0);
    for (int i = 0; i < ROWS; i++) {
        int16_t n = (int16_t)(i - ROWS / 2);
        buf_put(&s.sent, &n, sizeof n);
    }
    for (int column = 1; column <= 2; column++) {
        put_column(&s.sent, &joined, column);
        for (int i = 0; i < ROWS; i++) {
            char text[300];
            memset(text, 'a' + column, sizeof text);
            buf_put_string(&s.sent, (struct str){ text, (size_t)(i * column % 299) });
        }
    }
    for (int i = 0; i < ROWS; i++) {
        struct buf b;
        buf_init(&b, 0);
        buf_printf(&b, "%d|", i - ROWS / 2);
        for (int k = 0; k < i % 299; k++)
            buf_putc(&b, 'b');
        buf_putc(&b, '|');
        for (int k = 0; k < i * 2 % 299; k++)
            buf_putc(&b, 'c');
        expected[i] = buf_str(&b);
    }
    send_all(&s);
    expect_strings(&s, expected, ROWS);
    program_sent(&s);
    finish_well(&s);
    free_values(expected, ROWS);
}

static void a_fixed_last_argument(void **state)
{
    (void)state;
    enum { ROWS = 200000 };
    struct program s;
    start(&s, &doubled);
    s.cut = CUT_RANDOM;
    put_head(&s.sent, &doubled, ROWS, ROWS);
    put_column(&s.sent, &doubled, 0);
    for (int32_t i = 0; i < ROWS; i++) {
        int32_t n = i - ROWS / 2;
        buf_put(&s.sent, &n, sizeof n);
    }
    send_all(&s);
    for (int32_t row = 0; row < ROWS;) {
        size_t n = get_head(&s, "Int64");
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++, row++) {
            int64_t v;
            memcpy(&v, get_bytes(&s, sizeof v).p, sizeof v);
            assert_int_equal(v, (int64_t)(row - ROWS / 2) * 2);
        }
    }
    program_sent(&s);
    finish_well(&s);
}

static void nul_bytes_and_large_rows(void **state)
{
    (void)state;
    size_t large = (size_t)10 << 20;
    char *text = malloc(large);
    for (size_t i = 0; i < large; i++)
        text[i] = (char)(i * 7 % 251);
    const struct str values[] = { STR("a\0b"),  STR(""),         STR("\0"),     { text, large },
                                  STR("after"), { text, large }, { text, 127 }, { text, 128 } };
    struct program s;
    start(&s, &echo);
    exchange(&s, &echo, values, values, sizeof values / sizeof values[0]);
    exchange(&s, &echo, values, values, sizeof values / sizeof values[0]);
    finish_well(&s);
    free(text);
}

/* Beyond the limit a row gets its error value, its bytes are skipped, and its neighbours have their answers. */
static void rows_over_the_limit(void **state)
{
    (void)state;
    struct udf_limits limits = udf_limits_default;
    limits.row_bytes = 100000;
    limits.answer_bytes = 1 << 20;
    char *text = calloc(1, 5000000), said[4096];
    const struct str values[] = { STR("a"), { text, 100001 }, STR("b"), { text, 5000000 }, { text, 100000 }, { text, 100001 } };
    const struct str why = STR("error: a value of more than 100000 bytes");
    const struct str expected[] = { STR("a"), why, STR("b"), why, { text, 100000 }, why };
    struct program s;
    start_within(&s, &with_why, limits);
    s.cut = CUT_RANDOM;
    exchange(&s, &with_why, values, expected, 6);
    exchange(&s, &with_why, values, expected, 6);
    assert_int_equal(finish(&s, said, sizeof said), 0);
    assert_non_null(strstr(said, "why: row 2 of 6 gets its error value: a value of more than 100000 bytes"));
    assert_non_null(strstr(said, "3 of 6 rows"));
    free(text);
}

static void answers_over_the_limit(void **state)
{
    (void)state;
    struct udf_limits limits = udf_limits_default;
    limits.row_bytes = 100000;
    limits.answer_bytes = 1 << 20;
    enum { ROWS = 40 };
    char *text = malloc(100000);
    memset(text, 'x', 100000);
    memcpy(text, "!large", 6);
    struct str values[ROWS], expected[ROWS];
    /* All together are over the limit, each alone is not; but the last one is. */
    for (int i = 0; i < ROWS; i++)
        values[i] = expected[i] = (struct str){ text + 6, 99000 };
    values[ROWS - 1] = (struct str){ text, 99000 };
    expected[ROWS - 1] = STR("");
    struct program s;
    limits.part_bytes = 4 << 20;
    start_within(&s, &echo, limits);
    exchange(&s, &echo, values, expected, ROWS);
    finish_well(&s);
    free(text);
}

/* Ends. */

static void ends_in_mid_chunk(void **state)
{
    (void)state;
    char said[4096];
    struct str *values = make_values(100);
    struct program whole;
    start(&whole, &echo);
    put_strings(&whole, &echo, values, 100);
    size_t n = whole.sent.n;
    char *bytes = malloc(n);
    memcpy(bytes, whole.sent.p, n);
    buf_clear(&whole.sent);
    finish_well(&whole);
    for (size_t cut = 1; cut < n; cut += cut < 20 ? 1 : 97) {
        struct program s;
        start(&s, &echo);
        buf_put(&s.sent, bytes, cut);
        send_all(&s);
        program_sent(&s);
        assert_int_equal(finish(&s, said, sizeof said), 1);
        assert_non_null(strstr(said, "the input ended"));
    }
    free(bytes);
    free_values(values, 100);
}

static void damaged_input(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } cases[] = {
#define CASE(bytes, says) { bytes, sizeof(bytes) - 1, says }
        CASE("x", "row count: expected up to 12 digits and a newline, got byte 0x78"),
        CASE("\n", "row count"),
        CASE("-1\n", "row count"),
        CASE("1 \n", "row count"),
        CASE("1234567890123\n", "row count"),
        CASE("\1\1\1s\6String\1a", "send_chunk_header"),
        CASE("1\n\2\1\1s\6String\1a", "expected 1 columns, got 2"),
        CASE("1\n\1\2\1s\6String\1a\1b", "expected 1 to 1 rows, got 2"),
        CASE("2\n\1\0\1s\6String", "expected 1 to 2 rows, got 0"),
        CASE("1\n\1\1\1s\5Int32\1\0\0\0", "argument 1 (s): expected type String, got Int32"),
        CASE("1\n\1\1\1s\20Nullable(String)\0\1a", "got Nullable(String)"),
        CASE("1\n\1\1\377\377\377\377\377\377\377\377\377\2", "a column's name: expected a number of at most 64 bits"),
        CASE("1\n\1\1\1s\377\377\377\377\7", "a column's type: expected at most 65536 bytes"),
        CASE("1\n\377\377\377\377\377\377\377\377\377\377\377", "LEB128"),
        CASE("1\n\1\1\1s\6String\377\377\377\377\377\377\377\377\377\377\1", "row 0: expected a length of at most 64 bits"),
        CASE("1\n\1\1\1s\6String\377\377\377\377\377\377\377\377\377\1a", "the input ended in mid-chunk"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char said[4096];
        struct program s;
        start(&s, &echo);
        buf_put(&s.sent, cases[i].bytes, cases[i].n);
        send_all(&s);
        program_sent(&s);
        int status = finish(&s, said, sizeof said);
        if (status != 1 || strstr(said, cases[i].says) == NULL)
            fail_msg("case %zu: exit status %d, said %s", i, status, said);
    }
}

/* A chunk of another type than was declared, larger than the pipe: all of it is taken before the process ends, so that the server
 * reads the reason instead of meeting a broken pipe. */
static void a_refused_chunk_is_taken_whole(void **state)
{
    (void)state;
    struct str *values = make_values(500000);
    struct program s;
    char said[4096];
    struct udf wrong = echo;
    wrong.args[0].type = "Int64";
    start(&s, &wrong);
    put_strings(&s, &echo, values, 500000);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    size_t n = s.sent.n;
    send_all(&s);
    program_sent(&s);
    signal(SIGPIPE, before);
    assert_int_equal(s.written, n);
    assert_int_equal(finish(&s, said, sizeof said), 1);
    assert_non_null(strstr(said, "expected type Int64, got String"));
    free_values(values, 500000);
}

static void the_server_goes_away(void **state)
{
    (void)state;
    struct str *values = make_values(65409);
    struct program s;
    char said[4096];
    int status;
    start(&s, &echo);
    close(s.from); /* answers can't be written */
    s.from = open("/dev/null", O_RDONLY);
    put_strings(&s, &echo, values, 65409);
    signal(SIGPIPE, SIG_IGN);
    send_all(&s);
    program_sent(&s);
    status = finish(&s, said, sizeof said);
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "writing the answer"));
    free_values(values, 65409);
}

static void a_function_that_cannot_open(void **state)
{
    (void)state;
    struct program s;
    char said[4096];
    start(&s, &unopened);
    assert_int_equal(finish(&s, said, sizeof said), 1);
    assert_non_null(strstr(said, "the contract is missing"));
}

/* The process that computes must not outlive the one that the server knows. */
static void worker_ends_with_its_parent(void **state)
{
    (void)state;
    struct program s;
    struct str value = STR("!wait");
    char said[4096];
    start(&s, &echo);
    exchange(&s, &echo, &(struct str){ "a", 1 }, &(struct str){ "a", 1 }, 1);
    put_strings(&s, &echo, &value, 1);
    send_all(&s);
    program_sent(&s);
    kill(s.pid, SIGKILL);
    waitpid(s.pid, NULL, 0);
    s.pid = 0;
    /* It holds stderr: the pipe only ends when the worker has ended too. */
    struct pollfd p = { .fd = s.said, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(read(s.said, said, sizeof said), 0);
    program_fini(&s);
}

static void both_ways_of_reading_ahead(void **state)
{
    (void)state;
    struct str *values = make_values(65409);
    struct udf_limits limits = udf_limits_default;
    limits.overlap = !limits.overlap;
    struct program s;
    start_within(&s, &echo, limits);
    exchange(&s, &echo, values, values, 65409);
    finish_well(&s);
    limits.part_rows = 1;
    start_within(&s, &echo, limits);
    exchange(&s, &echo, values, values, 3000);
    finish_well(&s);
    free_values(values, 65409);
}

static void prints_xml(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_int_equal(udf_print_xml(&joined, "bin/odw-udf", f), 0);
    fclose(f);
    assert_non_null(strstr(text, "<command>bin/odw-udf joined</command>"));
    const char *first = strstr(text, "<name>n</name>"), *last = strstr(text, "<name>text</name>");
    assert_true(first != NULL && last != NULL && first < last);
    assert_non_null(strstr(text, "<send_chunk_header>1</send_chunk_header>"));
    assert_non_null(strstr(text, "<format>Native</format>"));
    free(text);
    f = open_memstream(&text, &n);
    assert_int_equal(udf_print_xml(&echo, "odw-udf", f), 0);
    fclose(f);
    assert_non_null(strstr(text, "<!-- a < b -->"));
    free(text);
    f = open_memstream(&text, &n);
    assert_int_equal(udf_print_xml(&blocks, "odw-udf", f), 0);
    fclose(f);
    assert_non_null(strstr(text, "<pool_size>4</pool_size>"));
    assert_non_null(strstr(text, "<command_read_timeout>660000</command_read_timeout>"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_all_sizes),
        cmocka_unit_test(splits_of_all_kinds),
        cmocka_unit_test(chunks_sent_ahead),
        cmocka_unit_test(a_chunk_in_several_blocks),
        cmocka_unit_test(several_arguments),
        cmocka_unit_test(a_fixed_last_argument),
        cmocka_unit_test(nul_bytes_and_large_rows),
        cmocka_unit_test(rows_over_the_limit),
        cmocka_unit_test(answers_over_the_limit),
        cmocka_unit_test(ends_in_mid_chunk),
        cmocka_unit_test(damaged_input),
        cmocka_unit_test(a_refused_chunk_is_taken_whole),
        cmocka_unit_test(the_server_goes_away),
        cmocka_unit_test(a_function_that_cannot_open),
        cmocka_unit_test(worker_ends_with_its_parent),
        cmocka_unit_test(both_ways_of_reading_ahead),
        cmocka_unit_test(blocks_of_rows),
        cmocka_unit_test(prints_xml),
    };
    log_setup("udf", LOG_LEVEL_INFO, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
