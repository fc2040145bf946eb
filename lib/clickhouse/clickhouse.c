/* lib/clickhouse: statements to ClickHouse over its HTTP interface. Answers are read in answer.c. */
#include "clickhouse/clickhouse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/settings.h"
#include "clickhouse/answer.h"
#include "http/http.h"

/* Above this the parameters travel in a form: proxies and logs cut long URLs. */
enum { URL_PARAMS_MAX = 8192, REQUEST_MAX = 64 << 20 };
/* What ClickHouse takes for one field (http_max_field_value_size), in a URL or a form; longer values belong into `data`. */
enum { VALUE_MAX = 131072 };

#define BOUNDARY "odw-3f9c1d7e5ab84206-boundary"

struct clickhouse {
    struct http *http;
    char *url; /* "http://127.0.0.1:8123/?" or with what its own query says */
    char *database;
    char *headers[3];
};

static char *header(const char *name, const char *value)
{
    size_t n = strlen(name) + strlen(value) + 3;
    char *text = malloc(n);
    if (text != NULL)
        snprintf(text, n, "%s: %s", name, value);
    return text;
}

static char *base_url(const char *url, struct err *err)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        err_set(err, ERR_STOP, "clickhouse-url: expected http://HOST:PORT or https://HOST:PORT, got '%.80s'", url);
        return NULL;
    }
    size_t n = strlen(url);
    const char *query = strchr(url, '?');
    char *text = malloc(n + 3);
    if (text == NULL)
        err_set(err, ERR_STOP, "out of memory");
    else if (query != NULL)
        snprintf(text, n + 3, "%s%s", url, query[1] != '\0' && url[n - 1] != '&' ? "&" : "");
    else
        snprintf(text, n + 3, "%s%s", url, url[n - 1] == '/' ? "?" : "/?");
    return text;
}

struct clickhouse *clickhouse_new(const struct opts *settings, struct err *err)
{
    char *password = NULL;
    const char *password_file = opts_text(settings, "clickhouse-password-file");
    struct clickhouse *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto fail;
    }
    if (password_file != NULL && password_file[0] != '\0' && (password = settings_secret(password_file, err)) == NULL)
        goto fail;
    c->url = base_url(opts_text(settings, "clickhouse-url"), err);
    c->http = c->url != NULL ? http_new(opts_text(settings, "clickhouse-ca"), err) : NULL;
    if (c->http == NULL)
        goto fail;
    c->database = strdup(opts_text(settings, "database"));
    c->headers[0] = header("X-ClickHouse-User", opts_text(settings, "clickhouse-user"));
    c->headers[1] = password != NULL ? header("X-ClickHouse-Key", password) : NULL;
    if (c->database == NULL || c->headers[0] == NULL || (password != NULL && c->headers[1] == NULL)) {
        err_set(err, ERR_STOP, "out of memory");
        goto fail;
    }
    free(password);
    return c;
fail:
    free(password);
    clickhouse_free(c);
    return NULL;
}

void clickhouse_free(struct clickhouse *c)
{
    if (c == NULL)
        return;
    http_free(c->http);
    free(c->url);
    free(c->database);
    for (size_t i = 0; i < 3; i++)
        free(c->headers[i]);
    free(c);
}

int clickhouse_use(struct clickhouse *c, const char *database, struct err *err)
{
    char *copy = strdup(database);
    if (copy == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    free(c->database);
    c->database = copy;
    return 0;
}

/* ---- the request ---- */

/* Whether the statement declares the parameter as {name:Array(…)} and the like, whose text isn't escaped as TSV. */
static bool is_composite(const char *sql, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strchr(sql, '{'); p != NULL; p = strchr(p + 1, '{')) {
        if (strncmp(p + 1, name, n) != 0)
            continue;
        const char *type = p + 1 + n;
        type += strspn(type, " \t");
        if (*type != ':')
            continue;
        type++;
        type += strspn(type, " \t");
        return strncmp(type, "Array(", 6) == 0 || strncmp(type, "Map(", 4) == 0 || strncmp(type, "Tuple(", 6) == 0;
    }
    return false;
}

