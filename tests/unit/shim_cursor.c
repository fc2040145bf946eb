/* tests/unit/shim_cursor: a cursor comes back as it went out, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shim/cursor.h"

static struct cursor_secret secret = { "0123456789abcdef0123456789abcde" };
static unsigned char mine[CURSOR_CONTEXT] = "events, p=1", other[CURSOR_CONTEXT] = "events, p=2";

static void round_trips(void **state)
{
    (void)state;
    static const struct str values[3] = { { "2026-11-20T10:00:00.123Z", 24 }, { "", 0 }, { "a\0\xff\n", 4 } };
    struct arena a;
    struct buf out;
    struct str got[3];
    arena_init(&a, 0);
    for (size_t n = 0; n <= 3; n++) {
        buf_init(&out, 0);
        assert_int_equal(cursor_put(&secret, mine, values, n, &out), 0);
        for (size_t i = 0; i < out.n; i++) /* fit for a URL as it is */
            assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", out.p[i]));
        assert_int_equal(cursor_get(&secret, mine, buf_str(&out), &a, got, n), CURSOR_OK);
        for (size_t i = 0; i < n; i++)
            assert_true(str_eq(got[i], values[i]));
        assert_int_equal(cursor_get(&secret, other, buf_str(&out), &a, got, n), CURSOR_FOREIGN);
        assert_int_equal(cursor_get(&secret, mine, buf_str(&out), &a, got, n + 1), CURSOR_FOREIGN);
        buf_fini(&out);
    }
    arena_fini(&a);
}

static void any_change_is_seen(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n%";
    static const struct str values[2] = { { "2026-11-20T10:00:00.123Z", 24 }, { "id", 2 } };
    struct arena a;
    struct buf out;
    struct str got[2];
    arena_init(&a, 0);
    buf_init(&out, 0);
    assert_int_equal(cursor_put(&secret, mine, values, 2, &out), 0);
    for (size_t i = 0; i < out.n; i++) {
        char was = out.p[i];
        for (const char *c = alphabet; *c != '\0'; c++) {
            if (*c == was)
                continue;
            out.p[i] = *c;
            assert_int_equal(cursor_get(&secret, mine, buf_str(&out), &a, got, 2), CURSOR_DAMAGED);
        }
        out.p[i] = was;
        assert_int_equal(cursor_get(&secret, mine, (struct str){ out.p, i }, &a, got, 2), CURSOR_DAMAGED);
        arena_reset(&a);
    }
    struct cursor_secret theirs = { "another key, of another machine" };
    assert_int_equal(cursor_get(&theirs, mine, buf_str(&out), &a, got, 2), CURSOR_DAMAGED);
    assert_int_equal(cursor_get(&secret, mine, buf_str(&out), &a, got, 2), CURSOR_OK);
    buf_putc(&out, 'A');
    assert_int_equal(cursor_get(&secret, mine, buf_str(&out), &a, got, 2), CURSOR_DAMAGED);
    buf_fini(&out);
    arena_fini(&a);
}

static void contexts_differ(void **state)
{
    (void)state;
    const struct str one[] = { { "ab", 2 }, { "c", 1 } }, two[] = { { "a", 1 }, { "bc", 2 } };
    unsigned char x[CURSOR_CONTEXT], y[CURSOR_CONTEXT];
    cursor_context(one, 2, x);
    cursor_context(two, 2, y);
    assert_memory_not_equal(x, y, CURSOR_CONTEXT);
    cursor_context(one, 2, y);
    assert_memory_equal(x, y, CURSOR_CONTEXT);
}

static void a_key_is_made_once(void **state)
{
    (void)state;
    char folder[] = P_tmpdir "/odw-cursor-XXXXXX", path[128];
    struct cursor_secret first, second;
    struct err err = ERR_INIT;
    struct stat st;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/cursor.key", folder);
    assert_int_equal(cursor_secret_load(path, 0, &first, &err), -1);
    assert_non_null(strstr(err.text, "cursor.key"));
    err = ERR_INIT;
    assert_int_equal(cursor_secret_load(path, 1, &first, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(cursor_secret_load(path, 1, &second, &err), 0);
    assert_memory_equal(&first, &second, sizeof first);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs("short", f);
    fclose(f);
    assert_int_equal(cursor_secret_load(path, 1, &second, &err), -1);
    assert_non_null(strstr(err.text, "at least 16 bytes, found 5"));
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(any_change_is_seen),
        cmocka_unit_test(contexts_differ),
        cmocka_unit_test(a_key_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
