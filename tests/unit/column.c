/* tests/unit: lib/native: types are read, rows put and taken back, blocks written byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "native/column.h"

static void open_column(struct col *c, const char *name, const char *type)
{
    struct err err = ERR_INIT;
    if (col_init(c, name, type, 0, &err) < 0)
        fail_msg("%s: %s", type, err.text);
}

static void expect_block(const struct col *c, const char *bytes, size_t n)
{
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(col_write_block(c, &out), 0);
    assert_int_equal(out.n, n);
    assert_memory_equal(out.p, bytes, n);
    buf_fini(&out);
}

#define EXPECT_BLOCK(c, literal) expect_block(c, literal, sizeof(literal) - 1)

static void reads_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum col_kind kind;
        int width;
        bool nullable;
        size_t kids;
    } cases[] = {
        { "String", COL_STRING, 0, false, 0 },
        { "Nullable(String)", COL_STRING, 0, true, 0 },
        { "LowCardinality(String)", COL_LOW, 0, false, 0 },
        { "LowCardinality(Nullable(String))", COL_LOW, 0, true, 0 },
        { "Int8", COL_FIXED, 1, false, 0 },
        { "UInt16", COL_FIXED, 2, false, 0 },
        { "Nullable(Int64)", COL_FIXED, 8, true, 0 },
        { "Float32", COL_FIXED, 4, false, 0 },
        { "Bool", COL_FIXED, 1, false, 0 },
        { "Date", COL_FIXED, 2, false, 0 },
        { "Date32", COL_FIXED, 4, false, 0 },
        { "DateTime", COL_FIXED, 4, false, 0 },
        { "DateTime('UTC')", COL_FIXED, 4, false, 0 },
        { "DateTime64(3)", COL_FIXED, 8, false, 0 },
        { "DateTime64(3, 'UTC')", COL_FIXED, 8, false, 0 },
        { "Enum8('a' = 1, 'b\\'),' = -2)", COL_FIXED, 1, false, 0 },
        { "UUID", COL_FIXED, 16, false, 0 },
        { "IPv4", COL_FIXED, 4, false, 0 },
        { "IPv6", COL_FIXED, 16, false, 0 },
        { "Array(String)", COL_ARRAY, 0, false, 1 },
        { "Array(Array(Nullable(UInt8)))", COL_ARRAY, 0, false, 1 },
        { "Map(String, Array(UInt8))", COL_ARRAY, 0, false, 1 },
        { "Tuple(UInt8, String)", COL_TUPLE, 0, false, 2 },
        { "Tuple(id String, `odd name` Array(Tuple(n UInt8)), t DateTime64(3, 'UTC'))", COL_TUPLE, 0, false, 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct col c;
        open_column(&c, "result", cases[i].type);
        assert_int_equal(c.kind, cases[i].kind);
        assert_int_equal(c.width, cases[i].width);
        assert_int_equal(c.nullable, cases[i].nullable);
        assert_int_equal(c.n_kids, cases[i].kids);
        assert_string_equal(c.type, cases[i].type);
        assert_string_equal(c.name, "result");
        col_fini(&c);
    }
}

static void names_of_a_tuple(void **state)
{
    (void)state;
    struct col c;
    open_column(&c, "", "Tuple(id String, `odd name` Array(Tuple(n UInt8)), UInt16)");
    assert_string_equal(c.kids[0].name, "id");
    assert_string_equal(c.kids[0].type, "String");
    assert_string_equal(c.kids[1].name, "odd name");
    assert_string_equal(c.kids[1].type, "Array(Tuple(n UInt8))");
    assert_string_equal(c.kids[1].kids[0].kids[0].name, "n");
    assert_string_equal(c.kids[2].name, "");
    assert_string_equal(c.kids[2].type, "UInt16");
    col_fini(&c);
}

static void refuses_types(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "string",
        "Strings",
        "LowCardinality(UInt8)",
        "LowCardinality(LowCardinality(String))",
        "Nullable(LowCardinality(String))",
        "LowCardinality(String",
        "Nullable(Array(String))",
        "Nullable(Tuple(UInt8))",
        "Nullable(Nullable(UInt8))",
        "Array(String",
        "Array()",
        "Tuple()",
        "Tuple(a String,)",
        "Tuple(`a String)",
        "DateTime64",
        "DateTime64(x)",
        "DateTime64(10)",
        "DateTime(UTC)",
        "Enum8",
        "Enum8()",
        "Enum8('a')",
        "Enum8('a' = 200)",
        "Enum8('a = 1)",
        "String)",
        "String String",
        "UInt8(3)",
        "Map(String)",
        "Map(String, String, String)",
        "Nullable(Map(String, String))",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct col c;
        struct err err = ERR_INIT;
        if (col_init(&c, "x", cases[i], 0, &err) == 0)
            fail_msg("%s was taken", cases[i]);
        assert_int_not_equal(err.text[0], '\0');
    }
    char deep[4096] = "";
    for (int i = 0; i < 200; i++)
        strcat(deep, "Array(");
    struct col c;
    assert_int_equal(col_init(&c, "x", deep, 0, NULL), -1);
}

static void writes_blocks(void **state)
{
    (void)state;
    struct col c;
    open_column(&c, "result", "String");
    EXPECT_BLOCK(&c, "\1\0\6result\6String");
    col_put_str(&c, STR("a\0b"));
    col_put_str(&c, STR(""));
    EXPECT_BLOCK(&c, "\1\2\6result\6String\3a\0b\0");
    col_fini(&c);

    open_column(&c, "r", "Nullable(UInt16)");
    col_put_u64(&c, 258);
    col_put_null(&c);
    EXPECT_BLOCK(&c, "\1\2\1r\20Nullable(UInt16)\0\1\2\1\0\0");
    col_fini(&c);

    open_column(&c, "r", "Array(UInt8)");
    col_put_u64(&c.kids[0], 7);
    col_put_u64(&c.kids[0], 8);
    col_end_array(&c);
    col_end_array(&c);
    col_put_default(&c);
    EXPECT_BLOCK(&c, "\1\3\1r\14Array(UInt8)\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\7\10");
    col_fini(&c);

    open_column(&c, "r", "Tuple(n UInt8, s Nullable(String))");
    col_put_i64(&c.kids[0], -1);
    col_put_null(&c.kids[1]);
    col_end_tuple(&c);
    col_put_default(&c);
    EXPECT_BLOCK(&c, "\1\2\1r\42Tuple(n UInt8, s Nullable(String))\377\0\1\1\0\0");
    col_fini(&c);

    open_column(&c, "r", "Map(String, String)");
    col_put_pair(&c, STR("k"), STR("v"));
    col_put_pair(&c, STR("l"), STR(""));
    col_end_array(&c);
    col_put_default(&c);
    EXPECT_BLOCK(&c, "\1\2\1r\23Map(String, String)\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1k\1l\1v\0");
    col_fini(&c);

    /* An Enum's default is its lowest value: 0 would be no value at all. */
    open_column(&c, "r", "Enum8('ok' = 2, 'no' = 1)");
    col_put_default(&c);
    EXPECT_BLOCK(&c, "\1\1\1r\31Enum8('ok' = 2, 'no' = 1)\1");
    col_fini(&c);

    open_column(&c, "r", "UUID");
    col_put_default(&c);
    EXPECT_BLOCK(&c, "\1\1\1r\4UUID\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    col_fini(&c);
}

