/* tests/unit/s3_sign: the signatures that Amazon publishes: of its S3 API reference ("Signature Calculations for the Authorization
 * Header") and of its signature test suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3/sign.h"

#define HOST                                                                                                                       \
    {                                                                                                                              \
        "host",                                                                                                                    \
        {                                                                                                                          \
            "examplebucket.s3.amazonaws.com", 30                                                                                   \
        }                                                                                                                          \
    }
#define NOTHING                                                                                                                    \
    {                                                                                                                              \
        "x-amz-content-sha256",                                                                                                    \
        {                                                                                                                          \
            S3_EMPTY_SHA256, 64                                                                                                    \
        }                                                                                                                          \
    }
#define DATE                                                                                                                       \
    {                                                                                                                              \
        "x-amz-date",                                                                                                              \
        {                                                                                                                          \
            "20130524T000000Z", 16                                                                                                 \
        }                                                                                                                          \
    }
#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

static void expect(const struct s3_signing *s, const char *signed_headers, const char *signature)
{
    struct buf got, wanted;
    buf_init(&got, 0);
    buf_init(&wanted, 0);
    assert_int_equal(s3_sign(s, &got), 0);
    buf_printf(&wanted, "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s", s->access_key,
               s->moment, s->region, s->service, signed_headers, signature);
    assert_string_equal(buf_text(&got), buf_text(&wanted));
    buf_fini(&got);
    buf_fini(&wanted);
}

static void s3_reference(void **state)
{
    struct s3_signing s = { .method = "GET",
                            .moment = "20130524T000000Z",
                            .region = "us-east-1",
                            .service = "s3",
                            .payload = S3_EMPTY_SHA256,
                            .access_key = "AKIAIOSFODNN7EXAMPLE",
                            .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                            .path = STR("/") };
    const struct s3_header range[] = { HOST, { "range", STR("bytes=0-9") }, NOTHING, DATE }, bare[] = { HOST, NOTHING, DATE };
    const struct s3_header put[] = { { "date", STR("Fri, 24 May 2013 00:00:00 GMT") },
                                     HOST,
                                     { "x-amz-content-sha256", STR(WELCOME) },
                                     DATE,
                                     { "x-amz-storage-class", STR("REDUCED_REDUNDANCY") } };
    (void)state;
    /* An object's first bytes. */
    s.path = STR("/test.txt");
    s.headers = range;
    s.n_headers = 4;
    expect(&s, "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    /* An object put, with a path that is encoded. */
    s.method = "PUT";
    s.path = STR("/test%24file.text");
    s.payload = WELCOME;
    s.headers = put;
    s.n_headers = 5;
    expect(&s, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
           "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    /* A parameter without a value. */
    s.method = "GET";
    s.path = STR("/");
    s.payload = S3_EMPTY_SHA256;
    s.query = STR("lifecycle=");
    s.headers = bare;
    s.n_headers = 3;
    expect(&s, "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    /* A listing. */
    s.query = STR("max-keys=2&prefix=J");
    expect(&s, "host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

/* get-vanilla, get-vanilla-query-order-key-case and get-unreserved: another service, no hash among the headers. */
static void test_suite(void **state)
{
    const struct s3_header headers[] = { { "host", STR("example.amazonaws.com") }, { "x-amz-date", STR("20150830T123600Z") } };
    struct s3_signing s = { .method = "GET",
                            .moment = "20150830T123600Z",
                            .region = "us-east-1",
                            .service = "service",
                            .payload = S3_EMPTY_SHA256,
                            .access_key = "AKIDEXAMPLE",
                            .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                            .path = STR("/"),
                            .headers = headers,
                            .n_headers = 2 };
    (void)state;
    expect(&s, "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    s.query = STR("Param1=value1&Param2=value2");
    expect(&s, "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    s.query = STR("");
    s.path = STR("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    expect(&s, "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(s3_reference), cmocka_unit_test(test_suite) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
