/* tests/unit/glob: which paths a pattern takes, what it promises of them, and which patterns are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/glob.h"

static const struct {
    const char *pattern, *path;
    bool fits;
} cases[] = {
    { "", "", true },
    { "", "a", false },
    { "a/b.pdf", "a/b.pdf", true },
    { "a/b.pdf", "a/b.pdfx", false },
    { "a/b.pdf", "A/b.pdf", false },
    /* Within a step. */
    { "*", "", true },
    { "*", "abc", true },
    { "*", "a/b", false },
    { "*.pdf", ".pdf", true },
    { "a*b*c", "abbbc", true },
    { "a*b*c", "ab/bc", false },
    { "a/*", "a/", true },
    { "a/*/c", "a//c", true },
    { "?", "x", true },
    { "?", "\xc3\xa9", true },
    { "??", "\xc3\xa9", false },
    { "??", "\xff\xfe", true },
    { "?", "/", false },
    { "?", "", false },
    /* Across steps. */
    { "**", "", true },
    { "**", "a/b/c", true },
    { "**/x", "x", true },
    { "**/x", "a/x", true },
    { "**/x", "a/b/x", true },
    { "**/x", "ax", false },
    { "a/**/b", "a/b", true },
    { "a/**/b", "a/1/2/b", true },
    { "a/**/b", "ab", false },
    { "a/**/b", "a/1b", false },
    { "a/**", "a/", true },
    { "a/**", "a/b/c", true },
    { "a/**", "a", false },
    { "a**b", "a/x/b", true },
    { "a**/b", "ax/b", true },
    { "a**/b", "a/b", true },
    { "a**/b", "ab", false },
    { "in/**/*.{pdf,txt}", "in/a/b/c.txt", true },
    { "in/**/*.{pdf,txt}", "in/c.pdf", true },
    { "in/**/*.{pdf,txt}", "in/c.doc", false },
    { "**/**/x", "x", true },
    /* One of several. */
    { "{a,b}", "a", true },
    { "{a,b}", "b", true },
    { "{a,b}", "ab", false },
    { "x{,.gz}", "x", true },
    { "x{,.gz}", "x.gz", true },
    { "{a,b{c,d/e}}f", "bd/ef", true },
    { "{a,b{c,d/e}}f", "af", true },
    { "{a,b{c,d/e}}f", "bf", false },
    { "{}", "", true },
    { "{a/,}**/x", "x", true },
    { "{a/,}**/x", "a/x", true },
    { "y{**/x,z}", "yx", false },
    { "y{**/x,z}", "y1/x", true },
    { "a,b}", "a,b}", true },
    { "a,**/x", "a,x", false },
    /* Of a kind. */
    { "[a-c]", "b", true },
    { "[a-c]", "d", false },
    { "[!a-c]", "d", true },
    { "[^a-c]", "a", false },
    { "[!a]", "/", false },
    { "[.-0]", "/", false },
    { "[]]", "]", true },
    { "[!]]", "x", true },
    { "[a-]", "-", true },
    { "[\\]\\-]", "-", true },
    { "[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", true },
    { "log.[0-9]{,[0-9]}", "log.12", true },
    /* Themselves. */
    { "\\*\\?\\{\\[\\\\", "*?{[\\", true },
    { "\\*", "x", false },
    { "a\\,b", "a,b", true },
    { "{a\\,b,c\\}}", "a,b", true },
    { "{a\\,b,c\\}}", "c}", true },
    { "*\xc3\xa9", "\xff\xc3\xa9", true },
};

static void matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = ERR_INIT;
        struct glob *g = glob_new(str_of(cases[i].pattern), &err);
        if (g == NULL)
            fail_msg("'%s': %s", cases[i].pattern, err.text);
        struct str path = str_of(cases[i].path), prefix = glob_prefix(g);
        if (glob_match(g, path) != cases[i].fits)
            fail_msg("'%s' and '%s': expected %d", cases[i].pattern, cases[i].path, cases[i].fits);
        if (cases[i].fits) {
            assert_true(str_starts(path, prefix));
            for (size_t n = 0; n <= path.n; n++)
                if (n == path.n || (path.p[n] & 0xc0) != 0x80)
                    assert_true(glob_reaches(g, (struct str){ path.p, n }));
        }
        glob_free(g);
    }
}

