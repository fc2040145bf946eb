/* tests/unit/memory: each allocation fails in turn: an error every time, never a crash, and in the end it works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/settings.h"
#include "clickhouse/clickhouse.h"
#include "declaration/plan.h"

static const struct opt_usage usage = { .program = "odw test", .about = "", .shared = settings_shared };

static int load_plan(struct err *err)
{
    struct plan *p = plan_load("tests/golden/check/base", "odw", err);
    plan_free(p);
    return p != NULL ? 0 : -1;
}

static int parse_options(struct err *err)
{
    char *argv[] = { "odw test", "--database", "d", "--state-dir", "tests/no/such/folder", NULL };
    struct opts *o = NULL;
    if (opts_parse(&usage, 5, argv, &o, err) != OPT_OK)
        return -1;
    opts_free(o);
    return 0;
}

static struct opts *options;

static int connect_clickhouse(struct err *err)
{
    struct clickhouse *c = clickhouse_new(options, err);
    clickhouse_free(c);
    return c != NULL ? 0 : -1;
}

#if defined __has_feature /* clang's word for gcc's __SANITIZE_ADDRESS__ */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined __SANITIZE_ADDRESS__
static void need_allocator(void)
{
    print_message("skipped: AddressSanitizer has the allocator\n");
    skip();
}

static void in_turn(const char *what, int (*try)(struct err *))
{
    (void)what;
    (void)try;
}
#else
static void need_allocator(void)
{
}

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static long until_failure; /* 0: none fails */

static bool fails(void)
{
    return until_failure > 0 && --until_failure == 0;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

static void in_turn(const char *what, int (*try)(struct err *))
{
    for (long n = 1; n < 100000; n++) {
        struct err err = ERR_INIT;
        until_failure = n;
        int failed = try(&err);
        bool all = until_failure > 0;
        until_failure = 0;
        if (failed == 0 && all) {
            print_message("%s: %ld allocations\n", what, n - 1);
            assert_true(n > 2);
            return;
        }
        /* A failure that something could do without is fine (a libc that buffers less); an error that says nothing isn't. */
        if (failed != 0 && err.class == ERR_NONE)
            fail_msg("%s: allocation %ld failed, and no error was set", what, n);
    }
    fail_msg("%s: never worked", what);
}
#endif

static void plan(void **state)
{
    (void)state;
    need_allocator();
    in_turn("plan_load", load_plan);
}

static void opts(void **state)
{
    (void)state;
    need_allocator();
    in_turn("opts_parse", parse_options);
}

static void clickhouse(void **state)
{
    char *argv[] = { "odw test", NULL };
    struct err err = ERR_INIT;
    (void)state;
    need_allocator();
    assert_int_equal(opts_parse(&usage, 1, argv, &options, &err), OPT_OK);
    struct clickhouse *first = clickhouse_new(options, &err); /* libcurl starts once, and stays */
    assert_non_null(first);
    in_turn("clickhouse_new", connect_clickhouse);
    clickhouse_free(first);
    opts_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(plan), cmocka_unit_test(opts), cmocka_unit_test(clickhouse) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
