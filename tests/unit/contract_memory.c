/* tests/unit/contract_memory: each allocation fails in turn, while a contract is loaded and while messages are read: no crash, no
 * leak, and no verdict on data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "contract/contract.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOOKED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOOKED 0
#endif
#endif
#ifndef HOOKED
#define HOOKED 1
#endif

static long until_failure = -1; /* allocations that still succeed; -1: all do */
static bool for_good;           /* once one has failed, so do all after it */
static long live;               /* allocated and not freed */

#if HOOKED
/* glibc's own, under names that stay when a program brings a malloc. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static bool fails(void)
{
    if (until_failure > 0 && --until_failure == 0)
        return true;
    return until_failure == 0 && for_good;
}

void *malloc(size_t n)
{
    void *p = fails() ? NULL : __libc_malloc(n);
    live += p != NULL;
    return p;
}

void *calloc(size_t n, size_t size)
{
    void *p = fails() ? NULL : __libc_calloc(n, size);
    live += p != NULL;
    return p;
}

void *realloc(void *old, size_t n)
{
    void *p = fails() ? NULL : __libc_realloc(old, n);
    live += p != NULL && old == NULL;
    return p;
}

void free(void *p)
{
    live -= p != NULL;
    __libc_free(p);
}
#endif

static const char schema[] =
    "{ \"title\": \"t\", \"description\": \"d\", \"type\": \"object\", \"x-text\": \"s\", \"required\": [\"t\"], \"properties\": {"
    "\"s\": { \"type\": \"string\", \"pattern\": \"a+$\", \"x-pii\": \"redact\", \"x-aliases\": [\"z\", \"w\"] },"
    "\"t\": { \"type\": \"string\", \"format\": \"date-time\", \"x-default\": \"appended\", \"x-window\": { \"ahead\": \"1h\" } },"
    "\"e\": { \"enum\": [\"x\", \"y\"] }, \"n\": { \"enum\": [1, 2.5] }, \"j\": { \"type\": \"object\", \"x-pii\": \"redact\" },"
    "\"o\": { \"$ref\": \"#/$defs/o\" }, \"r\": { \"$ref\": \"#/$defs/r\" } },"
    "\"$defs\": { \"o\": { \"type\": \"object\", \"properties\": { \"x\": { \"type\": \"integer\", \"minimum\": 1 } } },"
    "\"r\": { \"type\": \"object\", \"additionalProperties\": { \"$ref\": \"#/$defs/r\" } } } }";

#define TEXT(literal)                                                                                                              \
    {                                                                                                                              \
        literal, sizeof(literal) - 1                                                                                               \
    }

/* All must read as they do with memory enough, or not at all. */
static const struct {
    struct str text;
    enum verdict verdict;
    size_t n_violations;
} messages[] = {
    { TEXT("{\"s\":\"\\u0061\",\"j\":{\"\\u0061\":\"a@b.example\",\"k\":1},\"o\":{\"x\":5},\"r\":{\"\\u0062\":{\"c\":{}}}}"),
      VERDICT_OK, 0 },
    { TEXT("{\"s\":\"b\",\"t\":\"x\",\"e\":\"z\",\"n\":3,\"o\":{\"x\":0},\"r\":{\"a\":5},\"j\":{\"k\":1,\"k\":2}}"),
      VERDICT_CONTRACT, 7 },
    { TEXT("text a"), VERDICT_OK, 0 },
    { TEXT("{\"\xFF\""), VERDICT_PARSE, 1 },
};

static char many_keys[4096];

static void fill_many_keys(void)
{
    int n = snprintf(many_keys, sizeof many_keys, "{\"s\":\"a\",\"j\":{");
    for (int i = 0; i < 300; i++)
        n += snprintf(many_keys + n, sizeof many_keys - (size_t)n, "\"%d\":0,", i);
    snprintf(many_keys + n, sizeof many_keys - (size_t)n, "\"last\":\"%0200d a@b.example\"}}", 0);
}

/* True: everything went well, so no allocation was left to fail. */
static bool read_all(const struct contract *c)
{
    struct err err = ERR_INIT;
    struct col record;
    bool well = true;
    struct reader *r = reader_new(c, &err);
    if (r == NULL) {
        assert_int_equal(err.class, ERR_RETRY);
        return false;
    }
    if (col_init(&record, "record", contract_type(c), 0, &err) < 0) {
        reader_free(r);
        return false;
    }
    for (size_t i = 0; i < sizeof messages / sizeof *messages + 1; i++) {
        bool last = i == sizeof messages / sizeof *messages;
        enum verdict verdict = reader_read(r, last ? str_of(many_keys) : messages[i].text, 0, &record);
        if (reader_failed(r)) {
            assert_true(col_failed(&record));
            well = false;
        } else {
            const struct str *why;
            size_t n = reader_violations(r, &why);
            assert_int_equal(verdict, last ? VERDICT_OK : messages[i].verdict);
            assert_int_equal(n, last ? 0 : messages[i].n_violations);
            for (size_t k = 0; k < n; k++)
                assert_true(why[k].n > 10 && why[k].n < 200 && memmem(why[k].p, why[k].n, ": ", 2) != NULL);
        }
        well = well && !col_failed(&record);
    }
    col_fini(&record);
    reader_free(r);
    return well;
}

static void fail_loading(bool for_all)
{
    if (!HOOKED)
        skip();
    for_good = for_all;
    long before = live, failed = 0;
    for (long i = 1;; i++) {
        struct err err = ERR_INIT;
        until_failure = i;
        struct contract *c = contract_compile("test", str_of(schema), "t", &err);
        bool done = until_failure > 0;
        until_failure = -1;
        if (c != NULL) {
            /* With one left to fail, only what isn't needed (code for patterns) can have done without. */
            assert_non_null(contract_json(c));
            assert_non_null(contract_field(c, 0)->type);
            contract_free(c);
            assert_int_equal(live, before);
            if (done)
                break;
            continue;
        }
        /* Which class it is lies with jansson, which may take the lack of memory for a mistake in the text. */
        assert_int_not_equal(err.class, ERR_NONE);
        if (live != before)
            fail_msg("allocation %ld: %ld blocks leak", i, live - before);
        failed++;
    }
    printf("%ld allocations\n", failed);
    assert_true(failed > 50);
}

static void fail_reading(bool for_all)
{
    if (!HOOKED)
        skip();
    for_good = for_all;
    struct err err = ERR_INIT;
    struct contract *c = contract_compile("test", str_of(schema), "t", &err);
    assert_non_null(c);
    fill_many_keys();
    long before = live, failed = 0;
    for (long i = 1;; i++, failed++) {
        until_failure = i;
        bool well = read_all(c), done = until_failure > 0;
        until_failure = -1;
        if (live != before)
            fail_msg("allocation %ld: %ld blocks leak", i, live - before);
        if (done) {
            assert_true(well);
            break;
        }
    }
    contract_free(c);
    printf("%ld allocations\n", failed);
    assert_true(failed > 30);
}

static void one_while_loading(void **state)
{
    (void)state;
    fail_loading(false);
}

static void all_from_one_while_loading(void **state)
{
    (void)state;
    fail_loading(true);
}

static void one_while_reading(void **state)
{
    (void)state;
    fail_reading(false);
}

static void all_from_one_while_reading(void **state)
{
    (void)state;
    fail_reading(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_while_loading),
        cmocka_unit_test(all_from_one_while_loading),
        cmocka_unit_test(one_while_reading),
        cmocka_unit_test(all_from_one_while_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
