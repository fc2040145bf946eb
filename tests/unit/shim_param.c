/* tests/unit/shim_param: what a value from a URL must be before it is bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shim/param.h"

static char why[PARAM_WHY];

/* The text that would be bound, or NULL. */
static const char *bind(const char *type, const char *low, const char *high, struct str given)
{
    static char text[65536];
    struct buf out;
    buf_init(&out, sizeof text - 1);
    why[0] = '\0';
    int rc = param_bind(type, low, high, given, &out, why);
    if (rc == 0) {
        memcpy(text, out.p != NULL ? out.p : "", out.n);
        text[out.n] = '\0';
    }
    buf_fini(&out);
    return rc == 0 ? text : NULL;
}

static void good(const char *type, const char *given, const char *bound)
{
    const char *text = bind(type, NULL, NULL, str_of(given));
    if (text == NULL || strcmp(text, bound) != 0)
        fail_msg("%s %s: expected %s, got %s %s", type, given, bound, text != NULL ? text : "refusal:", why);
}

static void bad(const char *type, const char *given, const char *says)
{
    const char *text = bind(type, NULL, NULL, str_of(given));
    if (text != NULL || strstr(why, says) == NULL)
        fail_msg("%s %s: expected a refusal with '%s', got %s", type, given, says, text != NULL ? text : why);
}

