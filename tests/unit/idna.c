/* tests/unit/idna: names of hosts in ASCII: what UTS 46 and the URL standard say that they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "url/idna.h"
#include "url/url.h"

/* Written with \u escapes in C's UTF-8 literals; NULL: no name. */
static void names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        /* mapped, and not transitional */
        { u8"B\u00FCcher.DE", "xn--bcher-kva.de" },
        { u8"fa\u00DF.de", "xn--fa-hia.de" },
        { u8"FA\u1E9E.de", "xn--fa-hia.de" },
        { u8"\u03B2\u03CC\u03BB\u03BF\u03C2.com", "xn--nxasmm1c.com" },
        { u8"\u65E5\u672C\u8A9E\u3002\uFF2A\uFF30", "xn--wgv71a119e.jp" },
        { u8"a\u00ADb", "ab" },
        { u8"u\u0308.\u00DC", "xn--tda.xn--tda" },
        { u8"\u00FC\u0323", "xn--ssa973l" }, /* marks are put in their order before they are joined */
        { u8"\u2260", "xn--1ch" },
        { u8"\u2615", "xn--53h" },
        { u8"\u2124", "z" },
        { u8"\U0001D400\u2064", "a" },
        /* hyphens, empty labels and lengths are not checked */
        { u8"a\u2020--", "xn--a---kp0a" },
        { u8"-x.\u00DF", "-x.xn--zca" },
        { u8"x-.\u00DF", "x-.xn--zca" },
        { u8"ab--c.\u00DF", "ab--c.xn--zca" },
        { u8"x..\u00DF", "x..xn--zca" },
        { u8"x01234567890123456789012345678901234567890123456789012345678901\u2020",
          "xn--x01234567890123456789012345678901234567890123456789012345678901-6963b" },
        /* joiners only where letters join */
        { u8"\u0DC1\u0DCA\u200D\u0DBB\u0DD3", "xn--10cl1a0b660p" },
        { u8"\u0646\u0627\u0645\u0647\u200C\u0627\u06CC", "xn--mgba3gch31f060k" },
        { u8"a\u094D\u200Cb", "xn--ab-fsf604u" },
        { u8"a\u200Cb", NULL },
        { u8"\u200D.example", NULL },
        { "xn--1ug.example", NULL },
        /* writing direction */
        { u8"\u064A.", "xn--mhb." },
        { u8"1.\u064A", "1.xn--mhb" },
        { u8"\u064Aa", NULL },
        { u8"\u05D0\u06611", NULL },
        { "xn--a-yoc", NULL },
        /* punycode that nothing becomes */
        { "XN--TDA.xn--tda", "xn--tda.xn--tda" },
        { "xn--a", NULL },
        { "xn--", NULL },
        { "xn--abc-", NULL },
        { "xn--0.pt", NULL },
        { "xn--u-ccb", NULL },        /* not composed */
        { "xn--zn7c.com", NULL },     /* U+FFFD */
        { "xn--xn---epa.com", NULL }, /* twice */
        { u8"xn--te\u0161la", NULL },
        { "xn--99999999", NULL },
        /* what may not stand in a name */
        { u8"\uFFFD.com", NULL },
        { u8"a\u2488com", NULL }, /* would be "a1.com" */
        { u8"a\u202Eb", NULL },
        { u8"\u0301a", NULL },
        { u8"\u2FF0", NULL },
        { u8"\uE000", NULL },
        { "\xC3", NULL },
        /* newer than libunistring's tables */
        { u8"\U00031350", "xn--8o8n" },
    };
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        bool is_name = idna_to_ascii(str_of(cases[i][0]), &out);
        if (is_name != (cases[i][1] != NULL) || !str_eq(buf_str(&out), str_of(is_name ? cases[i][1] : "")))
            fail_msg("%zu, %s: expected %s, got %s", i, cases[i][0], cases[i][1] != NULL ? cases[i][1] : "none", buf_text(&out));
        assert_false(out.failed);
    }
    buf_fini(&out);
}

/* An ASCII host is looked at too, where a label says it is punycode. */
static void hosts(void **state)
{
    (void)state;
    struct buf room, out;
    buf_init(&room, 0);
    buf_init(&out, 0);
    assert_false(url_host_read(STR("www.XN--a.com"), true, &room, &out));
    assert_false(url_host_read(STR("%78n--a.com"), true, &room, &out));
    assert_true(url_host_read(STR("www.xn--TDA.com"), true, &room, &out));
    assert_string_equal(buf_text(&out), "www.xn--tda.com");
    buf_clear(&out);
    assert_true(url_host_read(STR("axn--a.com"), true, &room, &out));
    buf_fini(&room);
    buf_fini(&out);
}

/* As long as it may be: refused or made, and never slow beyond measure. */
static void longest(void **state)
{
    (void)state;
    struct buf name, out;
    buf_init(&name, 0);
    buf_init(&out, 0);
    while (name.n + 3 <= IDNA_BYTES)
        buf_puts(&name, "\xEF\xB7\xBA"); /* one that is mapped to 18 */
    (void)idna_to_ascii(buf_str(&name), &out);
    buf_clear(&out);
    buf_puts(&name, "\xEF\xB7\xBA");
    assert_false(idna_to_ascii(buf_str(&name), &out));
    assert_int_equal(out.n, 0);
    buf_fini(&name);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(hosts), cmocka_unit_test(longest) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
