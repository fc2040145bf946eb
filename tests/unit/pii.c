/* tests/unit/pii: each verifier on its standard's numbers, boundaries, blocks, and time that stays linear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "pii/scan.h"

/* What is expected of a text: its redaction. */
struct sample {
    const char *text, *redacted;
};

static void expect(const char *text, const char *redacted)
{
    struct buf out;
    buf_init(&out, 0);
    pii_redact(str_of(text), &out);
    if (strcmp(buf_text(&out), redacted) != 0)
        fail_msg("%s: expected %s, got %s", text, redacted, buf_text(&out));
    buf_fini(&out);
}

static void expect_all(const struct sample *samples)
{
    for (; samples->text != NULL; samples++)
        expect(samples->text, samples->redacted != NULL ? samples->redacted : samples->text);
}

static void test_email(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "simple@example.com", "[EMAIL]" },
        { "very.common@example.com", "[EMAIL]" },
        { "x@y.museum", "[EMAIL]" },
        { "o'brien@example.ie", "[EMAIL]" },
        { "'o.brien@example.ie'", "'[EMAIL]'" },
        { "mailto:a_b-c+d@sub.example.co.uk?subject=x", "mailto:[EMAIL]?subject=x" },
        { "\"much.more unusual\"@example.com", "[EMAIL]" },
        { "a@[192.0.2.1]", "[EMAIL]" },
        { "a@[IPv6:2001:db8::1]", "[EMAIL]" },
        { "δοκιμή@παράδειγμα.δοκιμή", "[EMAIL]" },
        { "我買@屋企.香港", "[EMAIL]" },
        { "“a@example.com”", "“[EMAIL]”" },
        { "a@example.com，b@example.com。", "[EMAIL]，[EMAIL]。" },
        { "a@b.co@c.com", "[EMAIL]@c.com" },
        { "plainaddress @example.com a@ a@b a@.com a@-b.com a@b.c1 a@b..com", NULL },
        { "logo@2x.png x@y.service pkg@1.2.3", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
    char text[300];
    memset(text, 'a', sizeof text);
    memcpy(text + 128, "@b.org", 7);
    expect(text, "[EMAIL]");
    memset(text, 'a', sizeof text);
    memcpy(text + 129, "@b.org", 7);
    expect(text, text); /* no local part is that long */
}

