/* tests/unit/clickhouse: what is sent to ClickHouse, and what its answers are taken for. The answers are the engine's own, as 26.7
 * sends them; tests/golden/check and tests/sql ask the engine itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/settings.h"
#include "clickhouse/clickhouse.h"
#include "tests/lib/http_server.h"

static struct http_server server;
static struct opts *opts;
static struct clickhouse *c;

static int setup(void **state)
{
    static const struct opt_usage usage = { .program = "odw test", .about = "", .shared = settings_shared };
    struct err err = ERR_INIT;
    char none[] = P_tmpdir "/odw-none-XXXXXX";
    (void)state;
    http_server_start(&server);
    if (mkdtemp(none) == NULL)
        return -1;
    char *argv[] = { "odw test", "--clickhouse-url",  server.url, "--database", "my db", "--state-dir",
                     none,       "--clickhouse-user", "me",       NULL };
    if (opts_parse(&usage, 9, argv, &opts, &err) != OPT_OK)
        return -1;
    rmdir(none);
    c = clickhouse_new(opts, &err);
    return c != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    clickhouse_free(c);
    opts_free(opts);
    http_server_stop(&server);
    return 0;
}

static void sends_statement_and_values(void **state)
{
    struct clickhouse_param params[] = {
        { "a", STR("x\ty\\z\n") }, { "n", { NULL, 0 } }, { "l", STR("['a','b\\'c']") }, { "e", STR("") }
    };
    struct clickhouse_query q = { .sql = "SELECT {a:String}, {n:Nullable(String)}, {l: Array(String)}, {e:String}",
                                  .params = params,
                                  .n_params = 4,
                                  .settings = "max_threads=1" };
    struct buf out;
    struct err err = ERR_INIT;
    int code = -1;
    (void)state;
    http_server_answer(&server, "200 OK", "", STR("1\n"), -1, false);
    assert_int_equal(clickhouse_run(c, &q, &out, &code, &err), 0);
    assert_int_equal(code, 0);
    assert_true(str_eq(buf_str(&out), STR("1\n")));
    buf_fini(&out);
    assert_true(http_server_saw(
        &server, STR("POST /?default_format=TabSeparated&wait_end_of_query=1&database=my%20db&max_threads=1"
                     "&param_a=x%5Cty%5C%5Cz%5Cn&param_n=%5CN&param_l=%5B%27a%27%2C%27b%5C%27c%27%5D&param_e= HTTP")));
    assert_true(http_server_saw(&server, STR("X-ClickHouse-User: me\r\n")));
    assert_false(http_server_saw(&server, STR("X-ClickHouse-Key")));
    assert_true(http_server_saw(&server, STR("\r\n\r\nSELECT {a:String}, ")));
    q.data = STR("1\n2\n");
    q.no_database = true;
    q.n_params = 0;
    q.sql = "INSERT INTO t FORMAT TSV";
    assert_int_equal(clickhouse_run(c, &q, NULL, NULL, &err), 0);
    assert_true(http_server_saw(&server, STR("&query=INSERT%20INTO%20t%20FORMAT%20TSV")));
    assert_true(http_server_saw(&server, STR("\r\n\r\n1\n2\n")));
    assert_false(http_server_saw(&server, STR("database=")));
}

static void sends_long_values_as_a_form(void **state)
{
    static char text[131073];
    struct clickhouse_param p = { "s", { text, 20000 } };
    struct clickhouse_query q = { .sql = "SELECT length({s:String})", .params = &p, .n_params = 1 };
    struct err err = ERR_INIT;
    (void)state;
    memset(text, 'y', sizeof text);
    http_server_answer(&server, "200 OK", "", STR(""), -1, false);
    assert_int_equal(clickhouse_run(c, &q, NULL, NULL, &err), 0);
    assert_true(http_server_saw(&server, STR("Content-Type: multipart/form-data; boundary=")));
    assert_true(http_server_saw(&server, STR("name=\"param_s\"\r\n\r\nyyyy")));
    assert_true(http_server_saw(&server, STR("name=\"query\"\r\n\r\nSELECT length({s:String})\r\n--")));
    p.value.n = sizeof text;
    assert_int_equal(clickhouse_run(c, &q, NULL, NULL, &err), -1);
    assert_string_equal(err.text, "the value of {s} has 131073 bytes; expected at most 131072");
}

static void error_of(const char *status, const char *headers, const char *body, int code, enum err_class class, const char *text)
{
    struct clickhouse_param p = { "secret", STR("top secret") };
    struct clickhouse_query q = { .sql = "SELECT {secret:String}", .params = &p, .n_params = 1 };
    struct err err = ERR_INIT;
    int got = -1;
    http_server_answer(&server, status, headers, str_of(body), -1, false);
    assert_int_equal(clickhouse_run(c, &q, NULL, &got, &err), -1);
    assert_int_equal(got, code);
    assert_int_equal(err.class, class);
    assert_string_equal(err.text, text);
}

static void tells_errors(void **state)
{
    (void)state;
    error_of("404 Not Found", "X-ClickHouse-Exception-Code: 60\r\n",
             "Code: 60. DB::Exception: Unknown table 't'. (UNKNOWN_TABLE) (version 26.7.2.1)\n", 60, ERR_DROP,
             "Code: 60. DB::Exception: Unknown table 't'. (UNKNOWN_TABLE)");
    error_of("500 No", "X-ClickHouse-Exception-Code: 241\r\n",
             "Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n", 241, ERR_RETRY,
             "Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)");
    /* Without the header the text has the code; a bound value isn't repeated. */
    error_of("500 No", "", "Code: 457. DB::Exception: Value top secret cannot be parsed\nas UInt8. (BAD_QUERY_PARAMETER)\n", 457,
             ERR_DROP, "Code: 457. DB::Exception: Value \xe2\x80\xa6 cannot be parsed as UInt8. (BAD_QUERY_PARAMETER)");
    error_of("503 No", "", "upstream is away", 0, ERR_RETRY, "expected ClickHouse, got HTTP 503: upstream is away");
    error_of("403 No", "", "", 0, ERR_DROP, "ClickHouse answered HTTP 403 without a text");
}

