/* tests/unit/s3: the S3 client against a store that lists, is slow, is cut off, or says no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "s3/s3.h"
#include "tests/lib/http_server.h"

static struct http_server server;
static struct s3 *store;

static struct s3_settings settings(void)
{
    return (struct s3_settings){
        .url = server.url, .access_key = "THEKEY", .secret_key = "THESECRET", .tries = 3, .pause_ms = 1, .pause_max_ms = 2
    };
}

static int setup(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    log_setup("test", LOG_LEVEL_ERROR, false);
    http_server_start(&server);
    struct s3_settings s = settings();
    store = s3_new(&s, &err);
    return store != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    s3_free(store);
    http_server_stop(&server);
    return 0;
}

#define CONTENTS(key, size)                                                                                                        \
    "<Contents><Key>" key "</Key><LastModified>2026-11-20T10:00:00.123Z</LastModified><ETag>&quot;d41d8&quot;</ETag><Size>" size   \
    "</Size><StorageClass>STANDARD</StorageClass><Owner><ID>x</ID></Owner></Contents>"
#define PAGE(more, inside)                                                                                                         \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "                                                               \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>things</Name>"                                                        \
    "<IsTruncated>" more "</IsTruncated>" inside "</ListBucketResult>"

static struct s3_list *list(const char *prefix, const char *after)
{
    struct err err = ERR_INIT;
    struct s3_list *l = s3_list_new(store, "things", str_of(prefix), str_of(after), &err);
    assert_non_null(l);
    return l;
}

static void expect_object(struct s3_list *l, struct str key, int64_t size)
{
    struct err err = ERR_INIT;
    struct s3_object o;
    int rc = s3_list_next(l, &o, &err);
    if (rc != 1)
        fail_msg("expected an object, got %d: %s", rc, err.text);
    assert_true(str_eq(o.key, key));
    assert_int_equal(o.size, size);
    assert_int_equal(o.modified_ms, 1795168800123);
    assert_true(str_eq(o.etag, STR("d41d8")));
}

static void lists_pages(void **state)
{
    struct err err = ERR_INIT;
    struct s3_object o;
    (void)state;
    http_server_answer(&server, "200 OK", "",
                       STR(PAGE("true", CONTENTS("in/a&#34;b&amp;&#xA;&#13;c", "7") CONTENTS(
                                            "in/caf\xc3\xa9", "0") "<NextContinuationToken>1 a+/=&amp;</NextContinuationToken>")),
                       -1, false);
    http_server_then(&server, "200 OK", "", STR(PAGE("false", CONTENTS("in/z", "9000000000"))), -1, false);
    struct s3_list *l = list("in/", "in/9 9");
    expect_object(l, STR("in/a\"b&\n\rc"), 7);
    /* The query is sorted and encoded, and signed with what AWS asks for. */
    assert_true(http_server_saw(&server,
                                STR("GET /things?encoding-type=url&list-type=2&prefix=in%2F&start-after=in%2F9%209 HTTP/1.1\r\n")));
    assert_true(http_server_saw(&server, STR("authorization: AWS4-HMAC-SHA256 Credential=THEKEY/")));
    assert_true(http_server_saw(&server, STR("SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=")));
    assert_true(http_server_saw(&server, STR("x-amz-content-sha256: e3b0c442")));
    assert_false(http_server_saw(&server, STR("THESECRET")));
    expect_object(l, STR("in/caf\xc3\xa9"), 0);
    expect_object(l, STR("in/z"), 9000000000);
    assert_true(http_server_saw(
        &server, STR("GET /things?continuation-token=1%20a%2B%2F%3D%26&encoding-type=url&list-type=2&prefix=in%2F HTTP/1.1\r\n")));
    assert_int_equal(s3_list_next(l, &o, &err), 0);
    assert_int_equal(s3_list_next(l, &o, &err), 0);
    s3_list_free(l);
}

static void decodes_keys(void **state)
{
    (void)state;
    http_server_answer(&server, "200 OK", "",
                       STR(PAGE("false", CONTENTS("a+b%2Bc%25%0A%01%E2%82%AC/d", "1") "<EncodingType>url</EncodingType>")), -1,
                       false);
    struct s3_list *l = list("", "");
    expect_object(l, STR("a b+c%\n\x01\xe2\x82\xac/d"), 1);
    s3_list_free(l);
}