/* A parameter's value is read as one field of TSV: a raw tab or newline would end it. */
static int put_value(struct buf *b, const char *sql, const struct clickhouse_param *p)
{
    if (p->value.p == NULL)
        return buf_puts(b, "\\N");
    if (is_composite(sql, p->name))
        return buf_put_str(b, p->value);
    for (size_t i = 0; i < p->value.n; i++) {
        char c = p->value.p[i];
        const char *as = c == '\\' ? "\\\\" : c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\0' ? "\\0" : NULL;
        if (as != NULL)
            buf_puts(b, as);
        else
            buf_putc(b, c);
    }
    return b->failed ? -1 : 0;
}

static int put_url_params(struct buf *url, const struct clickhouse_query *q)
{
    struct buf value;
    buf_init(&value, REQUEST_MAX);
    for (size_t i = 0; i < q->n_params; i++) {
        buf_clear(&value);
        put_value(&value, q->sql, &q->params[i]);
        buf_printf(url, "&param_%s=", q->params[i].name);
        http_encode(url, buf_str(&value));
    }
    bool failed = value.failed;
    buf_fini(&value);
    return failed || url->failed ? -1 : 0;
}

static int put_form(struct buf *body, const struct clickhouse_query *q)
{
    static const char part[] = "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"";
    for (size_t i = 0; i < q->n_params; i++) {
        buf_printf(body, "%sparam_%s\"\r\n\r\n", part, q->params[i].name);
        put_value(body, q->sql, &q->params[i]);
        buf_puts(body, "\r\n");
    }
    buf_printf(body, "%squery\"\r\n\r\n%s\r\n--" BOUNDARY "--\r\n", part, q->sql);
    return body->failed ? -1 : 0;
}

static size_t params_size(const struct clickhouse_query *q)
{
    size_t n = 0;
    for (size_t i = 0; i < q->n_params; i++)
        n += strlen(q->params[i].name) + q->params[i].value.n + 8;
    return n;
}

static int check_sizes(const struct clickhouse_query *q, struct err *err)
{
    for (size_t i = 0; i < q->n_params; i++)
        if (q->params[i].value.n > VALUE_MAX)
            return err_set(err, ERR_DROP, "the value of {%s} has %zu bytes; expected at most %d", q->params[i].name,
                           q->params[i].value.n, (int)VALUE_MAX);
    return 0;
}

/* Fills url, body and, for a form, its type. */
static int build(struct clickhouse *c, const struct clickhouse_query *q, struct buf *url, struct buf *body, const char **type)
{
    buf_puts(url, c->url);
    buf_printf(url, "default_format=TabSeparated&wait_end_of_query=%d", q->on_body == NULL);
    if (!q->no_database) {
        buf_puts(url, "&database=");
        http_encode(url, str_of(c->database));
    }
    if (q->settings != NULL && q->settings[0] != '\0')
        buf_printf(url, "&%s", q->settings);
    *type = "Content-Type: text/plain; charset=utf-8";
    if (q->data.n > 0) {
        /* The rows are sent from where they are, so the statement goes into the URL. */
        buf_puts(url, "&query=");
        http_encode(url, str_of(q->sql));
        put_url_params(url, q);
    } else if (params_size(q) > URL_PARAMS_MAX) {
        *type = "Content-Type: multipart/form-data; boundary=" BOUNDARY;
        put_form(body, q);
    } else {
        put_url_params(url, q);
        buf_puts(body, q->sql);
    }
    buf_text(url);
    return url->failed || body->failed ? -1 : 0;
}