static void test_phone(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "+14155550132", "[PHONE]" },
        { "+1 (415) 555-0132 ext. 77", "[PHONE]" },
        { "(415) 555-0132x7", "[PHONE]" },
        { "(+44) 20 7123 4567", "[PHONE]" },
        { "+44\xC2\xA0"
          "20\xE2\x80\x91"
          "7123\xC2\xA0"
          "4567",
          "[PHONE]" },
        { "+999 123 456 789 +0123456789 +1 115 555 0132 1+14155550132", NULL },
        { "+1415555013 +141555501320", NULL },
        { "415.555.0132, 415-555-0132.", "[PHONE], [PHONE]." },
        { "415 555 0132", NULL },
        { "phone: 415 555 0132", "phone: [PHONE]" },
        { "homePhone=4155550132&id=4155550133", "homePhone=[PHONE]&id=4155550133" },
        { "{\"phone\":\"x\",\"id\":\"4155550132\"}", NULL },
        { "please call 4155550132", "please call [PHONE]" },
        { "call 12345678", NULL },
        { "x415-555-0132 415-555-0132x 2.415-555-0132 415-555-01321", NULL },
        { "phone 2026-11-23 phone_id 4155550132", NULL },
        { "Téléphone : 01 42 68 53 00", "Téléphone : [PHONE]" },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_card(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "4111111111111111", "[CARD]" },
        { "4111-1111-1111-1111", "[CARD]" },
        { "4111 1111 1111 1111", "[CARD]" },
        { "5555555555554444", "[CARD]" },
        { "2223003122003222", "[CARD]" },
        { "378282246310005", "[CARD]" },
        { "3782 822463 10005", "[CARD]" },
        { "30569309025904", "[CARD]" },
        { "3056 930902 5904", "[CARD]" },
        { "6011111111111117", "[CARD]" },
        { "3566002020360505", "[CARD]" },
        { "6304000000000000", "[CARD]" },
        { "2200000000000004", "[CARD]" },
        { "4111111111111112", NULL },
        { "4111 1111-1111 1111", NULL },
        { "4111  1111 1111 1111", NULL },
        { "411111111111111", NULL },
        { "41111111111111111", NULL },
        { "a4111111111111111", NULL },
        { "4111111111111111_", NULL },
        { "0.4111111111111111", NULL },
        { "4222222222222", NULL },
        { "visa 4222222222222", "visa [CARD]" },
        { "6771-8000-0000-0000-0000", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_iban(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "DE89370400440532013000", "[IBAN]" },
        { "DE89 3704 0044 0532 0130 00", "[IBAN]" },
        { "FR14 2004 1010 0505 0001 3M02 606 x", "[IBAN] x" },
        { "fr1420041010050500013m02606", "[IBAN]" },
        { "NO9386011117947", "[IBAN]" },
        { "LC55HEMM000100010012001200023015", "[IBAN]" },
        { "DE89370400440532013001 DE8937040044053201300 DE893704004405320130000", NULL },
        { "xDE89370400440532013000 DE89  370400440532013000 De89370400440532013000 QQ89370400440532013000", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_address(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "192.0.2.1", "[IP]" },
        { "192.0.2.1:80", "[IP]:80" },
        { "192.0.2.0/24", "[IP]" },
        { "192.0.2.0/33", "[IP]/33" },
        { "192.168.001.001", "[IP]" },
        { "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "[IP]" },
        { "2001:DB8:0:0:8:800:200C:417A", "[IP]" },
        { "FF01::101", "[IP]" },
        { "::1", "[IP]" },
        { "0:0:0:0:0:FFFF:129.144.52.38", "[IP]" },
        { "::13.1.68.3", "[IP]" },
        { "fe80::1%eth0.", "[IP]." },
        { "2001:db8::/32", "[IP]" },
        { "localhost/127.0.0.1:9092", "localhost/[IP]:9092" },
        { "256.0.0.1 1.2.3 1.2.3.4.5 1.2.3.4a a1.2.3.4 01.2.3.4 1..2.3.4", NULL },
        { "Chrome/120.0.0.0 version 1.2.3.4 ClickHouse 26.7.2.1 v1.2.3.4", NULL },
        { "1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1::2::3 12345::1 ::: a::b x:: :: 12:34:56", NULL },
        { "00:11:22:33:44:55:66:77 aa:bb:cc:dd:ee std::map DB::ab", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_ssn(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "123-45-6789", "[SSN]" },
        { "abc 123 45 6789 abc", "abc [SSN] abc" },
        { "SSN: 123456789", "SSN: [SSN]" },
        { "social security no. 123456789", "social security no. [SSN]" },
        { "123456789 000-45-6789 666-45-6789 900-45-6789 123-00-6789 123-45-0000 078-05-1120 219-09-9999", NULL },
        { "123-45 6789 1123-45-6789 123-45-67890 a123-45-6789 2-123-45-6789", NULL },
        { "200 123 45 6789", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_overlaps(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "415-555-0132@example.com", "[EMAIL]" },
        { "10.0.0.1@example.com", "[EMAIL]" },
        { "2001:db8::1@b.com", "[IP]@b.com" },
        { "phone 4111111111111111", "phone [CARD]" },
        { "[EMAIL] [SSN] [IP] 4155550132 phone [CARD] 4155550132", NULL },
        { "phones: 4155550132, 4155550133 and 4155550134", "phones: [PHONE], [PHONE] and [PHONE]" },
        { "10.1.2.3-10.1.2.9 pkg-10.1.2.3", "[IP]-[IP] pkg-10.1.2.3" },
        { "?mail=a%40b.org&tel=%2B14155550132", "?mail=[EMAIL]&tel=[PHONE]" },
        { NULL, NULL },
    };
    expect_all(samples);
    struct pii_span span;
    assert_true(pii_next(STR("a 10.0.0.1 b@c.org"), 3, &span));
    assert_int_equal(span.type, PII_EMAIL);
    assert_int_equal(span.start, 11);
    assert_int_equal(span.length, 7);
    assert_false(pii_next(STR("a 10.0.0.1 b@c.org"), 18, &span));
    assert_false(pii_next(STR(""), 0, &span));
}

/* Wherever a span lies in the blocks of 64 bytes, and wherever the scan starts, it is found. */
static void test_blocks(void **state)
{
    (void)state;
    static const char *const spans[] = {
        "john.doe@example.com",
        "+1 415 555 0132",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "192.168.100.200",
        "2001:db8:85a3:0:0:8a2e:370:7334",
        "0:0:0:0:0:FFFF:129.144.52.38",
        "::1",
        "123-45-6789",
    };
    char text[320];
    for (size_t k = 0; k < sizeof spans / sizeof *spans; k++)
        for (size_t at = 0; at < 150; at++)
            for (size_t after = 0; after < 66; after += 13) {
                size_t n = strlen(spans[k]);
                memset(text, ';', sizeof text);
                memcpy(text + at, spans[k], n);
                struct str s = { text, at + n + after };
                for (size_t from = 0; from <= at; from += 31) {
                    struct pii_span span;
                    assert_true(pii_next(s, from, &span));
                    assert_int_equal(span.start, at);
                    assert_int_equal(span.length, n);
                }
            }
}

static void test_classify(void **state)
{
    (void)state;
#if defined(__x86_64__)
    unsigned char p[64];
    srand(7);
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < 64; i++)
            p[i] = (unsigned char)(round < 4 ? round * 64 + i : (unsigned)rand() >> 7);
        struct pii_masks a, b, c;
        pii_classify_scalar(p, &a);
        pii_classify_sse2(p, &b);
        assert_memory_equal(&a, &b, sizeof a);
        if (__builtin_cpu_supports("avx2")) {
            pii_classify_avx2(p, &c);
            assert_memory_equal(&a, &c, sizeof a);
        }
        if (__builtin_cpu_supports("avx512bw")) {
            pii_classify_avx512(p, &c);
            assert_memory_equal(&a, &c, sizeof a);
        }
    }
#endif
}

static void expect_json(const char *json, const char *redacted)
{
    struct buf out;
    buf_init(&out, 0);
    pii_redact_json(str_of(json), &out);
    if (strcmp(buf_text(&out), redacted) != 0)
        fail_msg("%s: expected %s, got %s", json, redacted, buf_text(&out));
    buf_fini(&out);
}

static void test_json(void **state)
{
    (void)state;
    expect_json("{\"a\":\"b@c.org\",\"n\":4111111111111111}", "{\"a\":\"[EMAIL]\",\"n\":4111111111111111}");
    expect_json("{\"a\":\"b\\u0040c.org\"}", "{\"a\":\"[EMAIL]\"}");
    expect_json("{\"a\":\"\\u00e9 b@c.org \\ud83d\\ude00\"}", "{\"a\":\"\\u00e9 [EMAIL] \\ud83d\\ude00\"}");
    expect_json("{\"a\":\"\\ud800b@c.org\"}", "{\"a\":\"\\ud800[EMAIL]\"}");
    expect_json("{\"tel\":\"\\t4155550132\",\"id\":\"\\t4155550132\"}", "{\"tel\":\"\\t[PHONE]\",\"id\":\"\\t4155550132\"}");
    expect_json("[\"\\\\\",\"\\\"\",\"b@c.org\"]", "[\"\\\\\",\"\\\"\",\"[EMAIL]\"]");
    expect_json(" \"b@c.org\" ", " \"[EMAIL]\" ");
    expect_json("[1, 4111111111111111, {\"a\" : [ ] }]", "[1, 4111111111111111, {\"a\" : [ ] }]");
    /* Not JSON: text. */
    expect_json("[1, 4111111111111111", "[1, [CARD]");
    expect_json("b@c.org", "[EMAIL]");
    expect_json("{\"a\":\"b@c.org", "{\"a\":\"[EMAIL]");
    expect_json("01 4111111111111111", "01 [CARD]");
    expect_json("x \\ \"a\" 4111111111111111 \"", "x \\ \"a\" [CARD] \"");
    expect_json("", "");
    /* Deeper than any stack. */
    struct buf deep, out;
    buf_init(&deep, 0);
    buf_init(&out, 0);
    for (unsigned i = 0; i < 100000; i++)
        buf_putc(&deep, '[');
    buf_puts(&deep, "4111111111111111,\"b@c.org\"");
    for (unsigned i = 0; i < 100000; i++)
        buf_putc(&deep, ']');
    assert_int_equal(pii_redact_json(buf_str(&deep), &out), 1);
    buf_fini(&deep);
    buf_fini(&out);
}

static void test_anonymise(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "203.0.113.77", "203.0.113.0" },
        { "::ffff:203.0.113.77", "203.0.113.0" },
        { "::ffff:cb00:714d", "203.0.113.0" },
        { "2001:db8:1:2::3", "2001:db8:1::" },
        { "2001:DB8::1", "2001:db8::" },
        { "::1", "::" },
        { "0:0:5:1::", "0:0:5::" },
        { "fe80::1%eth0", "fe80::" },
        { "1::", "1::" },
        { "", NULL },
        { "x", NULL },
        { "203.0.113.256", NULL },
        { "203.0.113.77 ", NULL },
        { "1.2.3.4.5", NULL },
        { "010.1.1.1", NULL },
        { ":", NULL },
        { ":::", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
        { "::%", NULL },
        { "1:2:3:4:5:6:7::8", NULL },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct buf out;
        buf_init(&out, 0);
        bool known = ip_anonymise(str_of(samples[i].text), &out);
        if (known != (samples[i].redacted != NULL) || (known && strcmp(buf_text(&out), samples[i].redacted) != 0))
            fail_msg("%s: got %s", samples[i].text, known ? buf_text(&out) : "nothing");
        assert_true(known || out.n == 0);
        buf_fini(&out);
    }
}

