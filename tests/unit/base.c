/* tests/unit/base: errors, buffers, arenas, strings, UTF-8. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

static void keeps_the_first_error(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(err_at(&e, "nowhere"), -1);
    assert_string_equal(e.text, "");
    assert_int_equal(err_set(&e, ERR_DROP, "got %d", 7), -1);
    err_set(&e, ERR_STOP, "later");
    err_at(&e, "line %d", 3);
    assert_int_equal(e.class, ERR_DROP);
    assert_string_equal(e.text, "line 3: got 7");
    err_set(NULL, ERR_STOP, "nobody listens");
    e = ERR_INIT;
    errno = ENOENT;
    err_errno(&e, ERR_STOP, "a file");
    assert_string_equal(e.text, "a file: No such file or directory");
    /* However long: cut, never past the end. */
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    e = ERR_INIT;
    err_set(&e, ERR_STOP, "%s", text);
    err_at(&e, "%s", text);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void refuses_to_grow_over_the_maximum(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_putc(&b, 'x'), 0);
    assert_int_equal(buf_putc(&b, 'x'), -1);
    assert_true(b.failed);
    assert_int_equal(b.n, 100);
    assert_int_equal(buf_put(&b, "", 0), -1);
    buf_clear(&b);
    assert_false(b.failed);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), -1);
    buf_clear(&b);
    assert_int_equal(buf_printf(&b, "%s-%d", "a", 5), 0);
    assert_string_equal(buf_text(&b), "a-5");
    buf_fini(&b);
    assert_null(b.p);
}

static void writes_lengths_and_json(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    buf_put_varint(&b, 0);
    buf_put_varint(&b, 127);
    buf_put_varint(&b, 128);
    buf_put_varint(&b, UINT64_MAX);
    assert_int_equal(b.n, 1 + 1 + 2 + 10);
    assert_memory_equal(b.p, "\0\x7f\x80\x01\xff", 5);
    buf_clear(&b);
    assert_int_equal(buf_put_json(&b, STR("a\"\\\n\t\r\x01\x7f\xc3\xa9\xff\0")), 0);
    assert_string_equal(buf_text(&b), "\"a\\\"\\\\\\n\\t\\r\\u0001\x7f\xc3\xa9\xef\xbf\xbd\\u0000\"");
    buf_fini(&b);
}

static void hands_out_aligned_zeroes(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a, 100000);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n++) {
            char *p = arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xAA, n);
        }
        arena_reset(&a);
    }
    assert_string_equal(arena_copy(&a, STR("copy")), "copy");
    assert_string_equal(arena_printf(&a, "%d %s", 1, "two"), "1 two");
    assert_null(arena_alloc(&a, 100001));
    assert_null(arena_alloc(&a, SIZE_MAX));
    arena_fini(&a);
}

static void cuts_strings(void **state)
{
    struct str rest = STR("a,,b");
    (void)state;
    assert_true(str_eq(str_cut(&rest, ','), STR("a")));
    assert_true(str_eq(str_cut(&rest, ','), STR("")));
    assert_true(str_eq(str_cut(&rest, ','), STR("b")));
    assert_int_equal(rest.n, 0);
    assert_true(str_eq(str_cut(&rest, ','), STR("")));
    assert_true(str_eq(str_trim(STR(" \t x y\r\n")), STR("x y")));
    assert_true(str_eq(str_trim(STR(" \n")), STR("")));
    assert_true(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")) && str_starts(STR(""), STR("")));
    assert_true(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
}

/* Every code point there and back; every two bytes that are no beginning of one are refused. */
static void knows_utf8(void **state)
{
    (void)state;
    for (unsigned long c = 0; c <= 0x10FFFF; c++) {
        char p[4];
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        size_t n = utf8_encode(p, c);
        if (utf8_length(p, n) != n || utf8_length(p, n - 1) != 0)
            fail_msg("U+%04lX", c);
    }
    static const char *const wrong[] = {
        "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "\xc3("
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(utf8_length(wrong[i], strlen(wrong[i])), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_first_error),
        cmocka_unit_test(refuses_to_grow_over_the_maximum),
        cmocka_unit_test(writes_lengths_and_json),
        cmocka_unit_test(hands_out_aligned_zeroes),
        cmocka_unit_test(cuts_strings),
        cmocka_unit_test(knows_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