static void integers_are_held_to_their_range(void **state)
{
    (void)state;
    good("UInt8", "255", "255");
    good("UInt8", "+007", "7");
    bad("UInt8", "256", "expected an integer from 0 to 255, got \"256\"");
    bad("UInt8", "300", "0 to 255"); /* ClickHouse would bind 44 */
    bad("UInt8", "-1", "0 to 255");
    good("Int8", "-128", "-128");
    good("Int8", "-0", "0");
    bad("Int8", "128", "-128 to 127");
    good("UInt64", "18446744073709551615", "18446744073709551615");
    bad("UInt64", "18446744073709551616", "got");
    good("Int64", "-9223372036854775808", "-9223372036854775808");
    bad("Int64", "9223372036854775808", "got");
    bad("Int64", "99999999999999999999999999999999999999999999999", "got");
    static const char *const wrong[] = { "", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "-", "+", "abc", "1_000", "1,000" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        bad("Int32", wrong[i], "expected an integer");
    assert_null(bind("UInt16", "1", "1000", STR("0")));
    assert_non_null(strstr(why, "1 to 1000"));
    assert_null(bind("UInt16", "1", "1000", STR("1001")));
    assert_string_equal(bind("UInt16", "1", "1000", STR("1000")), "1000");
    assert_null(bind("UInt16", NULL, NULL, (struct str){ "1\0", 2 }));
    good("Nullable(UInt8)", "7", "7");
    good("LowCardinality(Nullable(UInt8))", "7", "7");
}

static void dates_are_of_the_calendar(void **state)
{
    (void)state;
    good("Date", "2024-02-29", "2024-02-29");
    bad("Date", "2026-02-29", "(February 2026 has 28 days)");
    bad("Date", "2026-02-31", "(February 2026 has 28 days)");
    bad("Date", "1900-02-29", "28 days");
    bad("Date", "2026-04-31", "(April has 30 days)");
    bad("Date", "2026-13-01", "(there is no month 13)");
    bad("Date", "2026-00-01", "there is no month");
    bad("Date", "2026-01-00", "31 days");
    bad("Date", "2026-1-1", "expected a date");
    bad("Date", "2026-01-01T00:00:00Z", "expected a date");
    good("Date", "2149-06-06", "2149-06-06");
    bad("Date", "2149-06-07", "1970-01-01 to 2149-06-06");
    bad("Date", "1969-12-31", "1970-01-01 to");
    good("Date32", "1900-01-01", "1900-01-01");
    good("Date32", "2299-12-31", "2299-12-31");
    bad("Date32", "2300-01-01", "1900-01-01 to 2299-12-31");
    assert_null(bind("Date", "2020-01-01", "2020-12-31", STR("2021-01-01")));
    assert_non_null(strstr(why, "2020-01-01 to 2020-12-31"));
}

static void times_become_utc(void **state)
{
    (void)state;
    good("DateTime64(3)", "2026-11-20T10:00:00.123Z", "2026-11-20 10:00:00.123");
    good("DateTime64(3)", "2026-11-20t10:00:00z", "2026-11-20 10:00:00.000");
    good("DateTime64(3)", "2026-11-20T10:00Z", "2026-11-20 10:00:00.000");
    good("DateTime64(3)", "2026-11-20", "2026-11-20 00:00:00.000");
    good("DateTime64(3, 'UTC')", "2026-11-20 10:00:00.1", "2026-11-20 10:00:00.100");
    good("DateTime64(3)", "2026-11-20T10:00:00+02:00", "2026-11-20 08:00:00.000");
    good("DateTime64(3)", "2026-11-20T10:00:00 02:00", "2026-11-20 08:00:00.000"); /* a '+' that wasn't percent-encoded */
    good("DateTime64(3)", "2026-12-31T23:00:00-0130", "2027-01-01 00:30:00.000");
    good("DateTime64(3)", "2026-11-20T10:00:00.123000Z", "2026-11-20 10:00:00.123");
    bad("DateTime64(3)", "2026-11-20T10:00:00.1234Z", "(more than 3 decimals of a second)");
    good("DateTime64(9)", "2026-11-20T10:00:00.123456789Z", "2026-11-20 10:00:00.123456789");
    bad("DateTime64(9)", "2262-04-12T00:00:00Z", "2262-04-11T23:47:16.854775807Z");
    good("DateTime64(3)", "1900-01-01", "1900-01-01 00:00:00.000");
    good("DateTime64(3)", "1969-12-31T23:59:59.999Z", "1969-12-31 23:59:59.999");
    bad("DateTime64(3)", "9999-01-01", "1900-01-01T00:00:00.000Z to 2299-12-31T23:59:59.999Z");
    bad("DateTime64(3)", "2026-02-31", "(February 2026 has 28 days)");
    bad("DateTime64(3)", "2026-02-31T10:00:00Z", "28 days");
    bad("DateTime64(3)", "2026-11-20T24:00:00Z", "no such time of day");
    bad("DateTime64(3)", "2026-11-20T10:60:00Z", "no such time of day");
    bad("DateTime64(3)", "2026-11-20T10:00:60Z", "no such time of day");
    bad("DateTime64(3)", "2026-11-20T10:00:00.Z", "expected a date-time");
    bad("DateTime64(3)", "2026-11-20T10:00:00Zx", "expected a date-time");
    bad("DateTime64(3)", "2026-11-20T10:00:00+2", "expected a date-time");
    bad("DateTime64(3)", "1700000000", "expected a date-time");
    good("DateTime", "2106-02-07T06:28:15Z", "2106-02-07 06:28:15");
    bad("DateTime", "2106-02-07T06:28:16Z", "1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z");
    assert_false(param_known("DateTime64(3, 'Europe/Berlin')"));
    assert_false(param_known("DateTime('Europe/Berlin')"));
}

static void the_rest(void **state)
{
    (void)state;
    good("Float64", "1.5", "1.5");
    good("Float64", "-1e3", "-1000");
    static const char *const floats[] = { "inf", "nan", "NaN", "1e400", "-1e400", "0x1p3", "", " 1", "1 ", "1.5.5", "Infinity" };
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        bad("Float64", floats[i], "finite number");
    bad("Float32", "1e39", "finite number");
    good("Bool", "true", "true");
    good("Bool", "0", "false");
    bad("Bool", "yes", "expected true or false");
    good("UUID", "0193A5C1-6f0e-7c55-9d2e-3a7b1c2d4e5f", "0193a5c1-6f0e-7c55-9d2e-3a7b1c2d4e5f");
    bad("UUID", "0193a5c1-6f0e-7c55-9d2e-3a7b1c2d4e5", "expected a UUID");
    bad("UUID", "0193a5c1-6f0e-7c55-9d2e-3a7b1c2d4e5g", "expected a UUID");
    good("String", "", "");
    good("String", "tab\tand '\\quote", "tab\tand '\\quote");
    bad("String", "\xff", "expected UTF-8 text without NUL");
    bad("String", "\xed\xa0\x80", "expected UTF-8");
    assert_null(bind("String", NULL, NULL, (struct str){ "a\0b", 3 }));
    char large[4098];
    memset(large, 'x', sizeof large);
    assert_non_null(bind("String", NULL, NULL, (struct str){ large, 4096 }));
    assert_null(bind("String", NULL, NULL, (struct str){ large, 4097 }));
    assert_non_null(strstr(why, "0 to 4096 characters"));
    assert_null(bind("String", "1", "3", STR("")));
    assert_null(bind("String", "1", "3", STR("four")));
    assert_string_equal(bind("String", "1", "3", STR("\xc3\xa4\xc3\xb6\xc3\xbc")), "\xc3\xa4\xc3\xb6\xc3\xbc");
    static const char *const unknown[] = { "Array(UInt8)", "Decimal(10,2)", "UInt128", "Identifier",
                                           "DateTime64",   "DateTime64(x)", "" };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_false(param_known(unknown[i]));
        bad(unknown[i], "1", "can be checked");
    }
}

