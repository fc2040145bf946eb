/* tests/unit/memory: each allocation fails in turn: an error every time, never a crash, and in the end it works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings.h"
#include "clickhouse/clickhouse.h"
#include "declaration/plan.h"
#include "pii/policy.h"
#include "ua/ua.h"
#include "url/url.h"

static const struct opt_usage usage = { .program = "odw test", .about = "", .shared = settings_shared };

static int load_plan(struct err *err)
{
    struct plan *p = plan_load("tests/golden/check/base", "odw", err);
    plan_free(p);
    return p != NULL ? 0 : -1;
}

static int parse_options(struct err *err)
{
    char *argv[] = { "odw test", "--database", "d", "--state-dir", "tests/no/such/folder", NULL };
    struct opts *o = NULL;
    if (opts_parse(&usage, 5, argv, &o, err) != OPT_OK)
        return -1;
    opts_free(o);
    return 0;
}

/* What a row would be told: that it has no answer, never a wrong one. */
static int check(bool failed, struct buf *out, const char *expected, struct err *err)
{
    if (failed || out->failed)
        err_set(err, ERR_RETRY, "no answer");
    else if (!str_eq(buf_str(out), str_of(expected)))
        fail_msg("expected %s, got %.*s", expected, (int)out->n, out->p);
    buf_clear(out);
    return err->class == ERR_NONE ? 0 : -1;
}

static int use_policies(struct err *err)
{
    static const char text[] = "ada@example.com, 10.1.2.3:4155550132, card 4111 1111 1111 1111";
    static const char json[] = "{\"mail\": \"ada\\u0040example.com\", \"p\\u0069n\": 1234}";
    struct pii_policies *s = pii_policies_load("udfs/pii_redact_with/share/policies", err);
    struct buf out;
    int done = -1;
    buf_init(&out, 0);
    const struct pii_policy *support = s != NULL ? pii_policy(s, STR("support"), err) : NULL;
    const struct hmac_key *key = support != NULL ? pii_key(s, STR("not-secret"), err) : NULL;
    if (key == NULL)
        goto out;
    if (check(pii_redact_with(support, str_of(text), &out) < 0, &out,
              "a**@*******.com, 10.1.2.0:4155550132, card **** **** **** 1111", err) < 0)
        goto out;
    if (check(pii_redact_json_with(support, str_of(json), &out) < 0, &out,
              "{\"mail\": \"a**@*******.com\", \"p\\u0069n\": \"[SECRET]\"}", err) < 0)
        goto out;
    pii_tokenise(key, STR("mail ada@example.com"), &out);
    if (check(false, &out, "mail [EMAIL:f70d42849f6570c044be3be76a4a7b92]", err) < 0)
        goto out;
    pii_tokenise_value(key, STR("ada@example.com"), &out);
    done = check(false, &out, "[EMAIL:f70d42849f6570c044be3be76a4a7b92]", err);
out:
    buf_fini(&out);
    pii_policies_free(s);
    return done;
}

/* A policy with all that one may have. */
static const char own_policy[] = "{\"default\": {\"action\": \"mask\"}, \"keys\": {\"add\": [\"a\"], \"except\": [\"pin\"]}, "
                                 "\"patterns\": [{\"name\": \"EMPLOYEE\", "
                                 "\"pattern\": \"EMP-[0-9]+\", \"context\": [\"staff\"], \"checksum\": \"luhn\"}]}";
static char own_folder[] = "/tmp/odw-memory-XXXXXX";

static int use_own_policy(struct err *err)
{
    struct pii_policies *s = pii_policies_load(own_folder, err);
    const struct pii_policy *own = s != NULL ? pii_policy(s, STR("own"), err) : NULL;
    struct buf out;
    int done = -1;
    buf_init(&out, 0);
    if (own != NULL)
        done = check(pii_redact_with(own, STR("staff EMP-18, ada@example.com"), &out) < 0, &out,
                     "staff [EMPLOYEE], ***@*******.***", err);
    if (done == 0)
        done = check(pii_redact_json_with(own, STR("{\"a\": \"b\", \"c\": \"staff EMP\\u002d18\", \"pin\": 1}"), &out) < 0, &out,
                     "{\"a\": \"*\", \"c\": \"staff [EMPLOYEE]\", \"pin\": 1}", err);
    buf_fini(&out);
    pii_policies_free(s);
    return done;
}

static struct opts *options;

static int connect_clickhouse(struct err *err)
{
    struct clickhouse *c = clickhouse_new(options, err);
    clickhouse_free(c);
    return c != NULL ? 0 : -1;
}

#if defined __has_feature /* clang's word for gcc's __SANITIZE_ADDRESS__ */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined __SANITIZE_ADDRESS__
static void need_allocator(void)
{
    print_message("skipped: AddressSanitizer has the allocator\n");
    skip();
}

static void in_turn(const char *what, int (*try)(struct err *))
{
    (void)what;
    (void)try;
}
#else
static void need_allocator(void)
{
}

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static long until_failure; /* 0: none fails */