/* Key 0 is the default. Texts are keys once, however often they come; those of rows that are taken back stay. */
static void writes_keys_once(void **state)
{
    (void)state;
    struct col c;
    open_column(&c, "r", "Tuple(l LowCardinality(String), n LowCardinality(Nullable(String)))");
    EXPECT_BLOCK(&c, "\1\0\1r\103Tuple(l LowCardinality(String), n LowCardinality(Nullable(String)))");
    static const char *const texts[] = { "a", "", "bc", "a" };
    for (size_t i = 0; i < 4; i++) {
        col_mark(&c);
        col_put_str(&c.kids[0], str_of(texts[i]));
        i == 3 ? col_put_null(&c.kids[1]) : col_put_str(&c.kids[1], str_of(texts[i]));
        col_end_tuple(&c);
        if (i == 2)
            col_rollback(&c);
    }
    assert_true(str_eq(col_low(&c.kids[0], 2), STR("a")));
    assert_false(col_is_null(&c.kids[1], 1));
    assert_true(col_is_null(&c.kids[1], 2));
    EXPECT_BLOCK(&c, "\1\3\1r\103Tuple(l LowCardinality(String), n LowCardinality(Nullable(String)))"
                     "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
                     "\0\6\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\1a\2bc\3\0\0\0\0\0\0\0\1\0\1"
                     "\0\6\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\1a\0\2bc\3\0\0\0\0\0\0\0\1\2\0");
    col_clear(&c, 0);
    EXPECT_BLOCK(&c, "\1\0\1r\103Tuple(l LowCardinality(String), n LowCardinality(Nullable(String)))");
    col_fini(&c);

    /* More than a byte's and than two bytes' worth of keys. */
    open_column(&c, "r", "LowCardinality(String)");
    for (unsigned i = 0; i < 70000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        for (int twice = 0; twice < 2; twice++)
            col_put_str(&c, str_of(text));
        if (i == 254 || i == 255 || i == 65534 || i == 65535) {
            struct buf body;
            buf_init(&body, 0);
            assert_int_equal(col_write_body(&c, &body), 0);
            assert_int_equal(body.n, col_body_size(&c));
            assert_int_equal(body.p[8], i < 255 ? 0 : i < 65535 ? 1 : 2);
            buf_fini(&body);
        }
        assert_true(str_eq(col_low(&c, 2 * (size_t)i + 1), str_of(text)));
    }
    col_fini(&c);
}

