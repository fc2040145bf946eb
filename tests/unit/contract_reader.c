/* tests/unit/contract_reader: large and hostile messages, rows of columns beside each other, readers in threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "contract/contract.h"
#include "pii/policy.h"

#define APPENDED INT64_C(1795176000000)

static const char schema[] = "{ \"type\": \"object\", \"properties\": {"
                             "\"s\": { \"type\": \"string\" }, \"n\": { \"type\": \"integer\" }, \"any\": {},"
                             "\"l\": { \"type\": \"array\", \"items\": { \"type\": \"string\" } },"
                             "\"o\": { \"type\": \"object\", \"properties\": { \"x\": { \"type\": \"number\" },"
                             "\"rows\": { \"type\": \"array\", \"items\": { \"type\": \"object\", \"properties\": { \"y\": { "
                             "\"type\": \"boolean\" } } } } } } } }";

struct fixture {
    struct contract *contract;
    struct reader *reader;
    struct col record;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct err err = ERR_INIT;
    f.contract = contract_compile("test", str_of(schema), "t", &err);
    f.reader = f.contract != NULL ? reader_new(f.contract, &err) : NULL;
    *state = &f;
    return f.reader != NULL && col_init(&f.record, "record", contract_type(f.contract), 0, &err) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    col_fini(&f->record);
    reader_free(f->reader);
    contract_free(f->contract);
    return 0;
}

static struct str violation(const struct fixture *f, size_t i)
{
    const struct str *all;
    size_t n = reader_violations(f->reader, &all);
    assert_true(i < n);
    return all[i];
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads what was put into b, which must not take long however it was made: 16 MB in 20 s is 1 MB/s, a thousandth of the usual. */
static enum verdict read_large(struct fixture *f, struct buf *b)
{
    assert_false(b->failed);
    double start = seconds();
    enum verdict verdict = reader_read(f->reader, buf_str(b), APPENDED, &f->record);
    assert_true(seconds() - start < 20);
    assert_int_equal(reader_read(f->reader, buf_str(b), APPENDED, NULL), verdict);
    assert_false(reader_failed(f->reader));
    assert_false(col_failed(&f->record));
    col_clear(&f->record, 0);
    return verdict;
}

static void put_times(struct buf *b, const char *text, size_t times)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < times; i++)
        buf_put(b, text, n);
}

static void sixteen_megabytes(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 0);

    buf_puts(&b, "{\"s\":\"");
    put_times(&b, "0123456789abcdef", 1 << 20);
    buf_puts(&b, "\"}");
    assert_int_equal(read_large(f, &b), VERDICT_OK);

    buf_clear(&b);
    buf_puts(&b, "{\"s\":\"");
    put_times(&b, "\\u0041\\n\xC3\xA9 \xF0\x9F\x98\x80", 1 << 20);
    buf_puts(&b, "\"}");
    assert_int_equal(read_large(f, &b), VERDICT_OK);

    buf_clear(&b);
    buf_puts(&b, "{\"l\":[\"\"");
    put_times(&b, ",\"\"", 5 << 20);
    buf_puts(&b, "]}");
    assert_int_equal(read_large(f, &b), VERDICT_OK);

    /* A violation for each of five million items: counted, not kept. */
    buf_clear(&b);
    buf_puts(&b, "{\"l\":[0");
    put_times(&b, ",0", 5 << 20);
    buf_puts(&b, "]}");
    assert_int_equal(read_large(f, &b), VERDICT_CONTRACT);
    assert_true(str_eq(violation(f, 32), STR("and 5242849 more")));

    /* A number of 16 million digits, as an integer, as text, and with an exponent that undoes them. */
    buf_clear(&b);
    buf_puts(&b, "{\"n\":1");
    put_times(&b, "0000000000000000", 1 << 20);
    buf_puts(&b, "e-16777216,\"any\":1");
    put_times(&b, "1234567890123456", 1 << 20);
    buf_puts(&b, ",\"o\":{\"x\":0.");
    put_times(&b, "1234567890123456", 1 << 20);
    buf_puts(&b, "}}");
    assert_int_equal(read_large(f, &b), VERDICT_OK);
    buf_fini(&b);
}

static void a_million_keys(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    for (int where = 0; where < 3; where++) {
        static const char *const heads[] = { "{\"any\":{", "{", "{\"any\":[{\"x\":{" };
        static const char *const tails[] = { "}}", "}", "}}]}" };
        buf_init(&b, 0);
        buf_puts(&b, heads[where]);
        for (int i = 0; i < 1000000; i++)
            buf_printf(&b, "\"key%d\":{\"key%d\":1},", i, i);
        buf_printf(&b, "\"last\":0%s", tails[where]);
        assert_int_equal(read_large(f, &b), VERDICT_OK);
        b.n -= strlen(tails[where]);
        buf_printf(&b, ",\"key\\u0031\":0%s", tails[where]);
        assert_int_equal(read_large(f, &b), VERDICT_CONTRACT);
        assert_true(str_ends(violation(f, 0), STR("/key1: given twice")));
        buf_fini(&b);
    }
}

static void depth_without_end(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    static const char *const heads[] = { "", "{\"any\":", "{\"x\":", "{\"l\":" };
    buf_init(&b, 0);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        buf_clear(&b);
        buf_puts(&b, heads[i]);
        put_times(&b, "[", 10 << 20);
        assert_int_equal(read_large(f, &b), VERDICT_PARSE);
        assert_true(str_ends(violation(f, 0), STR("expected at most 512 levels of nesting, got \"[\"")));
        buf_clear(&b);
        put_times(&b, "{\"any\":", 2 << 20);
        assert_int_equal(read_large(f, &b), VERDICT_PARSE);
    }
    buf_fini(&b);
}