static bool fails(void)
{
    return until_failure > 0 && --until_failure == 0;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

static void in_turn(const char *what, int (*try)(struct err *))
{
    for (long n = 1; n < 100000; n++) {
        struct err err = ERR_INIT;
        until_failure = n;
        int failed = try(&err);
        bool all = until_failure > 0;
        until_failure = 0;
        if (failed == 0 && all) {
            print_message("%s: %ld allocations\n", what, n - 1);
            assert_true(n > 2);
            return;
        }
        /* A failure that something could do without is fine (a libc that buffers less); an error that says nothing isn't. */
        if (failed != 0 && err.class == ERR_NONE)
            fail_msg("%s: allocation %ld failed, and no error was set", what, n);
    }
    fail_msg("%s: never worked", what);
}
#endif

/* A wrong answer would be worse than none. */
static int parse_agents(struct err *err)
{
    static const char *const agents[][2] = {
        { "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Linux" },
        { "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Mobile Safari/537.36",
          "Android" },
        { "\xD0\x92/2.1 CFNetwork/711.1.16 Darwin/14.0.0", "iOS" },
    };
    struct ua *ua = ua_new(err);
    int result = ua != NULL ? 0 : -1;
    for (size_t i = 0; i < 3 && result == 0; i++) {
        struct ua_answer a;
        if (ua_parse(ua, str_of(agents[i][0]), &a) < 0)
            result = err_set(err, ERR_STOP, "out of memory");
        else if (!str_eq(a.os, str_of(agents[i][1])))
            fail_msg("%s: expected %s, got %.*s", agents[i][0], agents[i][1], STR_ARG(a.os));
    }
    ua_free(ua);
    return result;
}

static void agent_rules(void **state)
{
    (void)state;
    need_allocator();
    in_turn("ua_parse", parse_agents);
}

static int parse_urls(struct err *err)
{
    static const char *const urls[][3] = {
        { "https://m\xC3\xBCnchen.de/\xC3\xBC?utm_source=a%20b&token=x&to=ada%40example.com", "xn--mnchen-3ya.de",
          "utm_source=a%20b&token=[REDACTED]&to=[EMAIL]" },
        { "\xD0\xBF\xD1\x80\xD0\xB8\xD0\xBC\xD0\xB5\xD1\x80.\xD1\x80\xD1\x84/x", "xn--e1afmkfd.xn--p1ai", "" },
        { "http://exa\tmple.com/?utm_id=ada@example.com", "example.com", "utm_id=[EMAIL]" },
    };
    struct url_reader reader;
    struct buf memory, scratch[2], out;
    int result = 0;
    url_reader_init(&reader);
    buf_init(&memory, 0);
    buf_init(&scratch[0], 0);
    buf_init(&scratch[1], 0);
    buf_init(&out, 0);
    for (size_t i = 0; i < 3 && result == 0; i++) {
        struct url url;
        struct url_parameters p;
        buf_clear(&out);
        if (url_read(&reader, str_of(urls[i][0]), &url) < 0 || url_parameters_read(url.query, &memory, &p) < 0 ||
            url_query_redact(url.query, scratch, &out) < 0)
            result = err_set(err, ERR_RETRY, "out of memory");
        else if (!str_eq(url.host, str_of(urls[i][1])) || !str_eq(buf_str(&out), str_of(urls[i][2])) ||
                 (p.n_utm > 0 && memchr(p.utm[0].value.p, '@', p.utm[0].value.n) != NULL))
            fail_msg("%s: got %.*s, %.*s", urls[i][0], STR_ARG(url.host), (int)out.n, out.p);
    }
    url_reader_fini(&reader);
    buf_fini(&memory);
    buf_fini(&scratch[0]);
    buf_fini(&scratch[1]);
    buf_fini(&out);
    return result;
}

static void urls(void **state)
{
    (void)state;
    need_allocator();
    in_turn("url_read", parse_urls);
}

static void plan(void **state)
{
    (void)state;
    need_allocator();
    in_turn("plan_load", load_plan);
}

static void opts(void **state)
{
    (void)state;
    need_allocator();
    in_turn("opts_parse", parse_options);
}

static void clickhouse(void **state)
{
    char *argv[] = { "odw test", NULL };
    struct err err = ERR_INIT;
    (void)state;
    need_allocator();
    assert_int_equal(opts_parse(&usage, 1, argv, &options, &err), OPT_OK);
    struct clickhouse *first = clickhouse_new(options, &err); /* libcurl starts once, and stays */
    assert_non_null(first);
    in_turn("clickhouse_new", connect_clickhouse);
    clickhouse_free(first);
    opts_free(options);
}

static void policies(void **state)
{
    (void)state;
    need_allocator();
    in_turn("policies", use_policies);
    char path[64];
    assert_non_null(mkdtemp(own_folder));
    snprintf(path, sizeof path, "%s/own.json", own_folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(own_policy, f);
    fclose(f);
    in_turn("a policy of one's own", use_own_policy);
    unlink(path);
    rmdir(own_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(agent_rules), cmocka_unit_test(urls),       cmocka_unit_test(plan),
                                        cmocka_unit_test(opts),        cmocka_unit_test(clickhouse), cmocka_unit_test(policies) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
