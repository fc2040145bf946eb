/* tests/fuzz/url: what must hold for any bytes as a URL. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "url/url.h"

const char *const fuzz_words[] = {
    "http://",
    "http://xn--",
    ".xn--tda",
    "\xC3\x9F",
    "\xE2\x80\x8D",
    "\xE0\xA5\x8D",
    "\xD9\x8A",
    "\xEF\xB7\xBA",
    "\xCC\xA3",
    "https:",
    "file:",
    "foo:",
    "//",
    "\\\\",
    "/",
    "\\",
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "?",
    "#",
    "&",
    "=",
    ";",
    "@",
    ":",
    ":80",
    ":65536",
    "[",
    "]",
    "[::1]",
    "[::ffff:1.2.3.4]",
    "1.2.3.4",
    "0x7f",
    "0377.1",
    "4294967295",
    "example.com",
    "co.uk",
    "www.ck",
    "a.b.kobe.jp",
    "xn--p1ai",
    "xn--",
    "münchen.de",
    "пример.рф",
    "。",
    "\xC2\xAD",
    "\xFF",
    "\xE2\x82",
    "%FF",
    "%",
    "%4",
    "%40",
    "+",
    " ",
    "\t",
    "\n",
    "\x01",
    "C:",
    "C|",
    "localhost",
    "user:pw",
    "utm_source=",
    "utm_",
    "UTM_MEDIUM=",
    "gclid=",
    "ScCid=",
    "amp;",
    "token=",
    "apiKey=",
    "user[password]=",
    "code=",
    "state=",
    "email=",
    "ada@example.com",
    "ada%40example.com",
    "+14155550132",
    "%2B1+415+555+0132",
    "[REDACTED]",
    "[EMAIL]",
    NULL,
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz url: %s\n", what);
        abort();
    }
}

static bool is_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7E)
            return false;
    return true;
}

static size_t count(struct str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == c;
    return n;
}

static void check_query(struct str query)
{
    struct buf memory, scratch[2], once, twice;
    struct url_parameters p;
    buf_init(&memory, 0);
    buf_init(&scratch[0], 0);
    buf_init(&scratch[1], 0);
    buf_init(&once, 0);
    buf_init(&twice, 0);
    must(url_parameters_read(query, &memory, &p) == 0, "parameters are read");
    must(p.n_utm <= URL_UTM_MAX && (p.click_id.n > 0) == (p.click_id_name[0] != '\0'), "a click id has a name");
    for (size_t i = 0; i < p.n_utm; i++) {
        must(is_utf8(p.utm[i].name) && is_utf8(p.utm[i].value) && str_starts(p.utm[i].name, STR("utm_")),
             "a campaign parameter is UTF-8");
        for (size_t k = 0; k < i; k++)
            must(!str_eq(p.utm[k].name, p.utm[i].name), "each once");
    }
    must(is_utf8(p.click_id), "a click id is UTF-8");
    must(url_query_redact(query, scratch, &once) == 0 && url_query_redact(buf_str(&once), scratch, &twice) == 0,
         "a query is redacted");
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        fprintf(stderr, "once:  %.*s\ntwice: %.*s\n", STR_ARG(once), STR_ARG(twice));
    must(str_eq(buf_str(&once), buf_str(&twice)), "twice is as once");
    must(count(buf_str(&once), '&') == count(query, '&'), "as many parameters as before");
    must(!is_utf8(query) || is_utf8(buf_str(&once)), "UTF-8 stays UTF-8");
    buf_fini(&memory);
    buf_fini(&scratch[0]);
    buf_fini(&scratch[1]);
    buf_fini(&once);
    buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct url_reader reader, second;
    if (reader.host.max == 0) {
        url_reader_init(&reader);
        url_reader_init(&second);
    }
    char *copy = malloc(n > 0 ? n : 1);
    must(copy != NULL, "memory");
    memcpy(copy, data, n);
    struct url url, again;
    must(url_read(&reader, (struct str){ copy, n }, &url) == 0, "a URL is read");
    must(is_ascii(url.scheme) && is_ascii(url.host), "scheme and host are ASCII");
    must(url.scheme.n == 0 || !url.special || is_ascii(url.path), "a path is");
    must(url.valid || url.host.n == 0, "no host where there can be none");
    must(url.registrable_domain.n <= url.host.n, "the domain is a part of the host");
    if (url.special && url.registrable_domain.n > 0)
        must(memmem(url.host.p, url.host.n, url.registrable_domain.p, url.registrable_domain.n) != NULL,
             "the domain is in the host");
    must(url.scheme.n == 0 || !url.special || (url.path.n > 0 && url.path.p[0] == '/'), "such a path begins with a slash");
    if (url.valid && url.scheme.n > 0 && url.special && url.host.n > 0) {
        /* What was read, written again, is read as the same. */
        struct buf text;
        buf_init(&text, 0);
        buf_printf(&text, "%.*s://%.*s%.*s", STR_ARG(url.scheme), STR_ARG(url.host), STR_ARG(url.path));
        must(url_read(&second, buf_str(&text), &again) == 0, "a URL is read again");
        must(again.valid && str_eq(again.host, url.host) && str_eq(again.path, url.path) &&
                 str_eq(again.registrable_domain, url.registrable_domain),
             buf_text(&text));
        buf_fini(&text);
    }
    check_query(url.query);
    check_query((struct str){ copy, n });
    free(copy);
    return 0;
}