/* Where the output may not grow, it says so. */
static void test_full(void **state)
{
    (void)state;
    struct buf text, json, out;
    buf_init(&text, 0);
    buf_init(&json, 0);
    buf_puts(&json, "[\"\\u0040\"");
    for (unsigned i = 0; i < 20; i++) {
        buf_puts(&text, "1.2.3.4;a@b.org x;");
        buf_puts(&json, ",\"\\t1.2.3.4\",\"a@b.org\"");
    }
    buf_puts(&json, "]");
    for (size_t max = 64; max < 400; max += 7) {
        buf_init(&out, max);
        pii_redact(buf_str(&text), &out);
        assert_true(out.failed ? out.n <= max : max >= 260 && out.n == 20 * 15);
        buf_clear(&out);
        pii_redact_json(buf_str(&json), &out);
        assert_true(out.n <= max && (out.failed || out.n == json.n - 20 * 3));
        buf_fini(&out);
    }
    buf_fini(&text);
    buf_fini(&json);
}

static double seconds_of(size_t (*redact)(struct str, struct buf *), struct str text)
{
    double best = 1e9;
    for (int round = 0; round < 3; round++) {
        struct buf out;
        struct timespec a, b;
        buf_init(&out, 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        redact(text, &out);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        buf_fini(&out);
        double s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
        best = s < best ? s : best;
    }
    return best;
}

/* Four times the text takes about four times as long; quadratic would be 16. */
static void test_linear(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        ".",
        "1",
        ":",
        "@",
        " ",
        "a",
        "\\",
        "\"",
        "1.",
        "1 ",
        "1:",
        "::",
        "a@",
        "a.",
        "@a.",
        "é",
        "漢",
        "1-",
        "+1",
        "(1",
        "a1",
        "DE89 ",
        "DE89370400440532013",
        "phone 1",
        "phone 123456",
        "1.2.3.4",
        "1.2.3.4.",
        "a@b.co",
        "a@b.co1.2.3.4",
        "4111 ",
        "=a.b@",
        "\"a@",
        "\"\\u0040",
        "\"\\n\",",
        "x@y.z.",
        "f:f:f:f:",
        "1:2::",
        "[IP]",
        "%",
        "+49 30 1",
        "-",
        "=",
        "_",
        "key=",
        "password=a",
        " -p",
        "--password ",
        " by '",
        "<password>",
        ";pwd=a ",
        "@tcp(",
        "eyJhbGci",
        "eyJhbGciOiJIUzI1NiJ9.",
        "-----BEGIN RSA PRIVATE KEY-----",
        "://a:",
        "aa:",
        "aa-",
        "May 5, ",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7Dv",
        "bc1q",
        "AB12 ",
        "A1",
    };
    enum { SMALL = 1 << 14, LARGE = 1 << 16 };
    char *text = malloc(LARGE);
    assert_non_null(text);
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
        size_t n = strlen(pieces[k]);
        for (size_t i = 0; i < LARGE; i++)
            text[i] = pieces[k][i % n];
        for (int json = 0; json < 2; json++) {
            size_t (*redact)(struct str, struct buf *) = json ? pii_redact_json : pii_redact;
            double small = seconds_of(redact, (struct str){ text, SMALL });
            double large = seconds_of(redact, (struct str){ text, LARGE });
            if (large > 8 * small + 0.05)
                fail_msg("\"%s\"…: 16 KiB %.3f s, 64 KiB %.3f s", pieces[k], small, large);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),    cmocka_unit_test(test_phone),     cmocka_unit_test(test_card),
        cmocka_unit_test(test_iban),     cmocka_unit_test(test_address),   cmocka_unit_test(test_ssn),
        cmocka_unit_test(test_overlaps), cmocka_unit_test(test_blocks),    cmocka_unit_test(test_classify),
        cmocka_unit_test(test_json),     cmocka_unit_test(test_anonymise), cmocka_unit_test(test_full),
        cmocka_unit_test(test_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