static int collect(void *context, const char *p, size_t n)
{
    return buf_put(context, p, n);
}

/* The mark of an exception after 200, however the answer is cut into pieces. */
static void sees_an_exception_in_mid_stream(void **state)
{
    static const char body[] = "1\n2\n\r\n__exception__\r\nnot the tag\r\n__exception__\r\ndxvfgwooqgppwfnh\r\n"
                               "Code: 395. DB::Exception: Thrown. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.7.2.1)\n102 "
                               "dxvfgwooqgppwfnh\r\n__exception__\r\n";
    struct buf got;
    (void)state;
    for (size_t piece = 1; piece <= sizeof body; piece = piece < 40 ? piece + 1 : piece * 2) {
        struct clickhouse_query q = { .sql = "SELECT", .on_body = collect, .context = &got };
        struct err err = ERR_INIT;
        int code = 0;
        buf_init(&got, 0);
        pthread_mutex_lock(&server.lock);
        buf_clear(&server.answer);
        buf_puts(&server.answer,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-ClickHouse-Exception-Tag: dxvfgwooqgppwfnh\r\n\r\n");
        for (size_t i = 0; i < sizeof body - 1; i += piece) {
            size_t n = sizeof body - 1 - i < piece ? sizeof body - 1 - i : piece;
            buf_printf(&server.answer, "%zx\r\n%.*s\r\n", n, (int)n, body + i);
        }
        server.close_after = true; /* as ClickHouse does, without the last chunk */
        pthread_mutex_unlock(&server.lock);
        assert_int_equal(clickhouse_run(c, &q, NULL, &code, &err), -1);
        assert_int_equal(code, 395);
        assert_int_equal(err.class, ERR_DROP);
        assert_string_equal(err.text, "Code: 395. DB::Exception: Thrown. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)");
        assert_string_equal(buf_text(&got), "1\n2\n\r\n__exception__\r\nnot the tag");
        buf_fini(&got);
    }
}

static void hands_over_all_of_a_stream(void **state)
{
    /* It ends like a mark's beginning. */
    static const char body[] = "1\n\r\n__exception__\r\ndxvf";
    struct buf got;
    struct clickhouse_query q = { .sql = "SELECT", .on_body = collect, .context = &got };
    struct err err = ERR_INIT;
    (void)state;
    buf_init(&got, 0);
    http_server_answer(&server, "200 OK", "X-ClickHouse-Exception-Tag: dxvfgwooqgppwfnh\r\n", STR("1\n\r\n__exception__\r\ndxvf"),
                       -1, false);
    assert_int_equal(clickhouse_run(c, &q, NULL, NULL, &err), 0);
    assert_string_equal(buf_text(&got), body);
    buf_fini(&got);
    /* Cut without an exception. */
    buf_init(&got, 0);
    http_server_answer(&server, "200 OK", "", STR("1\n"), 10, true);
    assert_int_equal(clickhouse_run(c, &q, NULL, NULL, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    buf_fini(&got);
}

static int put_row(void *context, const struct str *fields, size_t n)
{
    struct buf *b = context;
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "[%.*s]", fields[i].p != NULL ? (int)fields[i].n : 4, fields[i].p != NULL ? fields[i].p : "NULL");
    buf_puts(b, ";");
    return b->n > 200 ? -1 : 0;
}

static void reads_rows(void **state)
{
    struct buf got;
    struct err err = ERR_INIT;
    (void)state;
    buf_init(&got, 0);
    http_server_answer(&server, "200 OK", "", STR("a\\tb\t\\N\t\\\\N\t\n\n\\'\\\\\n"), -1, false);
    assert_int_equal(clickhouse_rows(c, "SELECT", NULL, 0, put_row, &got, &err), 0);
    assert_string_equal(buf_text(&got), "[a\tb][NULL][\\N][];[];['\\];");
    buf_clear(&got);
    http_server_answer(&server, "200 OK", "", STR("a\nb"), -1, false);
    assert_int_equal(clickhouse_rows(c, "SELECT", NULL, 0, put_row, &got, &err), -1);
    assert_string_equal(err.text, "ClickHouse's answer ended in the middle of a row");
    buf_fini(&got);
    err = ERR_INIT;
    http_server_answer(&server, "200 OK", "", STR("a\\tb\tc\nd\n"), -1, false);
    char *value = clickhouse_value(c, "SELECT", NULL, 0, &err);
    assert_string_equal(value, "a\tb");
    free(value);
    http_server_answer(&server, "200 OK", "", STR(""), -1, false);
    value = clickhouse_value(c, "SELECT", NULL, 0, &err);
    assert_string_equal(value, "");
    free(value);
}

static void quotes(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    clickhouse_put_name(&b, STR("a`b\\c"));
    clickhouse_put_text(&b, STR("it's \\ \n"));
    assert_string_equal(buf_text(&b), "`a\\`b\\\\c`'it\\'s \\\\ \n'");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_statement_and_values),
        cmocka_unit_test(sends_long_values_as_a_form),
        cmocka_unit_test(tells_errors),
        cmocka_unit_test(sees_an_exception_in_mid_stream),
        cmocka_unit_test(hands_over_all_of_a_stream),
        cmocka_unit_test(reads_rows),
        cmocka_unit_test(quotes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