int clickhouse_run(struct clickhouse *c, const struct clickhouse_query *q, struct buf *out, int *code, struct err *err)
{
    struct buf url, body;
    struct http_response response = { 0 };
    struct answer answer;
    int failed = -1, own_code = 0;
    const char *type;
    if (code == NULL)
        code = &own_code;
    *code = 0;
    if (out != NULL)
        buf_init(out, 0);
    buf_init(&url, 1 << 20);
    buf_init(&body, REQUEST_MAX);
    answer_init(&answer, q->on_body, q->context, &response);
    if (check_sizes(q, err) < 0)
        goto out;
    if (build(c, q, &url, &body, &type) < 0) {
        err_set(err, ERR_DROP, "expected a statement with values of at most %d MiB (1 MiB where it comes with data)",
                (int)(REQUEST_MAX >> 20));
        goto out;
    }
    const char *headers[5] = { type, c->headers[0], c->headers[1] };
    struct http_request request = {
        .method = "POST",
        .url = url.p,
        .headers = headers,
        .body = q->data.n > 0 ? q->data : buf_str(&body),
        .timeout_ms = q->timeout_ms > 0 ? q->timeout_ms : 60000,
        .on_body = q->on_body != NULL ? answer_take : NULL,
        .context = &answer,
    };
    struct err sent = ERR_INIT;
    int lost = http_send(c->http, &request, &response, &sent);
    if (answer_finish(&answer, lost < 0, code, q, err) < 0)
        goto out;
    if (lost < 0) {
        err_set(err, sent.class, "ClickHouse at %s", sent.text);
        goto out;
    }
    if (response.status < 200 || response.status >= 300) {
        *code = atoi(response.exception_code);
        answer_error(q, response.status, code, buf_str(&response.body), err);
        goto out;
    }
    failed = 0;
    if (out != NULL) {
        buf_fini(out);
        *out = response.body;
        response.body = (struct buf){ 0 };
    }
out:
    buf_fini(&response.body);
    answer_fini(&answer);
    buf_fini(&url);
    buf_fini(&body);
    return failed;
}

/* ---- short forms ---- */

int clickhouse_do(struct clickhouse *c, const char *sql, struct err *err)
{
    struct clickhouse_query q = { .sql = sql };
    return clickhouse_run(c, &q, NULL, NULL, err);
}

char *clickhouse_value(struct clickhouse *c, const char *sql, const struct clickhouse_param *params, size_t n_params,
                       struct err *err)
{
    struct clickhouse_query q = { .sql = sql, .params = params, .n_params = n_params };
    struct buf out;
    char *value = NULL;
    if (clickhouse_run(c, &q, &out, NULL, err) == 0) {
        struct str rest = buf_str(&out);
        struct str line = str_cut(&rest, '\n');
        struct str field = str_cut(&line, '\t');
        value = malloc(field.n + 1);
        if (value == NULL)
            err_set(err, ERR_STOP, "out of memory");
        else
            value[field.n > 0 ? answer_unescape(memcpy(value, field.p, field.n), field.n) : 0] = '\0';
    }
    buf_fini(&out);
    return value;
}

int clickhouse_rows(struct clickhouse *c, const char *sql, const struct clickhouse_param *params, size_t n_params,
                    clickhouse_each *each, void *context, struct err *err)
{
    struct row_reader rows;
    row_reader_init(&rows, each, context);
    struct clickhouse_query q = {
        .sql = sql, .params = params, .n_params = n_params, .on_body = row_reader_take, .context = &rows
    };
    int failed = clickhouse_run(c, &q, NULL, NULL, err);
    if (failed == 0 && rows.line.n > 0)
        failed = err_set(err, ERR_RETRY, "ClickHouse's answer ended in the middle of a row");
    row_reader_fini(&rows);
    return failed;
}

int clickhouse_put_name(struct buf *b, struct str name)
{
    buf_putc(b, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`' || name.p[i] == '\\')
            buf_putc(b, '\\');
        buf_putc(b, name.p[i]);
    }
    return buf_putc(b, '`');
}

int clickhouse_put_text(struct buf *b, struct str text)
{
    buf_putc(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'' || text.p[i] == '\\')
            buf_putc(b, '\\');
        if (text.p[i] == '\0')
            buf_puts(b, "\\0");
        else
            buf_putc(b, text.p[i]);
    }
    return buf_putc(b, '\'');
}
