/* tests/unit/trace: ids by themselves, headers in every length, and nothing read beyond their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/trace.h"

static const char w3c[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static void ids_by_themselves(void **state)
{
    (void)state;
    char trace_id[TRACE_ID + 1], span_id[SPAN_ID + 1];
    assert_true(trace_id_parse(STR("4BF92F3577B34DA6A3CE929D0E0E4736"), trace_id));
    assert_string_equal(trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_true(trace_id_parse(STR("a3ce929d0e0e4736"), trace_id));
    assert_string_equal(trace_id, "0000000000000000a3ce929d0e0e4736");
    static const char *const none[] = { "",
                                        "a3ce929d0e0e473",
                                        "a3ce929d0e0e47366",
                                        "00000000000000000000000000000000",
                                        "4bf92f3577b34da6a3ce929d0e0e473g",
                                        "4bf92f35-77b3-4da6-a3ce-929d0e0e4736" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_false(trace_id_parse(str_of(none[i]), trace_id));
        assert_string_equal(trace_id, "");
    }
    assert_true(span_id_parse(STR("00F067AA0BA902B7"), span_id));
    assert_string_equal(span_id, "00f067aa0ba902b7");
    assert_false(span_id_parse(STR("0000000000000000"), span_id));
    assert_false(span_id_parse(STR("00f067aa0ba902b"), span_id));
}

/* Only the whole header is one. Each length is a block of its own, so that a sanitizer sees a read beyond it. */
static void every_length(void **state)
{
    (void)state;
    static const char *const headers[] = { w3c, "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90",
                                           "80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1" };
    static const enum trace_format formats[] = { TRACE_W3C, TRACE_B3, TRACE_JAEGER };
    for (size_t h = 0; h < 3; h++)
        for (size_t n = 0; n <= strlen(headers[h]); n++) {
            struct trace t;
            char *copy = malloc(n > 0 ? n : 1);
            assert_non_null(copy);
            memcpy(copy, headers[h], n);
            bool whole = n == strlen(headers[h]);
            bool got = trace_parse((struct str){ copy, n }, &t);
            if (whole)
                assert_int_equal(t.format, formats[h]);
            else if (h != 1) /* b3 may end behind its second and its third part */
                assert_false(got);
            if (!got) {
                assert_int_equal(t.format, TRACE_NONE);
                assert_string_equal(t.trace_id, "");
                assert_string_equal(t.span_id, "");
                assert_string_equal(t.parent_span_id, "");
            }
            free(copy);
        }
}

/* Every version but ff is read; only 00 ends behind its flags. */
static void every_version(void **state)
{
    (void)state;
    for (int version = 0; version < 256; version++) {
        char text[80];
        struct trace t;
        snprintf(text, sizeof text, "%02x%s", version, w3c + 2);
        assert_int_equal(trace_parse(str_of(text), &t), version != 0xFF);
        if (version != 0xFF)
            assert_int_equal(t.version, version);
        snprintf(text, sizeof text, "%02x%s-more", version, w3c + 2);
        assert_int_equal(trace_parse(str_of(text), &t), version != 0xFF && version != 0);
    }
}

static void every_flag(void **state)
{
    (void)state;
    for (int flags = 0; flags < 256; flags++) {
        char text[80];
        struct trace t;
        snprintf(text, sizeof text, "%.53s%02x", w3c, flags);
        assert_true(trace_parse(str_of(text), &t));
        assert_int_equal(t.flags, flags);
    }
}

/* What W3C's own suite for Trace Context sends, and whether a trace goes on with it. */
static void w3c_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        { "00-12345678901234567890123456789012-1234567890123456-01", true },
        { "00-12345678901234567890123456789012-1234567890123456-01 ", true },
        { "\t00-12345678901234567890123456789012-1234567890123456-01", true },
        { "00-12345678901234567890123456789012-1234567890123456-00", true },
        { "cc-12345678901234567890123456789012-1234567890123456-01", true },
        { "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like", true },
        { "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like", false },
        { "ff-12345678901234567890123456789012-1234567890123456-01", false },
        { "00-12345678901234567890123456789012-1234567890123456-01.", false },
        { "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like", false },
        { ".0-12345678901234567890123456789012-1234567890123456-01", false },
        { "0.-12345678901234567890123456789012-1234567890123456-01", false },
        { "000-12345678901234567890123456789012-1234567890123456-01", false },
        { "0-12345678901234567890123456789012-1234567890123456-01", false },
        { "00-00000000000000000000000000000000-1234567890123456-01", false },
        { "00-.2345678901234567890123456789012-1234567890123456-01", false },
        { "00-1234567890123456789012345678901.-1234567890123456-01", false },
        { "00-123456789012345678901234567890123-1234567890123456-01", false },
        { "00-1234567890123456789012345678901-1234567890123456-01", false },
        { "00-12345678901234567890123456789012-0000000000000000-01", false },
        { "00-12345678901234567890123456789012-.234567890123456-01", false },
        { "00-12345678901234567890123456789012-123456789012345.-01", false },
        { "00-12345678901234567890123456789012-12345678901234567-01", false },
        { "00-12345678901234567890123456789012-123456789012345-01", false },
        { "00-12345678901234567890123456789012-1234567890123456-.0", false },
        { "00-12345678901234567890123456789012-1234567890123456-0.", false },
        { "00-12345678901234567890123456789012-1234567890123456-001", false },
        { "00-12345678901234567890123456789012-1234567890123456-1", false },
        { "00-12345678901234567890123456789012-1234567890123456-0A", false },
        { "00-1234567890123456789012345678901A-1234567890123456-01", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace t;
        if (trace_parse(str_of(cases[i].text), &t) != cases[i].valid)
            fail_msg("%s: expected %s", cases[i].text, cases[i].valid ? "a trace" : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_by_themselves), cmocka_unit_test(every_length), cmocka_unit_test(every_version),
        cmocka_unit_test(every_flag),        cmocka_unit_test(w3c_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
