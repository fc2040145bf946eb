/* tests/unit/contract_values: numbers against strtod, dates against timegm, the scanner against bytes one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "contract/datetime.h"
#include "contract/format.h"
#include "contract/number.h"
#include "contract/scan.h"
#include "log/level.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void doubles_are_the_nearest(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char text[80];
        int digits = 1 + (int)(next_random() % 25);
        uint64_t bits = next_random();
        double d;
        memcpy(&d, &bits, sizeof d);
        switch (next_random() % 4) {
        case 0:
            if (d != d || d - d != 0)
                continue;
            snprintf(text, sizeof text, "%.*e", digits, d);
            break;
        case 1:
            snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)(next_random() >> next_random() % 64),
                     (unsigned long long)next_random(), (int)(next_random() % 60) - 30);
            break;
        case 2:
            snprintf(text, sizeof text, "-%llu", (unsigned long long)(next_random() >> next_random() % 64));
            break;
        default:
            snprintf(text, sizeof text, "0.000%llu", (unsigned long long)(next_random() >> next_random() % 64));
        }
        struct number n;
        const char *expected, *end = number_scan(text, &n, &expected);
        assert_non_null(end);
        assert_int_equal(*end, '\0');
        double got = number_double(&n), want = strtod(text, NULL);
        if (memcmp(&got, &want, sizeof got) != 0)
            fail_msg("%s: %.17g, not %.17g", text, want, got);
    }
}

static void integers_are_exact(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        uint64_t magnitude = next_random() >> next_random() % 64;
        bool negative = next_random() & 1;
        wide value = negative ? -(wide)magnitude : (wide)magnitude, got = 1;
        char text[160], digits[WIDE_DIGITS];
        int zeros = (int)(next_random() % 30), shift = value != 0 ? (int)(next_random() % 8) : 0;
        size_t length = number_write(value, digits);
        switch (next_random() % 3) {
        case 0: /* 123.000 */
            snprintf(text, sizeof text, "%s.%0*d", digits, zeros + 1, 0);
            break;
        case 1: /* 123000e-3 */
            snprintf(text, sizeof text, "%s%.*se-%d", digits, shift, "00000000", shift);
            break;
        default: /* 0.000123e6 */
            snprintf(text, sizeof text, "%s0.%0*d%se%d", negative && value != 0 ? "-" : "", shift + 1, 0, digits + (value < 0),
                     (int)(length - (value < 0)) + shift + 1);
        }
        struct number n;
        const char *expected;
        assert_non_null(number_scan(text, &n, &expected));
        if (number_integer(&n, &got) != NUMBER_WHOLE || got != value)
            fail_msg("%s isn't read as %s", text, digits);
    }
}

static void dates_follow_the_calendar(void **state)
{
    (void)state;
    char why[DATETIME_WHY];
    /* Each day from the year 0 to 9999, and the day after each month's last is none. */
    for (int year = 0; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            struct tm tm = { .tm_year = year - 1900, .tm_mon = month, .tm_mday = 0 };
            int64_t last_day = timegm(&tm) / 86400;
            int length = tm.tm_mday;
            char text[32];
            int32_t days;
            for (int day = 1; day <= length; day += day == 1 ? length - 1 : 1) {
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                assert_int_equal(date_parse(str_of(text), &days, why), 0);
                assert_int_equal(days, last_day - length + day);
                char back[DATETIME_TEXT];
                datetime_write((int64_t)days * 86400000, back);
                assert_memory_equal(back, text, 10);
            }
            snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, length + 1);
            assert_int_equal(date_parse(str_of(text), &days, why), -1);
        }
}

static void times_are_read_back(void **state)
{
    (void)state;
    char why[DATETIME_WHY];
    for (int i = 0; i < 200000; i++) {
        int64_t ms = DATETIME_MIN + (int64_t)(next_random() % (uint64_t)(DATETIME_MAX - DATETIME_MIN + 1)), got;
        int offset = (int)(next_random() % 2879) - 1439;
        char text[DATETIME_TEXT + 8];
        int n = datetime_write(ms + (int64_t)offset * 60000, text);
        snprintf(text + n - 1, sizeof text - (size_t)n, "%c%02d:%02d", offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
        assert_int_equal(datetime_parse(str_of(text), &got, why), 0);
        assert_int_equal(got, ms);
    }
    assert_true(date_fits(DATETIME_MIN / 86400000));
    assert_false(date_fits(DATETIME_MIN / 86400000 - 1));
    assert_true(date_fits(DATETIME_MAX / 86400000));
    assert_false(date_fits(DATETIME_MAX / 86400000 + 1));
}

/* A byte of each kind at each place, with every alignment. */
static void scanning_stops_where_it_must(void **state)
{
    (void)state;
    static char text[512];
    for (int c = 0; c < 256; c++)
        for (size_t align = 0; align < 32; align++)
            for (size_t at = 0; at < 160; at += at < 70 ? 1 : 13) {
                memset(text, 'x', sizeof text);
                text[align + at] = (char)c;
                text[align + 200] = '"';
                const char *end = scan_plain(text + align), *plain = text + align;
                while (scan_is_plain((unsigned char)*plain))
                    plain++;
                assert_ptr_equal(end, plain);
            }
}

static void words_of_levels(void **state)
{
    (void)state;
    assert_string_equal(level_normalise(STR("Warning")), "WARN");
    assert_string_equal(level_normalise(STR(" [crit] ")), "FATAL");
    assert_string_equal(level_normalise(STR("5")), "INFO");
    assert_null(level_normalise(STR("")));
    assert_null(level_normalise(STR("[]")));
    assert_null(level_normalise(STR("infos")));
    assert_null(level_normalise((struct str){ "info\0x", 6 }));
}

static void formats_take_any_bytes(void **state)
{
    (void)state;
    assert_false(format_ipv4((struct str){ "192.0.2.1\0", 10 }));
    assert_false(format_uuid(STR("")));
    assert_false(format_email(STR("")));
    assert_false(format_email((struct str){ "a\0b@c.example", 13 }));
    assert_false(format_uri(STR("")));
    assert_false(format_uri((struct str){ "http://x/\0", 10 }));
    assert_false(format_uri(STR("a:b%4")));
    assert_true(format_uri(STR("a://")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_the_nearest),      cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(dates_follow_the_calendar),    cmocka_unit_test(times_are_read_back),
        cmocka_unit_test(scanning_stops_where_it_must), cmocka_unit_test(words_of_levels),
        cmocka_unit_test(formats_take_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
