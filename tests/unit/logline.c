/* tests/unit/logline: moments in their forms and against the calendar; lines that go on; records of any bytes. What whole lines say
 * stands in udfs/log_parse/cases. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log/logline.h"

#define MORNING INT64_C(1795600800000) /* 2026-11-25T10:00:00Z */

static void moments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t after; /* milliseconds after MORNING */
        size_t taken;  /* 0: all of it */
    } known[] = {
        { "2026-11-25T10:00:00Z", 0, 0 },
        { "2026-11-25T10:00:00.123456789Z", 123, 0 },
        { "2026-11-25 10:00:00,12", 120, 0 },
        { "2026-11-25 10:00:00.5 +0100", -3599500, 0 },
        { "2026-11-25T10:00:00-07:30", 7 * 3600000 + 1800000, 0 },
        { "2026-11-25T10:00:00+01", -3600000, 0 },
        { "2026-11-25 10:00:00 UTC", 0, 0 },
        { "2026-11-25 10:00:00 CET x", -3600000, 23 },
        { "2026-11-25 10:00:00 INFO x", 0, 19 },
        { "2026-11-25 10:00:00 -05 x", 0, 19 },
        { "2026/11/25 10:00:00 x", 0, 19 },
        { "2026.11.25 10:00:00.000001", 0, 0 },
        { "20261125T100000Z", 0, 0 },
        { "25/Nov/2026:10:00:00 +0000", 0, 0 },
        { "25 Nov 2026 10:00:00.007", 7, 0 },
        { "25-Nov-2026 10:00:00.007", 7, 0 },
        { "Wed Nov 25 10:00:00.123456 2026", 123, 0 },
        { "Wed Nov 25 10:00:00 CET 2026", -3600000, 0 },
        { "Wed, 25 Nov 2026 10:00:00 GMT", 0, 0 },
        { "Nov 25, 2026 10:00:00 AM", 0, 0 },
        { "Nov 25, 2026 10:00:00 PM", 12 * 3600000, 0 },
        { "Nov 25, 2026 12:00:00 AM", -10 * 3600000, 0 },
        { "Nov 25 10:00:00 host", 0, 15 },
        { "Nov  5 10:00:00 host", -20 * INT64_C(86400000), 15 },
        { "10:00:00.250 [main]", 250, 12 },
        { "2026-11-25 10:00:60", 59999, 0 },
        { "Wed 2026-11-25 10:00:00 CET", -3600000, 0 },
        { "26/11/25 10:00:00 INFO", 0, 17 },
        { "11/25/2026 10:00:00 AM", 0, 0 },
        { "2026-11-25\t10:00:00", 0, 0 },
        { "25-Nov-2026::10:00:00 ===", 0, 21 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int64_t ms = -1;
        bool sure = false;
        struct str s = str_of(known[i].text);
        size_t n = log_time_read(s, MORNING, &ms, &sure);
        if (n != (known[i].taken != 0 ? known[i].taken : s.n) || !sure || ms != MORNING + known[i].after)
            fail_msg("%s: %zu bytes, %" PRId64 " ms after", known[i].text, n, ms - MORNING);
    }
}

/* Forms that are moments only where the rest of the line says so. */
static void short_moments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t after;
        size_t taken; /* 0: it is none */
    } cases[] = {
        { "261125 10:00:00 [Note]", 0, 15 },
        { "261125  9:00:00 [Note]", -3600000, 15 },
        { "261125 100000 148 INFO", 0, 13 },
        { "20261125-10:00:00:606|x", 606, 21 },
        { "11-25 10:00:00.123  1", 123, 18 },
        { "11.25 10:00:00]", 0, 14 },
        { "25 Nov 10:00:00.007 *", 7, 19 },
        { "10:00AM INF", 0, 7 },
        { "9:00AM INF", -3600000, 6 },
        { "12:00AM INF", -10 * 3600000, 7 },
        { "9:00PM INF", -13 * 3600000, 6 },
        { "13:00AM INF", 0, 0 },
        { "10:60AM INF", 0, 0 },
        { "261325 10:00:00 x", 0, 0 },
        { "11-31 10:00:00 x", 0, 0 },
        { "123456 123456 x", 0, 0 },
        { "1234567", 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        bool sure = false;
        size_t n = log_time_read_short(str_of(cases[i].text), MORNING, &ms, &sure);
        if (n != cases[i].taken || (n > 0 && (!sure || ms != MORNING + cases[i].after)))
            fail_msg("%s: %zu bytes, %" PRId64 " ms after", cases[i].text, n, ms - MORNING);
        if (n > 0 && log_time_read(str_of(cases[i].text), MORNING, &ms, &sure) != 0)
            fail_msg("%s: it is a moment anywhere", cases[i].text);
    }
}

static void what_is_no_moment(void **state)
{
    (void)state;
    static const char *const texts[] = { "",
                                         "2026-11-25",
                                         "2026-02-29 10:00:00",
                                         "2026-11-31 10:00:00",
                                         "2026-00-10 10:00:00",
                                         "2026-13-10 10:00:00",
                                         "2026-11-25 24:00:00",
                                         "2026-11-25 10:60:00",
                                         "2026-11-25 10:00:61",
                                         "2026-11-25 10:00:000",
                                         "2026-11/25 10:00:00",
                                         "0000-01-01 00:00:00",
                                         "32/Nov/2026:10:00:00 +0000",
                                         "25/Nux/2026:10:00:00 +0000",
                                         "November 25 10:00:00",
                                         "Nov 32 10:00:00",
                                         "99:00:00.000",
                                         "hello world, how are you" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t ms;
        bool sure;
        if (log_time_read(str_of(texts[i]), MORNING, &ms, &sure) != 0)
            fail_msg("\"%s\" was taken for a moment", texts[i]);
    }
}

