/* What uaParse makes of agents: the rules in order, templates, versions, bots, the cache, any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ua/match.h"
#include "ua/ua.h"

#define ANDROID                                                                                                                    \
    "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Mobile Safari/537.36"
#define IPHONE                                                                                                                     \
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1.1 "            \
    "Mobile/15E148 Safari/604.1"
#define GOOGLEBOT "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

static struct ua *ua;

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return (ua = ua_new(&err)) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ua_free(ua);
    return 0;
}

static struct ua_answer parse(struct str agent)
{
    struct ua_answer a;
    assert_int_equal(ua_parse(ua, agent, &a), 0);
    return a;
}

static void is(struct str got, const char *expected)
{
    if (!str_eq(got, str_of(expected)))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, STR_ARG(got));
}

static void test_fields(void **state)
{
    (void)state;
    struct ua_answer a = parse(STR(ANDROID));
    is(a.browser, "Chrome Mobile");
    is(a.browser_version, "112.0.0.0");
    is(a.os, "Android");
    is(a.os_version, "13");
    is(a.device, "Samsung SM-S918B");
    is(a.brand, "Samsung");
    is(a.model, "SM-S918B");
    is(a.bot_name, "");
    assert_false(a.is_bot);
    a = parse(STR(GOOGLEBOT));
    is(a.device, "Spider");
    is(a.bot_name, "Googlebot");
    assert_true(a.is_bot);
    a = parse(STR("curl/8.5.0")); /* a bot by the crawler list, no Spider by the rules */
    is(a.device, "Other");
    is(a.bot_name, "curl");
    assert_true(a.is_bot);
}

/* Every rule compiles, and has literals: without them it would be tried on every agent. */
static void test_rules(void **state)
{
    (void)state;
    assert_int_equal(ua_n_always, 0);
    for (unsigned i = 0; i < ua_n_rules; i++) {
        int error;
        size_t at;
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)ua_rules[i].pattern, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
        if (code == NULL)
            fail_msg("%s: error %d at %zu", ua_rules[i].pattern, error, at);
        pcre2_code_free(code);
    }
}

static unsigned first_by_force(pcre2_code **codes, pcre2_match_data *data, enum ua_list list, struct str agent)
{
    unsigned rule = ua_list_start[list];
    while (rule < ua_list_start[list + 1] && pcre2_match(codes[rule], (PCRE2_SPTR)agent.p, agent.n, 0, 0, data, NULL) < 0)
        rule++;
    return rule;
}

/* Trying all rules in their order finds the same ones as trying those that the literals allow. */
static void test_literals_lose_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { "udfs/ua_parse/cases/01_browsers.in", "udfs/ua_parse/cases/02_bots.in" };
    pcre2_code **codes = calloc(ua_n_rules, sizeof(pcre2_code *));
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    struct err err = ERR_INIT;
    struct matcher *m = matcher_new(&err);
    size_t lines = 0;
    assert_non_null(m);
    for (unsigned i = 0; i < ua_n_rules; i++) {
        int error;
        size_t at;
        codes[i] = pcre2_compile((PCRE2_SPTR)ua_rules[i].pattern, PCRE2_ZERO_TERMINATED, ua_rules[i].caseless ? PCRE2_CASELESS : 0,
                                 &error, &at, NULL);
        pcre2_jit_compile(codes[i], PCRE2_JIT_COMPLETE);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char line[4096];
        FILE *f = fopen(files[i], "r");
        assert_non_null(f);
        while (fgets(line, sizeof line, f) != NULL) {
            struct str agent = { line, strcspn(line, "\n") };
            struct match match;
            matcher_text(m, agent);
            for (enum ua_list list = UA_BROWSER; list < UA_LISTS; list++) {
                unsigned forced = first_by_force(codes, data, list, agent);
                bool found = matcher_first(m, list, &match);
                if (found != (forced < ua_list_start[list + 1]) || (found && match.rule != &ua_rules[forced]))
                    fail_msg("%s: expected rule %s", line, ua_rules[forced].pattern);
            }
            lines++;
        }
        fclose(f);
    }
    assert_true(lines > 20);
    for (unsigned i = 0; i < ua_n_rules; i++)
        pcre2_code_free(codes[i]);
    free(codes);
    pcre2_match_data_free(data);
    matcher_free(m);
}

/* The same answer from the cache, also after so many agents that both generations were thrown away. */
static void test_cache(void **state)
{
    (void)state;
    static const char *const agents[] = { ANDROID, IPHONE, GOOGLEBOT, "curl/8.5.0", "" };
    struct ua_answer a, anew;
    char text[200];
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 5; i++)
            for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(ua_parse_anew(ua, str_of(agents[i]), &anew), 0);
                assert_int_equal(ua_parse(ua, str_of(agents[i]), &a), 0);
                assert_true(str_eq(a.device, anew.device) && str_eq(a.browser_version, anew.browser_version));
                assert_true(a.is_bot == anew.is_bot && str_eq(a.bot_name, anew.bot_name) && str_eq(a.model, anew.model));
            }
        for (int i = 0; i < 30000; i++) {
            snprintf(text, sizeof text, "Firefox/%d.%d", i, round);
            a = parse(str_of(text));
            snprintf(text, sizeof text, "%d.%d", i, round);
            is(a.browser_version, text);
        }
    }
    /* Exact: one byte more is another agent. */
    is(parse(STR("Firefox/1.0")).browser_version, "1.0");
    is(parse(STR("Firefox/1.00")).browser_version, "1.00");
}

static void valid_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            fail_msg("not UTF-8: %.*s", STR_ARG(s));
}

static void test_any_bytes(void **state)
{
    (void)state;
    is(parse(STR("")).browser, "Other");
    is(parse((struct str){ NULL, 0 }).os, "Other");
    is(parse(STR("\xD0\x92/2.1 CFNetwork/711")).browser, "\xD0\x92");
    struct ua_answer a = parse(STR("; \xFF\xFE Build/x Android \xC3 CFNetwork/1 \xF0\x9F"));
    valid_utf8(a.browser);
    valid_utf8(a.device);
    valid_utf8(a.model);
    /* 10 MB of the same: what is beyond UA_AGENT_MAX isn't there. */
    size_t n = 10 << 20;
    char *large = malloc(n);
    assert_non_null(large);
    static const char *const pieces[] = { "a",       ";",   "/",    ".", "9", "Mozilla/5.0 (", "Android ", "; ",
                                          " Build/", "bot", "\xFF", "é", "\0" };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t piece = pieces[i][0] == '\0' ? 1 : strlen(pieces[i]);
        for (size_t at = 0; at + piece <= n; at += piece)
            memcpy(large + at, pieces[i], piece);
        a = parse((struct str){ large, n });
        valid_utf8(a.device);
    }
    memset(large, ' ', n);
    memcpy(large + UA_AGENT_MAX - 8, "Firefox/1.2", 11);
    is(parse((struct str){ large, n }).browser_version, "");
    memcpy(large + UA_AGENT_MAX - 11, "Firefox/1.2", 11);
    is(parse((struct str){ large, n }).browser_version, "1.2");
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields), cmocka_unit_test(test_rules),     cmocka_unit_test(test_literals_lose_nothing),
        cmocka_unit_test(test_cache),  cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
