/* tests/fuzz/ua: what must hold for the answer to an agent of any bytes. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "ua/match.h"
#include "ua/ua.h"

const char *const fuzz_words[] = {
    "Mozilla/5.0 (",
    "Linux; Android 13; ",
    "Linux; U; Android 4.0.3; en-us; ",
    " Build/",
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "iPhone; CPU iPhone OS 18_1 like Mac OS X",
    "X11; CrOS x86_64 1.2.3",
    ") AppleWebKit/537.36 (KHTML, like Gecko) ",
    "Chrome/131.0.0.0 ",
    "Version/18.1 ",
    "Mobile/15E148 ",
    "Mobile ",
    "Safari/604.1",
    "Firefox/132.0",
    "Edg/131.0",
    "OPR/1.2",
    "; wv",
    "CFNetwork/711.1.16 Darwin/14.0.0",
    "compatible; ",
    "MSIE 7.0; Trident/7.0; ",
    "Opera/9.80 (",
    "Opera Mini/7.1",
    "Presto/2.8 ",
    "Googlebot/2.1",
    "bot",
    "spider",
    "crawler",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "HeadlessChrome",
    "SM-G960F",
    "SAMSUNG-",
    "HTC_",
    "LG-",
    "Nokia",
    "BlackBerry9000/",
    "ALCATEL ",
    "HUAWEI ",
    "Lenovo ",
    "SMART-TV; ",
    "PlayStation 4",
    "Kindle Fire",
    "Windows Phone 8.1; ",
    "SymbianOS/9.4; Series60/5.0 ",
    "UCBrowser/1.2",
    "[FBAN/FBIOS;FBAV/1.2",
    "; ",
    ";",
    "/",
    "/1",
    ".2",
    "_",
    " ",
    "(",
    ")",
    "$1",
    "\n",
    "é",
    "微信",
    "\xFF",
    NULL,
};

enum { ALL_RULES_EVERY = 32 }; /* trying all rules takes a thousand times as long */

static bool valid_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

static bool same(const struct ua_answer *a, const struct ua_answer *b)
{
    return str_eq(a->browser, b->browser) && str_eq(a->browser_version, b->browser_version) && str_eq(a->os, b->os) &&
           str_eq(a->os_version, b->os_version) && str_eq(a->device, b->device) && str_eq(a->brand, b->brand) &&
           str_eq(a->model, b->model) && a->is_bot == b->is_bot && str_eq(a->bot_name, b->bot_name);
}

/* No rule before the one that was found matches, whatever its literals. */
static void check_all_rules(struct matcher *m, struct str text)
{
    static pcre2_code **codes[2];
    static pcre2_match_data *data;
    static pcre2_match_context *context;
    bool ascii = true;
    for (size_t i = 0; i < text.n; i++)
        ascii = ascii && (unsigned char)text.p[i] < 0x80;
    if (codes[ascii] == NULL) {
        MUST((codes[ascii] = calloc(ua_n_rules, sizeof(pcre2_code *))) != NULL);
        for (unsigned i = 0; i < ua_n_rules; i++) {
            int error;
            size_t at;
            uint32_t options = (ua_rules[i].caseless ? PCRE2_CASELESS : 0) | (ascii ? 0 : PCRE2_UTF | PCRE2_MATCH_INVALID_UTF);
            codes[ascii][i] = pcre2_compile((PCRE2_SPTR)ua_rules[i].pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
            MUST(codes[ascii][i] != NULL);
            pcre2_jit_compile(codes[ascii][i], PCRE2_JIT_COMPLETE);
        }
        if (data == NULL) {
            MUST((data = pcre2_match_data_create(1, NULL)) != NULL && (context = pcre2_match_context_create(NULL)) != NULL);
            pcre2_set_match_limit(context, 20000); /* what takes more is no evidence either way */
        }
    }
    matcher_text(m, text);
    for (enum ua_list list = UA_BROWSER; list < UA_LISTS; list++) {
        struct match match;
        unsigned to = matcher_first(m, list, &match) ? (unsigned)(match.rule - ua_rules) : ua_list_start[list + 1];
        for (unsigned i = ua_list_start[list]; i < to; i++)
            if (pcre2_match(codes[ascii][i], (PCRE2_SPTR)text.p, text.n, 0, 0, data, context) >= 0) {
                fprintf(stderr, "missed rule %u: %s\nin: %.*s\n", i, ua_rules[i].pattern, STR_ARG(text));
                abort();
            }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct ua *ua, *fresh;
    static struct matcher *matcher;
    static unsigned turn;
    struct err err = ERR_INIT;
    struct ua_answer first, again, anew;
    if (ua == NULL)
        MUST((ua = ua_new(&err)) != NULL && (fresh = ua_new(&err)) != NULL && (matcher = matcher_new(&err)) != NULL);
    char *copy = malloc(n > 0 ? n : 1); /* a sanitizer sees every read beyond */
    MUST(copy != NULL);
    memcpy(copy, bytes, n);
    struct str agent = { copy, n };
    MUST(ua_parse(ua, agent, &first) == 0);
    const struct str fields[] = { first.browser, first.browser_version, first.os,    first.os_version,
                                  first.device,  first.brand,           first.model, first.bot_name };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        MUST(valid_utf8(fields[i]));
    MUST(first.is_bot || first.bot_name.n == 0);
    MUST(ua_parse_anew(fresh, agent, &anew) == 0 && same(&first, &anew));
    MUST(ua_parse(ua, agent, &again) == 0 && same(&anew, &again));
    if (turn++ % ALL_RULES_EVERY == 0)
        check_all_rules(matcher, (struct str){ copy, n < UA_AGENT_MAX ? n : UA_AGENT_MAX });
    free(copy);
    return 0;
}