static void epochs_by_their_size(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } known[] = { { "1764064800", 1764064800000 },
                  { "1764064800.1239", 1764064800123 },
                  { "1764064800123", 1764064800123 },
                  { "1764064800123456", 1764064800123 },
                  { "1764064800123456789", 1764064800123 },
                  { "42", -1 },
                  { "99999999", -1 },
                  { "17640648001", -1 },
                  { "1764064800.", -1 },
                  { "1764064800x", -1 },
                  { "99999999999999999999", -1 } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int64_t ms = -1;
        bool is = log_time_epoch(str_of(known[i].text), &ms);
        if (is != (known[i].ms >= 0) || (is && ms != known[i].ms))
            fail_msg("%s: %d, %" PRId64, known[i].text, is, ms);
    }
}

static void lines_that_go_on(void **state)
{
    (void)state;
    static const char *const on[] = { "\tat com.foo.Bar.main(Bar.java:3)",
                                      "Caused by: java.lang.Error: x",
                                      "... 12 more",
                                      "  File \"x.py\", line 1, in <module>",
                                      "ValueError: no",
                                      "java.lang.IllegalStateException: x",
                                      "Traceback (most recent call last):",
                                      "goroutine 1 [running]:",
                                      "main.main()",
                                      "net/http.(*conn).serve(0xc0000b2000)",
                                      "created by net/http.(*Server).Serve",
                                      "   at Shop.Cart.Add()",
                                      "}" };
    static const char *const not_on[] = { "",
                                          "2026-11-25 10:00:00 INFO x",
                                          "hello",
                                          "{\"level\":30}",
                                          "ERROR x",
                                          "at noon",
                                          "done (in 3 s)",
                                          "Error: something node",
                                          "user.name(x) is set",
                                          "127.0.0.1 - - [25/Nov/2026" };
    for (size_t i = 0; i < sizeof on / sizeof *on; i++)
        if (!logline_continues(str_of(on[i])))
            fail_msg("\"%s\" goes on a line", on[i]);
    for (size_t i = 0; i < sizeof not_on / sizeof *not_on; i++)
        if (logline_continues(str_of(not_on[i])))
            fail_msg("\"%s\" is a line of its own", not_on[i]);
    assert_true(logline_expects_more(STR("info: Microsoft.Hosting.Lifetime[14]")));
    assert_true(logline_expects_more(STR("Nov 25, 2026 10:00:00 AM com.foo.Bar run")));
    assert_false(logline_expects_more(STR("Nov 25 10:00:00 web cron[1]: x")));
}

static void bytes_that_are_not_utf8_are_written_out(void **state)
{
    (void)state;
    struct logline_parser *p = logline_parser_new();
    struct buf out;
    buf_init(&out, 0);
    assert_non_null(p);
    logline_put_members(logline_parse(p, STR("caf\xe9 \0 \"x\" \\ \x7f caf\xc3\xa9\r\n"), LOG_TIME_UNKNOWN), LOG_TIME_UNKNOWN,
                        STR(""), &out);
    assert_string_equal(buf_text(&out), "\"level\":null,\"message\":\"caf\\\\xe9 \\u0000 \\\"x\\\" \\\\ \\u007f caf\xc3\xa9\"");
    buf_clear(&out);
    logline_put_members(
        logline_parse(p, STR("{\"level\":\"warn\",\"msg\":\"a\\nb\",\"n\":1.50,\"o\":{\"k\":[true]}}"), LOG_TIME_UNKNOWN), 0,
        STR(""), &out);
    assert_string_equal(buf_text(&out), "\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"level\":\"WARN\",\"message\":\"a\\nb\","
                                        "\"attributes\":{\"n\":1.50,\"o\":{\"k\":[true]}}");
    buf_fini(&out);
    logline_parser_free(p);
}

/* More members than are kept apart: the message is the line, so that nothing is lost. */
static void too_many_members_stay_in_the_message(void **state)
{
    (void)state;
    struct logline_parser *p = logline_parser_new();
    struct buf line;
    buf_init(&line, 0);
    buf_puts(&line, "{\"msg\":\"x\",\"level\":\"info\"");
    for (int i = 0; i < 400; i++)
        buf_printf(&line, ",\"k%d\":%d", i, i);
    buf_putc(&line, '}');
    const struct logline *l = logline_parse(p, buf_str(&line), LOG_TIME_UNKNOWN);
    assert_int_equal(l->n_attributes, LOGLINE_ATTRIBUTES);
    assert_true(str_eq(l->message.text, buf_str(&line)));
    buf_fini(&line);
    logline_parser_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),
        cmocka_unit_test(short_moments),
        cmocka_unit_test(what_is_no_moment),
        cmocka_unit_test(epochs_by_their_size),
        cmocka_unit_test(lines_that_go_on),
        cmocka_unit_test(bytes_that_are_not_utf8_are_written_out),
        cmocka_unit_test(too_many_members_stay_in_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