static void promises(void **state)
{
    static const struct {
        const char *pattern, *prefix;
        bool literal;
    } known[] = {
        { "", "", true },
        { "a/b", "a/b", true },
        { "a/b*", "a/b", false },
        { "**/x", "", false },
        { "a\\*b", "a*b", true },
        { "\\\\\\\xc3\xa9", "\\\xc3\xa9", true },
        { "in/{2026-11,2026-12}/x", "in/2026-1", false },
        { "a{,b}", "a", false },
        { "{ab,ab}c", "abc", true },
        { "a[b]c", "a", false },
        { "r\xc3\xa9sum\xc3\xa9/?", "r\xc3\xa9sum\xc3\xa9/", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct err err = ERR_INIT;
        struct glob *g = glob_new(str_of(known[i].pattern), &err);
        assert_non_null(g);
        if (!str_eq(glob_prefix(g), str_of(known[i].prefix)) || glob_is_literal(g) != known[i].literal)
            fail_msg("'%s': got the prefix '%.*s', literal %d", known[i].pattern, STR_ARG(glob_prefix(g)), glob_is_literal(g));
        glob_free(g);
    }
    struct err err = ERR_INIT;
    struct glob *g = glob_new(STR("in/*/2026/**/*.pdf"), &err);
    assert_non_null(g);
    assert_true(glob_reaches(g, STR("")));
    assert_true(glob_reaches(g, STR("in/a/")));
    assert_true(glob_reaches(g, STR("in/a/2026/x/y/")));
    assert_false(glob_reaches(g, STR("out/")));
    assert_false(glob_reaches(g, STR("in/a/2025/")));
    glob_free(g);
}

static void refuses(void **state)
{
    static const struct {
        const char *pattern, *why;
    } bad[] = {
        { "a{b", "byte 2: a { without its }" }, { "a{b,{c}", "byte 2: a { without its }" },
        { "[a", "byte 1: a [ without its ]" },  { "[]", "byte 1: a [ without its ]" },
        { "x\\", "byte 2: a \\ at the end" },   { "[z-a]", "byte 1: expected a range from lower to higher" },
        { "[a\\", "a \\ at the end" },          { "a\xc3", "byte 2: expected UTF-8" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        assert_null(glob_new(str_of(bad[i].pattern), &err));
        if (strstr(err.text, bad[i].why) == NULL)
            fail_msg("'%s': %s", bad[i].pattern, err.text);
    }
    char deep[200], large[5000];
    struct err err = ERR_INIT;
    memset(deep, '{', 40);
    memset(deep + 40, '}', 40);
    assert_null(glob_new((struct str){ deep, 80 }, &err));
    assert_non_null(strstr(err.text, "nested too deep"));
    err = ERR_INIT;
    memset(large, '*', sizeof large);
    assert_null(glob_new((struct str){ large, sizeof large }, &err));
    assert_non_null(strstr(err.text, "5000 bytes"));
}

/* What makes matchers that go back take for ever; and the largest program there is. */
static void takes_no_time(void **state)
{
    char pattern[4096], path[2000];
    struct err err = ERR_INIT;
    (void)state;
    for (size_t i = 0; i < 200; i += 2)
        memcpy(pattern + i, "*a", 2);
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = 'b';
    struct glob *g = glob_new((struct str){ pattern, 200 }, &err);
    assert_non_null(g);
    assert_false(glob_match(g, (struct str){ path, sizeof path }));
    path[sizeof path - 1] = 'a';
    assert_true(glob_match(g, (struct str){ path, sizeof path }));
    glob_free(g);
    for (size_t i = 0; i + 2 <= sizeof pattern; i += 2)
        memcpy(pattern + i, i % 4 == 0 ? "?*" : "*?", 2);
    g = glob_new((struct str){ pattern, sizeof pattern }, &err);
    assert_non_null(g);
    assert_false(glob_match(g, STR("x")));
    glob_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(promises),
        cmocka_unit_test(refuses),
        cmocka_unit_test(takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