/* A column of 100 bytes in which one text fits, and one that doesn't was taken back. */
static void open_full(struct col *c, const char *type)
{
    char big[200] = { 0 };
    assert_int_equal(col_init(c, "r", type, 100, NULL), 0);
    col_put_str(c, STR("fits"));
    col_mark(c);
    col_put_str(c, (struct str){ big, sizeof big });
    assert_true(col_failed(c));
    col_rollback(c);
    assert_false(col_failed(c));
}

static void a_full_column_of_keys_can_be_taken_back(void **state)
{
    (void)state;
    struct col c;
    open_full(&c, "LowCardinality(String)");
    col_put_str(&c, STR("fits"));
    assert_int_equal(c.rows, 2);
    assert_true(str_eq(col_low(&c, 1), STR("fits")));
    col_fini(&c);
}

static void refuses_what_does_not_agree(void **state)
{
    (void)state;
    struct buf out;
    struct col c;
    buf_init(&out, 0);
    open_column(&c, "r", "Tuple(n UInt8, s String)");
    col_put_u64(&c.kids[0], 1);
    col_end_tuple(&c);
    assert_int_equal(col_write_block(&c, &out), -1);
    assert_int_equal(out.n, 0);
    col_fini(&c);
    open_column(&c, "r", "Array(String)");
    col_put_str(&c.kids[0], STR("never ended"));
    assert_int_equal(col_write_block(&c, &out), -1);
    col_fini(&c);
    buf_fini(&out);
}

static void takes_rows_back(void **state)
{
    (void)state;
    struct col c;
    open_column(&c, "r", "Tuple(a Array(Nullable(UInt8)), s String)");
    for (int row = 0; row < 3; row++) {
        col_mark(&c);
        col_put_u64(&c.kids[0].kids[0], (uint64_t)row);
        col_put_null(&c.kids[0].kids[0]);
        col_end_array(&c.kids[0]);
        col_put_str(&c.kids[1], STR("x"));
        col_end_tuple(&c);
        if (row == 1)
            col_rollback(&c);
    }
    assert_int_equal(c.rows, 2);
    EXPECT_BLOCK(&c, "\1\2\1r\51Tuple(a Array(Nullable(UInt8)), s String)"
                     "\2\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\1\0\1\0\0\2\0\1x\1x");
    col_clear(&c, 0);
    EXPECT_BLOCK(&c, "\1\0\1r\51Tuple(a Array(Nullable(UInt8)), s String)");
    col_fini(&c);
}

static void a_full_column_can_be_taken_back(void **state)
{
    (void)state;
    struct col c;
    char big[200] = { 0 };
    open_full(&c, "String");
    col_put_default(&c);
    EXPECT_BLOCK(&c, "\1\2\1r\6String\4fits\0");
    /* What failed before the mark stays failed: rows are missing. */
    col_put_str(&c, (struct str){ big, sizeof big });
    col_mark(&c);
    col_rollback(&c);
    assert_true(col_failed(&c));
    col_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_types),
        cmocka_unit_test(names_of_a_tuple),
        cmocka_unit_test(refuses_types),
        cmocka_unit_test(writes_blocks),
        cmocka_unit_test(writes_keys_once),
        cmocka_unit_test(a_full_column_of_keys_can_be_taken_back),
        cmocka_unit_test(refuses_what_does_not_agree),
        cmocka_unit_test(takes_rows_back),
        cmocka_unit_test(a_full_column_can_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