static void ahead(const char *type, const char *first, const char *last, size_t rows, size_t more, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    int rc = param_ahead(type, str_of(first), str_of(last), rows, more, &out);
    if (rc < 0 ? expected != NULL : expected == NULL || strcmp(buf_text(&out), expected) != 0)
        fail_msg("%s %s %s: expected %s, got %s", type, first, last, expected != NULL ? expected : "none",
                 rc < 0 ? "none" : buf_text(&out));
    buf_fini(&out);
}

static void distances_go_on(void **state)
{
    (void)state;
    ahead("Int32", "100", "0", 100, 100, "-150");
    ahead("UInt8", "0", "200", 10, 10, "255");
    ahead("UInt8", "200", "10", 10, 10, "0");
    ahead("DateTime64(3, 'UTC')", "2026-11-20T10:00:10.000Z", "2026-11-20T10:00:00.000Z", 100, 200, "2026-11-20 09:59:30.000");
    ahead("Date32", "2026-11-20", "2026-11-10", 10, 10, "2026-10-26");
    ahead("DateTime64(3)", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z", 100, 100, NULL); /* no distance */
    ahead("DateTime64(3)", "2299-01-01", "1900-01-01", 1, 1000, "1900-01-01 00:00:00.000");
    ahead("Int64", "9223372036854775807", "-9223372036854775808", 1, 1000, "-9223372036854775808");
    ahead("Int32", "100", "0", 0, 100, NULL);
    ahead("String", "a", "b", 10, 10, NULL);
    ahead("UInt8", "x", "0", 10, 10, NULL);
}

static void near_words_are_found(void **state)
{
    (void)state;
    static const char *const known[] = { "event_name", "from", "to", "limit", "cursor" };
    assert_string_equal(param_nearest(STR("form"), known, 5), "from");
    assert_string_equal(param_nearest(STR("eventname"), known, 5), "event_name");
    assert_string_equal(param_nearest(STR("Limit"), known, 5), "limit");
    assert_null(param_nearest(STR("foo"), known, 5));
    assert_null(param_nearest(STR("page"), known, 5));
    assert_null(param_nearest(STR(""), known, 5));
    char large[100] = { 0 };
    assert_null(param_nearest((struct str){ large, sizeof large }, known, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_held_to_their_range),
        cmocka_unit_test(dates_are_of_the_calendar),
        cmocka_unit_test(times_become_utc),
        cmocka_unit_test(the_rest),
        cmocka_unit_test(near_words_are_found),
        cmocka_unit_test(distances_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