/* Every byte of a message cut off or changed: never a crash, and always one row in each column. */
static void cut_and_changed(void **state)
{
    struct fixture *f = *state;
    static const char message[] = "{\"s\":\"a\\u00e9\\ud83d\\ude00\xC3\xA9\",\"n\":-12.0e1,\"l\":[\"x\",\"\"],\"o\":{\"x\":1.5,"
                                  "\"rows\":[{\"y\":true},{}]},\"any\":{\"k\":[null]}}";
    size_t n = sizeof message - 1, rows = 0;
    assert_int_equal(reader_read(f->reader, (struct str){ message, n }, APPENDED, &f->record), VERDICT_OK);
    rows++;
    for (size_t i = 0; i < n; i++) {
        /* On the heap and of that size exactly, so that a sanitizer sees a byte too many. */
        char *cut = malloc(n);
        assert_non_null(cut);
        memcpy(cut, message, i);
        char *exact = malloc(i > 0 ? i : 1);
        assert_non_null(exact);
        memcpy(exact, message, i);
        assert_int_equal(reader_read(f->reader, (struct str){ exact, i }, APPENDED, &f->record), VERDICT_PARSE);
        rows++;
        free(exact);
        for (int c = 0; c < 256; c++) {
            memcpy(cut, message, n);
            cut[i] = (char)c;
            reader_read(f->reader, (struct str){ cut, n }, APPENDED, &f->record);
            rows++;
        }
        free(cut);
    }
    assert_int_equal(f->record.rows, rows);
    for (size_t i = 0; i < f->record.n_kids; i++)
        assert_int_equal(f->record.kids[i].rows, rows);
    struct buf block;
    buf_init(&block, 0);
    assert_int_equal(col_write_block(&f->record, &block), 0); /* refuses columns of unequal length */
    buf_fini(&block);
    col_clear(&f->record, 0);
}

/* A column that is full: it says so, and the reader goes on. */
static void full_columns(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    struct col small;
    assert_int_equal(col_init(&small, "record", contract_type(f->contract), 100, &err), 0);
    for (int i = 0; i < 50; i++)
        reader_read(f->reader, STR("{\"s\":\"0123456789\",\"n\":1}"), APPENDED, &small);
    assert_true(col_failed(&small));
    col_clear(&small, 0);
    assert_false(col_failed(&small));
    assert_int_equal(reader_read(f->reader, STR("{\"s\":\"0123456789\",\"n\":1}"), APPENDED, &small), VERDICT_OK);
    assert_false(col_failed(&small));
    col_fini(&small);
}

static void *read_many(void *arg)
{
    const struct contract *c = arg;
    struct err err = ERR_INIT;
    struct reader *r = reader_new(c, &err);
    intptr_t wrong = r == NULL;
    for (int i = 0; i < 20000 && !wrong; i++) {
        /* Each thread's orders differ: what a reader learns is its own. */
        wrong |= reader_read(r, i % 3 ? STR("{\"s\":\"x\",\"n\":1.0e1}") : STR("{\"n\":5,\"s\":\"x\",\"o\":{\"x\":1e22}}"), i,
                             NULL) != VERDICT_OK;
        wrong |= reader_read(r, STR("{\"s\":5}"), i, NULL) != VERDICT_CONTRACT;
    }
    reader_free(r);
    return (void *)wrong;
}

static void threads_share_a_contract(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, f->contract), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

/* Policies and keys that a contract names: one that is missing is an error that names it; without any nothing is seen. */
static void policies_are_looked_up(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct col record;
    struct contract *c = contract_compile("people",
                                          STR("{\"type\":\"object\",\"properties\":{"
                                              "\"a\":{\"type\":\"string\",\"x-pii\":\"tokenise\"},"
                                              "\"b\":{\"type\":\"string\",\"x-pii\":{\"redact\":\"default\"}},"
                                              "\"c\":{\"type\":\"object\",\"x-pii\":{\"redact\":\"default\"}},"
                                              "\"d\":{\"type\":\"string\",\"x-pii\":{\"address\":\"default\"}}}}"),
                                          "t", &err);
    assert_non_null(c);
    struct reader *r = reader_new(c, &err);
    struct pii_policies *policies = pii_policies_load("udfs/pii_redact_with/share/policies", &err);
    assert_non_null(policies);
    assert_int_equal(reader_use_policies(r, policies, &err), -1);
    assert_non_null(strstr(err.text,
                           "contract people: x-pii: expected the id of a key in udfs/pii_redact_with/share/policies/keys, got "
                           "\"default\""));
    reader_free(r);
    r = reader_new(c, &err);
    err = ERR_INIT;
    assert_int_equal(col_init(&record, "record", contract_type(c), 0, &err), 0);
    static const char message[] = "{\"a\":\"ada@example.com\",\"b\":\"Ada\",\"c\":{\"n\":\"Ada\"},\"d\":\"192.0.2.1\"}";
    assert_int_equal(reader_read(r, str_of(message), 0, &record), VERDICT_OK);
    struct buf body;
    buf_init(&body, 0);
    assert_int_equal(col_write_body(&record, &body), 0);
    for (const char *seen = "Aa1"; *seen != '\0'; seen++)
        assert_null(memchr(body.p, *seen, body.n));
    buf_fini(&body);
    col_fini(&record);
    reader_free(r);
    contract_free(c);
    pii_policies_free(policies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_megabytes),      cmocka_unit_test(a_million_keys), cmocka_unit_test(depth_without_end),
        cmocka_unit_test(cut_and_changed),        cmocka_unit_test(full_columns),   cmocka_unit_test(threads_share_a_contract),
        cmocka_unit_test(policies_are_looked_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
