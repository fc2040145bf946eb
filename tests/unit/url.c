/* tests/unit/url: the public suffix list's own tests, and what urlParse's cases don't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "url/url.h"

/* The domain that the library gives for a host as people write it. */
static struct str domain_of(const char *host, struct buf *idna, struct buf *out)
{
    buf_clear(out);
    if (!url_host_read(str_of(host), true, idna, out))
        return (struct str){ 0 };
    return url_registrable_domain(buf_str(out), NULL);
}

static void expect_domain(const char *host, const char *domain)
{
    struct buf idna, got, expected;
    buf_init(&idna, 0);
    buf_init(&got, 0);
    buf_init(&expected, 0);
    if (domain != NULL)
        assert_true(url_host_read(str_of(domain), true, &idna, &expected));
    struct str found = domain_of(host, &idna, &got);
    if (!str_eq(found, buf_str(&expected)))
        fail_msg("%s: expected %s, got %.*s", host, domain != NULL ? domain : "none", STR_ARG(found));
    buf_fini(&idna);
    buf_fini(&got);
    buf_fini(&expected);
}

/* checkPublicSuffix('host', 'domain' or null); of each line of the file that comes with the list. */
static void the_lists_own_tests(void **state)
{
    (void)state;
    char line[512];
    int run = 0;
    FILE *f = fopen("/usr/share/doc/publicsuffix/examples/test_psl.txt", "re");
    if (f == NULL) {
        print_message("the package publicsuffix is installed without its tests: not run\n");
        skip();
    }
    while (fgets(line, sizeof line, f) != NULL) {
        char host[256], domain[256];
        if (sscanf(line, "checkPublicSuffix('%255[^']', '%255[^']')", host, domain) == 2)
            expect_domain(host, domain);
        else if (sscanf(line, "checkPublicSuffix('%255[^']', null)", host) == 1)
            expect_domain(host, NULL);
        else
            continue;
        run++;
    }
    fclose(f);
    assert_true(run > 70);
}

/* The rules as https://publicsuffix.org/list/ has them. */
static void rules(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "example.com", "example.com" },
        { "a.b.example.com", "example.com" },
        { "com", NULL },
        { "example.co.uk", "example.co.uk" },
        { "co.uk", NULL },
        { "x.y.example.co.uk", "example.co.uk" },
        { "unlisted-tld", NULL },
        { "example.unlisted-tld", "example.unlisted-tld" },
        { "ck", NULL },
        { "foo.ck", NULL }, /* *.ck */
        { "bar.foo.ck", "bar.foo.ck" },
        { "www.ck", "www.ck" }, /* !www.ck */
        { "a.www.ck", "www.ck" },
        { "c.kobe.jp", NULL },
        { "b.c.kobe.jp", "b.c.kobe.jp" },
        { "city.kobe.jp", "city.kobe.jp" },
        { "github.io", NULL }, /* the private section */
        { "someone.github.io", "someone.github.io" },
        { "pages.someone.github.io", "someone.github.io" },
        { "食狮.公司.cn", "食狮.公司.cn" },
        { "www.食狮.公司.cn", "食狮.公司.cn" },
        { "公司.cn", NULL },
        { "EXAMPLE.CoM.", "example.com" },
        { ".example.com", NULL },
        { "a..example.com", NULL },
        { "192.0.2.1", NULL },
        { "1.2.3", NULL },
        { "[2001:db8::1]", NULL },
        { "localhost", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_domain(cases[i][0], cases[i][1]);
}

/* What the library says is listed decides whether a text without a scheme begins with a host. */
static void listed(void **state)
{
    (void)state;
    bool is = false;
    url_registrable_domain(STR("example.com"), &is);
    assert_true(is);
    url_registrable_domain(STR("page.html"), &is);
    assert_false(is);
    url_registrable_domain(STR(""), &is);
    assert_false(is);
}

/* Time grows with the text, whatever it holds: 4 MB of each in less than the deadline of a test. */
static void long_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = { "/..", "a.", "&utm_source=a", "&utm_%41=", "&a=%40", "@", ":", "[", "%2e%2e/", "\\", "\n",
                                          "é",   "&=" };
    enum { BYTES = 4 << 20 };
    char *text = malloc(BYTES + 32);
    assert_non_null(text);
    struct url_reader reader;
    struct buf memory, scratch[2], out;
    url_reader_init(&reader);
    buf_init(&memory, 0);
    buf_init(&scratch[0], 0);
    buf_init(&scratch[1], 0);
    buf_init(&out, 0);
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
        for (int in_query = 0; in_query < 2; in_query++) {
            size_t n = (size_t)sprintf(text, "https://x.example/%s", in_query ? "?" : "");
            if (!in_query && p % 2 == 1)
                n = (size_t)sprintf(text, "https://");
            while (n < BYTES) {
                memcpy(text + n, pieces[p], strlen(pieces[p]));
                n += strlen(pieces[p]);
            }
            struct url url;
            struct url_parameters parameters;
            assert_int_equal(url_read(&reader, (struct str){ text, n }, &url), 0);
            assert_int_equal(url_parameters_read(url.query, &memory, &parameters), 0);
            buf_clear(&out);
            assert_int_equal(url_query_redact(url.query, scratch, &out), 0);
        }
    url_reader_fini(&reader);
    buf_fini(&memory);
    buf_fini(&scratch[0]);
    buf_fini(&scratch[1]);
    buf_fini(&out);
    free(text);
}

/* No more campaign parameters than there is room for. */
static void many_parameters(void **state)
{
    (void)state;
    struct buf query, memory;
    struct url_parameters parameters;
    buf_init(&query, 0);
    buf_init(&memory, 0);
    for (int i = 0; i < 1000; i++)
        buf_printf(&query, "utm_%d=%d&", i, i);
    assert_int_equal(url_parameters_read(buf_str(&query), &memory, &parameters), 0);
    assert_int_equal(parameters.n_utm, URL_UTM_MAX);
    assert_true(str_eq(parameters.utm[URL_UTM_MAX - 1].name, STR("utm_31")));
    assert_true(str_eq(parameters.utm[URL_UTM_MAX - 1].value, STR("31")));
    buf_fini(&query);
    buf_fini(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lists_own_tests), cmocka_unit_test(rules),           cmocka_unit_test(listed),
        cmocka_unit_test(long_texts),          cmocka_unit_test(many_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
