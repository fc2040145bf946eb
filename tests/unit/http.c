/* tests/unit/http: the HTTP client against a server that answers well, badly, half or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"
#include "tests/lib/http_server.h"

static struct http_server server;
static struct http *client;

static int setup(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    http_server_start(&server);
    client = http_new(NULL, &err);
    return client != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    http_free(client);
    http_server_stop(&server);
    return 0;
}

static int ask(const struct http_request *extra, struct http_response *response, struct err *err)
{
    struct http_request request = extra != NULL ? *extra : (struct http_request){ 0 };
    if (request.url == NULL)
        request.url = server.url;
    *err = ERR_INIT;
    return http_send(client, &request, response, err);
}

static void gets_and_keeps_the_connection(void **state)
{
    struct http_response r;
    struct err err;
    (void)state;
    http_server_answer(&server, "200 OK", "X-ClickHouse-Summary: {}\r\nx-clickhouse-exception-code: 60\r\n", STR("hello"), -1,
                       false);
    int before = server.connections;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(NULL, &r, &err), 0);
        assert_int_equal(r.status, 200);
        assert_true(str_eq(buf_str(&r.body), STR("hello")));
        assert_string_equal(r.summary, "{}");
        assert_string_equal(r.exception_code, "60");
        buf_fini(&r.body);
    }
    assert_int_equal(server.connections, before + 1);
    assert_true(http_server_saw(&server, STR("GET / HTTP/1.1\r\n")));
}

static void posts(void **state)
{
    static const char *const headers[] = { "Content-Type: application/json", "X-One: 1", NULL };
    struct http_request q = { .headers = headers, .body = STR("a\0b") };
    struct http_response r;
    struct err err;
    (void)state;
    http_server_answer(&server, "404 Not Found", "", STR("no"), -1, false);
    assert_int_equal(ask(&q, &r, &err), 0);
    assert_int_equal(r.status, 404);
    buf_fini(&r.body);
    assert_true(http_server_saw(&server, STR("POST / HTTP/1.1\r\n")));
    assert_true(http_server_saw(&server, STR("Content-Type: application/json\r\n")));
    assert_true(http_server_saw(&server, STR("X-One: 1\r\n")));
    assert_true(http_server_saw(&server, STR("\r\n\r\na\0b")));
    assert_false(http_server_saw(&server, STR("Expect:")));
    assert_false(http_server_saw(&server, STR("octet-stream")));
}

static void says_what_failed(void **state)
{
    struct http_response r;
    struct err err;
    (void)state;
    /* The connection ends before the body does. */
    http_server_answer(&server, "200 OK", "", STR("half"), 100, true);
    assert_int_equal(ask(NULL, &r, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_non_null(strstr(err.text, "127.0.0.1:"));
    buf_fini(&r.body);
    /* Nothing listens. The query isn't repeated in the error. */
    assert_int_equal(ask(&(struct http_request){ .url = "http://127.0.0.1:1/?secret=1" }, &r, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_non_null(strstr(err.text, "127.0.0.1:1: "));
    assert_null(strstr(err.text, "secret"));
    buf_fini(&r.body);
    assert_int_equal(ask(&(struct http_request){ .url = "file:///etc/hostname" }, &r, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
    buf_fini(&r.body);
    /* Never an answer. */
    server.silent = true;
    assert_int_equal(ask(&(struct http_request){ .timeout_ms = 200 }, &r, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    buf_fini(&r.body);
    server.silent = false;
}

static int count_bytes(void *context, const char *p, size_t n)
{
    (void)p;
    *(size_t *)context += n;
    return *(size_t *)context > 8 ? -1 : 0;
}

static void streams(void **state)
{
    size_t total = 0;
    struct http_request q = { .on_body = count_bytes, .context = &total };
    struct http_response r;
    struct err err;
    (void)state;
    http_server_answer(&server, "200 OK", "", STR("12345678"), -1, false);
    assert_int_equal(ask(&q, &r, &err), 0);
    assert_int_equal(total, 8);
    assert_int_equal(r.body.n, 0);
    buf_fini(&r.body);
    /* An error's text isn't data. */
    http_server_answer(&server, "500 No", "", STR("what is wrong"), -1, false);
    assert_int_equal(ask(&q, &r, &err), 0);
    assert_int_equal(total, 8);
    assert_true(str_eq(buf_str(&r.body), STR("what is wrong")));
    buf_fini(&r.body);
    http_server_answer(&server, "200 OK", "", STR("9"), -1, false);
    assert_int_equal(ask(&q, &r, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
    buf_fini(&r.body);
}

static void ignores_proxies_for_loopback(void **state)
{
    struct http_response r;
    struct err err;
    (void)state;
    http_server_answer(&server, "200 OK", "", STR(""), -1, false);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(ask(NULL, &r, &err), 0);
    buf_fini(&r.body);
    unsetenv("http_proxy");
}

static void encodes(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    assert_int_equal(http_encode(&b, STR("aZ9-._~ /?&=+%\n\xc3\xa9")), 0);
    assert_string_equal(buf_text(&b), "aZ9-._~%20%2F%3F%26%3D%2B%25%0A%C3%A9");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_and_keeps_the_connection),
        cmocka_unit_test(posts),
        cmocka_unit_test(says_what_failed),
        cmocka_unit_test(streams),
        cmocka_unit_test(encodes),
        cmocka_unit_test(ignores_proxies_for_loopback),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
