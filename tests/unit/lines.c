/* tests/unit/lines: any bytes, line by line: ends of lines, chunks' borders, lines that are too long, files that can't be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/lines.h"

enum { CHUNK = 1 << 20 }; /* what lines.c reads at once */

static char path[] = "/tmp/odw-lines-XXXXXX";

static int setup(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static struct lines *opened(struct str text)
{
    struct err err = ERR_INIT;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
    struct lines *l = lines_open(path, &err);
    assert_non_null(l);
    return l;
}

static void next_is(struct lines *l, struct str wanted)
{
    struct err err = ERR_INIT;
    struct buf b;
    buf_init(&b, 0);
    if (lines_next(l, &b, &err) != 1)
        fail_msg("expected a line, got the end or %s", err.text);
    assert_int_equal(b.n, wanted.n);
    assert_memory_equal(b.p, wanted.p, wanted.n);
    buf_fini(&b);
}

static void ends(struct lines *l)
{
    struct err err = ERR_INIT;
    struct buf b;
    buf_init(&b, 0);
    assert_int_equal(lines_next(l, &b, &err), 0);
    assert_int_equal(lines_next(l, &b, &err), 0);
    assert_int_equal(b.n, 0);
    buf_fini(&b);
    lines_close(l);
}

static void ends_of_lines(void **state)
{
    (void)state;
    struct lines *l = opened(STR("one\r\n\n \t\r\ntwo\r\r\n\0\xff\nlast"));
    next_is(l, STR("one"));
    next_is(l, STR("two\r"));
    assert_int_equal(lines_number(l), 4);
    assert_int_equal(lines_blank(l), 2);
    next_is(l, STR("\0\xff"));
    next_is(l, STR("last"));
    assert_int_equal(lines_number(l), 6);
    ends(l);
    ends(opened(STR("")));
    ends(opened(STR("\n\n")));
    ends(opened(STR("  ")));
    l = opened(STR("\r\nx\n"));
    next_is(l, STR("x"));
    ends(l);
}

static void chunks_borders_are_no_ends(void **state)
{
    (void)state;
    for (int shift = -2; shift <= 2; shift++) {
        size_t n = (size_t)(CHUNK + shift);
        char *text = malloc(n + 6);
        assert_non_null(text);
        memset(text, 'a', n);
        memcpy(text + n, "\r\nbb\r\n", 6);
        struct lines *l = opened((struct str){ text, n + 6 });
        next_is(l, (struct str){ text, n });
        next_is(l, STR("bb"));
        ends(l);
        free(text);
    }
}

static void a_long_line_is_passed_over(void **state)
{
    (void)state;
    size_t n = 3 * CHUNK + 5;
    char *text = malloc(n + 20);
    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text, "first\n", 6);
    memcpy(text + n, "\nafter\n123456789\nlong", 21 - 1);
    struct lines *l = opened((struct str){ text, n + 20 });
    struct buf b;
    struct err err = ERR_INIT;
    buf_init(&b, 8);
    assert_int_equal(lines_next(l, &b, &err), 1);
    buf_clear(&b);
    assert_int_equal(lines_next(l, &b, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
    char wanted[64];
    snprintf(wanted, sizeof wanted, ":2: the line has %zu bytes", n - 6);
    assert_non_null(strstr(err.text, wanted));
    assert_false(b.failed);
    next_is(l, STR("after"));
    err = ERR_INIT;
    buf_clear(&b);
    assert_int_equal(lines_next(l, &b, &err), -1); /* nine bytes where eight fit */
    assert_int_equal(err.class, ERR_DROP);
    buf_clear(&b);
    assert_int_equal(lines_next(l, &b, &err), 1);
    assert_int_equal(lines_number(l), 5);
    buf_fini(&b);
    ends(l);
    free(text);
}

static void what_cannot_be_read_is_said(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct buf b;
    assert_null(lines_open("no/such/file", &err));
    assert_string_equal(err.text, "no/such/file: No such file or directory");
    err = ERR_INIT;
    struct lines *l = lines_open("/", &err);
    assert_non_null(l);
    buf_init(&b, 0);
    assert_int_equal(lines_next(l, &b, &err), -1);
    assert_int_equal(err.class, ERR_STOP);
    assert_non_null(strstr(err.text, "Is a directory"));
    buf_fini(&b);
    lines_close(l);
}

/* A later process goes on behind the line that was read last, in the same file only. */
static void a_position_is_where_another_goes_on(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct buf position;
    buf_init(&position, 0);
    struct lines *l = opened(STR("one\r\n\ntwo\nthree"));
    assert_int_equal(lines_position(l, &position), 1);
    lines_close(l);
    l = opened(STR("one\r\n\ntwo\nthree"));
    assert_int_equal(lines_resume(l, buf_str(&position), &err), 0); /* before the first line: the beginning */
    next_is(l, STR("one"));
    next_is(l, STR("two"));
    buf_clear(&position);
    assert_int_equal(lines_position(l, &position), 1);
    lines_close(l);
    l = opened(STR("one\r\n\ntwo\nthree\nfour"));
    assert_int_equal(lines_resume(l, buf_str(&position), &err), 0);
    next_is(l, STR("three"));
    assert_int_equal(lines_number(l), 4);
    assert_int_equal(lines_blank(l), 1);
    next_is(l, STR("four"));
    ends(l);
    l = opened(STR("One\r\n\ntwo\nthree"));
    assert_int_equal(lines_resume(l, buf_str(&position), &err), -1);
    assert_non_null(strstr(err.text, "another file"));
    lines_close(l);
    err = ERR_INIT;
    l = opened(STR("one\r\n\n"));
    assert_int_equal(lines_resume(l, buf_str(&position), &err), -1);
    lines_close(l);
    buf_fini(&position);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_of_lines),
        cmocka_unit_test(chunks_borders_are_no_ends),
        cmocka_unit_test(a_long_line_is_passed_over),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(a_position_is_where_another_goes_on),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
