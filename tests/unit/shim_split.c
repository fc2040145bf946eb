/* tests/unit/shim_split: a body is cut into records at the right bytes, or refused with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/split.h"

static void cut(const char *body, enum split_form form, enum split_found found, size_t n, const char *const *records)
{
    struct split s;
    if (split_body(&s, str_of(body), form, 1000) < 0)
        fail_msg("%s: %s", body, s.why);
    assert_int_equal(s.found, found);
    if (s.n != n)
        fail_msg("%s: expected %zu records, got %zu", body, n, s.n);
    for (size_t i = 0; i < n; i++)
        if (!str_eq(s.records[i], str_of(records[i])))
            fail_msg("%s: record %zu: expected %s, got %.*s", body, i, records[i], STR_ARG(s.records[i]));
    split_fini(&s);
}

static void refused(const char *body, enum split_form form, const char *says)
{
    struct split s;
    if (split_body(&s, str_of(body), form, 3) == 0 || strstr(s.why, says) == NULL)
        fail_msg("%s: expected a refusal with '%s', got '%s'", body, says, s.why);
    split_fini(&s);
}

static void arrays(void **state)
{
    (void)state;
    cut("[{\"a\":1}]", SPLIT_LOOK, SPLIT_ARRAY, 1, (const char *const[]){ "{\"a\":1}" });
    cut(" \n[ {\"a\":\"]},{\"} , [1,[2]] ,\"x\\\\\\\"]\", 5e1 ,null ] \n", SPLIT_LOOK, SPLIT_ARRAY, 5,
        (const char *const[]){ "{\"a\":\"]},{\"}", "[1,[2]]", "\"x\\\\\\\"]\"", "5e1", "null" });
    cut("[tru, {\"a\":}]", SPLIT_LOOK, SPLIT_ARRAY, 2, (const char *const[]){ "tru", "{\"a\":}" }); /* the reader's to refuse */
    refused("[]", SPLIT_LOOK, "at least one record");
    refused("[{\"a\":1}", SPLIT_LOOK, "byte 8, where the body ends");
    refused("[{\"a\":1},", SPLIT_LOOK, "byte 9, where the body ends");
    refused("[{\"a\":1},]", SPLIT_LOOK, "expected a value at byte 9");
    refused("[{\"a\":1]", SPLIT_LOOK, "expected '}', got ']' at byte 7");
    refused("[{\"a\":1}}", SPLIT_LOOK, "expected ',' or ']' after the element, at byte 8");
    refused("[{\"a\":1}]x", SPLIT_LOOK, "nothing after the array");
    refused("[{\"a\":1}][", SPLIT_LOOK, "nothing after the array");
    refused("[\"abc", SPLIT_LOOK, "the string at byte 1 doesn't end");
    refused("[{\"abc\\\"}]", SPLIT_LOOK, "doesn't end");
    refused("[,1]", SPLIT_LOOK, "expected a value at byte 1");
    refused("[1 2]", SPLIT_LOOK, "expected ',' or ']'");
    refused("[1,2,3,4]", SPLIT_LOOK, "at most 3 records");
    refused("[", SPLIT_LOOK, "where the body ends");
}

static void depth_is_bounded(void **state)
{
    (void)state;
    enum { DEEP = SPLIT_DEPTH + 1 };
    char *body = malloc(2 * DEEP + 3);
    assert_non_null(body);
    body[0] = '[';
    memset(body + 1, '[', DEEP);
    memset(body + 1 + DEEP, ']', DEEP);
    strcpy(body + 1 + 2 * DEEP, "]");
    refused(body, SPLIT_LOOK, "more than 4096 levels");
    body[1] = ' ';
    body[2 * DEEP] = ' ';
    struct split s;
    assert_int_equal(split_body(&s, str_of(body), SPLIT_LOOK, 3), 0);
    assert_int_equal(s.n, 1);
    split_fini(&s);
    free(body);
}

static void lines_and_single_values(void **state)
{
    (void)state;
    cut("{\"a\":1}\n", SPLIT_LOOK, SPLIT_ONE, 1, (const char *const[]){ "{\"a\":1}" });
    cut("{\n \"a\": 1\n}\n", SPLIT_LOOK, SPLIT_ONE, 1, (const char *const[]){ "{\n \"a\": 1\n}" });
    cut("{\"a\":1}\r\n\n  {\"b\":2}\n", SPLIT_LOOK, SPLIT_NDJSON, 2, (const char *const[]){ "{\"a\":1}", "{\"b\":2}" });
    cut("{\"a\":1}\nnot json\n{\"c\":", SPLIT_LOOK, SPLIT_NDJSON, 3, (const char *const[]){ "{\"a\":1}", "not json", "{\"c\":" });
    cut("not json\n{\"b\":2}", SPLIT_LINES, SPLIT_NDJSON, 2, (const char *const[]){ "not json", "{\"b\":2}" });
    cut("[1]\n[2]", SPLIT_LINES, SPLIT_NDJSON, 2, (const char *const[]){ "[1]", "[2]" });
    cut("{\"a\":1} x", SPLIT_LOOK, SPLIT_ONE, 1, (const char *const[]){ "{\"a\":1} x" });
    cut("{\"a\":", SPLIT_LOOK, SPLIT_ONE, 1, (const char *const[]){ "{\"a\":" });
    refused("", SPLIT_LOOK, "empty body");
    refused(" \r\n\t ", SPLIT_LINES, "empty body");
    refused("1\n2\n3\n4", SPLIT_LINES, "at most 3 records");
}

static void member(const char *object, const char *name, const char *value)
{
    struct buf out;
    buf_init(&out, 0);
    bool found = split_member(str_of(object), name, &out);
    if (found != (value != NULL) || (found && !str_eq(buf_str(&out), str_of(value))))
        fail_msg("%s: expected %s, got %.*s", object, value != NULL ? value : "nothing", (int)out.n, out.p != NULL ? out.p : "");
    buf_fini(&out);
}

static void members(void **state)
{
    (void)state;
    member("{\"k\":\"v\"}", "k", "v");
    member(" { \"a\" : {\"k\":1} , \"b\":[\"k\",{\"k\":2}], \"k\" : 12.5e3 } ", "k", "12.5e3");
    member("{\"k\":true}", "k", "true");
    member("{\"k\":null}", "k", NULL);
    member("{\"k\":{}}", "k", NULL);
    member("{\"k\":[]}", "k", NULL);
    member("{\"kk\":1,\"K\":2}", "k", NULL);
    member("{\"\\u006b\":\"v\"}", "k", "v");
    member("{\"k\":\"\\u00e4\\ud83d\\ude00\\n\\\\\\\"\\/\"}", "k", "\xc3\xa4\xf0\x9f\x98\x80\n\\\"/");
    member("{\"k\":\"\"}", "k", "");
    static const char *const broken[] = { "",         "{",         "{\"k",    "{\"k\"", "{\"k\":", "{\"k\":\"",
                                          "{\"a\":1", "{\"a\":1,", "[\"k\"]", "\"k\"",  "{k:1}",   "{\"a\" 1}" };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        member(broken[i], "k", NULL);
    member("{\"k\":\"\\ud800\"}", "k", "\xef\xbf\xbd"); /* no crash; the reader refuses it anyway */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(lines_and_single_values),
        cmocka_unit_test(members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