static void tries_again(void **state)
{
    static const char slow[] = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    struct err err = ERR_INIT;
    struct s3_object o;
    (void)state;
    http_server_answer(&server, "503 Slow Down", "Retry-After: 0\r\n", str_of(slow), -1, false);
    http_server_then(&server, "500 Internal Server Error", "", STR(""), -1, true);
    http_server_then(&server, "200 OK", "", STR(PAGE("false", CONTENTS("a", "1"))), -1, false);
    struct s3_list *l = list("", "");
    expect_object(l, STR("a"), 1);
    assert_int_equal(server.requests, 3);
    s3_list_free(l);

    /* A body that is cut is no page. */
    http_server_answer(&server, "200 OK", "", STR("<ListBucketResult>"), 1000, true);
    http_server_then(&server, "200 OK", "", STR(PAGE("false", CONTENTS("b", "1"))), -1, false);
    l = list("", "");
    expect_object(l, STR("b"), 1);
    s3_list_free(l);

    /* Not for ever. */
    http_server_answer(&server, "503 Slow Down", "", str_of(slow), -1, false);
    l = list("", "");
    assert_int_equal(s3_list_next(l, &o, &err), -1);
    assert_int_equal(err.class, ERR_STOP);
    assert_non_null(strstr(err.text, "503 SlowDown"));
    assert_non_null(strstr(err.text, "tried 3 times"));
    assert_int_equal(server.requests, 3);
    s3_list_free(l);

    /* Not where the store wants too long a pause; and the pause that it wants is kept. */
    http_server_answer(&server, "503 Slow Down", "Retry-After: 3600\r\n", str_of(slow), -1, false);
    err = ERR_INIT;
    l = list("", "");
    assert_int_equal(s3_list_next(l, &o, &err), -1);
    assert_non_null(strstr(err.text, "3600 s"));
    s3_list_free(l);
    http_server_answer(&server, "503 Slow Down", "Retry-After: 1\r\n", str_of(slow), -1, false);
    http_server_then(&server, "200 OK", "", STR(PAGE("false", "")), -1, false);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    err = ERR_INIT;
    l = list("", "");
    assert_int_equal(s3_list_next(l, &o, &err), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 990);
    s3_list_free(l);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *status, *headers, *body, *says;
    } cases[] = {
        { "403 Forbidden", "", "<Error><Code>InvalidAccessKeyId</Code></Error>", "doesn't know this access key" },
        { "404 Not Found", "", "<Error><Code>XAdminUserNotFound</Code></Error>", "doesn't know this access key" },
        { "403 Forbidden", "", "<Error><Code>SignatureDoesNotMatch</Code></Error>", "the secret key isn't that of the access key" },
        { "400 Bad Request", "", "<Error><Code>ExpiredToken</Code></Error>", "session token has expired" },
        { "403 Forbidden", "", "<Error><Code>AccessDenied</Code></Error>", "access is denied (403 AccessDenied)" },
        { "404 Not Found", "", "<Error><Code>NoSuchBucket</Code></Error>", "there is no bucket 'things'" },
        { "404 Not Found", "", "not xml", "there is no bucket 'things' (404)" },
        { "301 Moved Permanently", "x-amz-bucket-region: eu-west-1\r\n", "<Error><Code>PermanentRedirect</Code></Error>",
          "the store says eu-west-1 (301 PermanentRedirect): --s3-region eu-west-1" },
        { "400 Bad Request", "", "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>",
          "--s3-region eu-central-1" },
        { "403 Forbidden", "Date: Fri, 20 Nov 2026 10:00:00 GMT\r\n", "<Error><Code>RequestTimeTooSkewed</Code></Error>",
          "clock is " },
        { "403 Forbidden", "", "<Error><Code>RequestTimeTooSkewed</Code></Error>", "differ by too much" },
        { "400 Bad Request", "", "<Error><Code>InvalidArgument</Code><Message>no &lt;such&gt; thing</Message></Error>",
          "got 400 InvalidArgument: no <such> thing" },
        { "200 OK", "", "<html>Welcome</html>", "expected <ListBucketResult>, got <html>" },
        { "200 OK", "", "<ListBucketResult><Contents>", "what is no XML" },
        { "200 OK", "", PAGE("true", CONTENTS("a", "1")), "no NextContinuationToken" },
        { "200 OK", "", PAGE("false", "<Contents><Key>a</Key></Contents>"), "each object with Key, Size and LastModified" },
        { "200 OK", "",
          "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><ListBucketResult>&b;",
          "what is no XML" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        struct s3_object o;
        http_server_answer(&server, cases[i].status, cases[i].headers, str_of(cases[i].body), -1, false);
        struct s3_list *l = list("", "");
        assert_int_equal(s3_list_next(l, &o, &err), -1);
        assert_int_equal(err.class, ERR_STOP);
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: expected '%s', got '%s'", i, cases[i].says, err.text);
        assert_null(strstr(err.text, "THEKEY"));
        assert_int_equal(server.requests, 1);
        s3_list_free(l);
    }
}

static int keep(void *context, const char *p, size_t n)
{
    return buf_put(context, p, n);
}

static void gets_objects(void **state)
{
    struct err err = ERR_INIT;
    struct s3_head head;
    struct buf got;
    (void)state;
    buf_init(&got, 0);
    /* A key goes out byte by byte. */
    http_server_answer(&server, "200 OK",
                       "ETag: \"abc\"\r\nContent-Type: text/plain\r\nLast-Modified: Fri, 20 Nov 2026 10:00:00 GMT\r\n",
                       STR("hello"), -1, false);
    assert_int_equal(s3_get(store, "things", STR("/a b/..//+%\n\xc3\xa9~"), 0, -1, keep, &got, &head, &err), 0);
    assert_true(str_eq(buf_str(&got), STR("hello")));
    assert_true(http_server_saw(&server, STR("GET /things//a%20b/..//%2B%25%0A%C3%A9~ HTTP/1.1\r\n")));
    assert_int_equal(head.size, 5);
    assert_int_equal(head.modified_ms, 1795168800000);
    assert_string_equal(head.etag, "abc");
    assert_string_equal(head.content_type, "text/plain");

    /* Cut off, it goes on behind what came, of the same object. */
    buf_clear(&got);
    http_server_answer(&server, "200 OK", "ETag: \"abc\"\r\n", STR("hel"), 5, true);
    http_server_then(&server, "206 Partial Content", "ETag: \"abc\"\r\nContent-Range: bytes 3-4/5\r\n", STR("lo"), -1, false);
    assert_int_equal(s3_get(store, "things", STR("k"), 0, -1, keep, &got, &head, &err), 0);
    assert_true(str_eq(buf_str(&got), STR("hello")));
    assert_true(http_server_saw(&server, STR("\r\nrange: bytes=3-\r\n")));
    assert_true(http_server_saw(&server, STR("\r\nif-match: \"abc\"\r\n")));
    assert_true(http_server_saw(&server, STR("SignedHeaders=host;if-match;range;x-amz-content-sha256;x-amz-date")));
    assert_int_equal(head.size, 5);
    http_server_answer(&server, "200 OK", "ETag: \"abc\"\r\n", STR("hel"), 5, true);
    http_server_then(&server, "412 Precondition Failed", "", STR(""), -1, false);
    assert_int_equal(s3_get(store, "things", STR("k"), 0, -1, keep, &got, NULL, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
    assert_non_null(strstr(err.text, "changed while it was read"));

    /* A part; past the end there is nothing. */
    err = ERR_INIT;
    buf_clear(&got);
    http_server_answer(&server, "206 Partial Content", "Content-Range: bytes 2-3/10\r\nETag: \"x\"\r\n", STR("23"), -1, false);
    assert_int_equal(s3_get(store, "things", STR("k"), 2, 2, keep, &got, &head, &err), 0);
    assert_true(http_server_saw(&server, STR("\r\nrange: bytes=2-3\r\n")));
    assert_int_equal(head.size, 10);
    http_server_answer(&server, "416 Range Not Satisfiable", "Content-Range: bytes */10\r\n", STR("<Error/>"), -1, false);
    assert_int_equal(s3_get(store, "things", STR("k"), 10, 5, keep, &got, &head, &err), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(head.size, 10);

    http_server_answer(&server, "404 Not Found", "", STR("<Error><Code>NoSuchKey</Code></Error>"), -1, false);
    assert_int_equal(s3_get(store, "things", STR("k"), 0, -1, keep, &got, NULL, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
    assert_non_null(strstr(err.text, "s3://things/k: there is no such object"));
    buf_fini(&got);
}

static void heads(void **state)
{
    struct err err = ERR_INIT;
    struct s3_head head;
    (void)state;
    http_server_answer(&server, "200 OK", "ETag: \"abc-2\"\r\nContent-Type: application/pdf\r\n", STR(""), 12345, false);
    assert_int_equal(s3_head(store, "things", STR("k"), &head, &err), 0);
    assert_true(http_server_saw(&server, STR("HEAD /things/k HTTP/1.1\r\n")));
    assert_int_equal(head.size, 12345);
    assert_string_equal(head.etag, "abc-2");
    assert_string_equal(head.content_type, "application/pdf");
    http_server_answer(&server, "403 Forbidden", "", STR(""), -1, false);
    assert_int_equal(s3_head(store, "things", STR("k"), &head, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
}

static void addresses(void **state)
{
    struct err err = ERR_INIT;
    struct s3_object o;
    struct s3_settings s = settings();
    char bucket[64], url[64];
    struct str rest;
    (void)state;
    s3_free(store); /* the server has one connection at a time */
    store = NULL;
    /* Anonymous: nothing is signed. */
    s.access_key = NULL;
    http_server_answer(&server, "200 OK", "", STR(PAGE("false", "")), -1, false);
    struct s3 *other = s3_new(&s, &err);
    struct s3_list *l = s3_list_new(other, "things", STR(""), STR(""), &err);
    assert_int_equal(s3_list_next(l, &o, &err), 0);
    assert_false(http_server_saw(&server, STR("authorization")));
    assert_false(http_server_saw(&server, STR("x-amz-")));
    s3_list_free(l);
    s3_free(other);
    /* The bucket before the host; localhost's names are this machine's. */
    s = settings();
    snprintf(url, sizeof url, "http://localhost:%s", strrchr(server.url, ':') + 1);
    s.url = url;
    s.addressing = S3_VIRTUAL;
    s.session_token = "THETOKEN";
    other = s3_new(&s, &err);
    l = s3_list_new(other, "things", STR(""), STR(""), &err);
    if (s3_list_next(l, &o, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(http_server_saw(&server, STR("GET /?encoding-type=url&")));
    assert_true(http_server_saw(&server, STR("\r\nHost: things.localhost:")));
    assert_true(http_server_saw(&server, STR("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,")));
    s3_list_free(l);
    s3_free(other);

    assert_int_equal(s3_address("s3://my.bucket-1/a/b*", bucket, &rest, &err), 0);
    assert_string_equal(bucket, "my.bucket-1");
    assert_true(str_eq(rest, STR("a/b*")));
    assert_int_equal(s3_address("s3://bucket", bucket, &rest, &err), 0);
    assert_int_equal(rest.n, 0);
    assert_int_equal(s3_address("s3://ab/x", bucket, &rest, &err), -1);
    assert_int_equal(s3_address("s3://b cket/x", bucket, &rest, &err), -1);
    static const char *const bad[] = { "ftp://x", "127.0.0.1:9000", "http://", "http://u:p@x", "http://x/path", "https://x?y" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = ERR_INIT;
        s.url = bad[i];
        assert_null(s3_new(&s, &err));
        assert_non_null(strstr(err.text, "the store's URL: expected"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_pages),        cmocka_unit_test(decodes_keys), cmocka_unit_test(tries_again),
        cmocka_unit_test(says_what_is_wrong), cmocka_unit_test(gets_objects), cmocka_unit_test(heads),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
