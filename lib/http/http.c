/* lib/http: an HTTP client over libcurl with kept-alive connections. */
#include "http/exchange.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_MAX = 256 << 20, ERROR_BODY_MAX = 1 << 20 };

struct http {
    CURL *curl;
    char *ca_file;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global;

static void start_curl(void)
{
    global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int exchange_start_curl(struct err *err)
{
    pthread_once(&once, start_curl);
    return global == CURLE_OK ? 0 : err_set(err, ERR_STOP, "expected libcurl to start, got: %s", curl_easy_strerror(global));
}

struct http *http_new(const char *ca_file, struct err *err)
{
    if (exchange_start_curl(err) < 0)
        return NULL;
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL || (h->curl = curl_easy_init()) == NULL || (ca_file != NULL && (h->ca_file = strdup(ca_file)) == NULL)) {
        err_set(err, ERR_STOP, "expected libcurl to start, got: out of memory");
        http_free(h);
        return NULL;
    }
    return h;
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    if (h->curl != NULL)
        curl_easy_cleanup(h->curl);
    free(h->ca_file);
    free(h);
}

static bool is_loopback(const char *url)
{
    bool is = false;
    char *host = NULL;
    CURLU *u = curl_url();
    if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        is = strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0 ||
             (strlen(host) > 10 && strcasecmp(host + strlen(host) - 10, ".localhost") == 0);
    curl_free(host);
    curl_url_cleanup(u);
    return is;
}

static size_t take_body(char *p, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    size_t n = size * count;
    long status = 0;
    curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    bool good = status >= 200 && status < 300;
    if (good && x->request->on_body != NULL) {
        x->broke_off = x->request->on_body(x->request->context, p, n) < 0;
        return x->broke_off ? 0 : n;
    }
    /* Of an error's text the beginning is enough. */
    if (!good && x->response->body.n + n > ERROR_BODY_MAX)
        return n;
    x->too_large = buf_put(&x->response->body, p, n) < 0;
    return x->too_large ? 0 : n;
}

static void keep_header(struct str line, struct str name, char *to, size_t size)
{
    if (line.n <= name.n || line.p[name.n] != ':' || strncasecmp(line.p, name.p, name.n) != 0)
        return;
    struct str value = str_trim((struct str){ line.p + name.n + 1, line.n - name.n - 1 });
    snprintf(to, size, "%.*s", value.n < size ? (int)value.n : (int)size - 1, value.p);
}

static size_t take_header(char *p, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    struct str line = { p, size * count };
    const char *colon = memchr(p, ':', line.n);
    if (x->request->on_header != NULL && colon != NULL)
        x->request->on_header(x->request->context, (struct str){ p, (size_t)(colon - p) },
                              str_trim((struct str){ colon + 1, (size_t)(p + line.n - colon - 1) }));
    keep_header(line, STR("X-ClickHouse-Exception-Code"), x->response->exception_code, sizeof x->response->exception_code);
    keep_header(line, STR("X-ClickHouse-Exception-Tag"), x->response->exception_tag, sizeof x->response->exception_tag);
    keep_header(line, STR("X-ClickHouse-Summary"), x->response->summary, sizeof x->response->summary);
    keep_header(line, STR("Retry-After"), x->response->retry_after, sizeof x->response->retry_after);
    return line.n;
}

static int add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *more = curl_slist_append(*list, header);
    if (more == NULL)
        return -1;
    *list = more;
    return 0;
}

static int add_headers(struct curl_slist **list, const char *const *headers)
{
    /* No waiting for "100 Continue", and no form type that we didn't say. */
    if (add_header(list, "Expect:") < 0 || add_header(list, "Content-Type: application/octet-stream") < 0)
        return -1;
    for (; headers != NULL && *headers != NULL; headers++) {
        if (strncasecmp(*headers, "Content-Type:", 13) == 0) {
            curl_slist_free_all(*list);
            *list = NULL;
            if (add_header(list, "Expect:") < 0 || add_header(list, *headers) < 0)
                return -1;
        }
    }
    return 0;
}

static void prepare(struct exchange *x, struct curl_slist *headers)
{
    const struct http_request *r = x->request;
    CURL *c = x->curl;
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->why);
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(r->connect_timeout_ms > 0 ? r->connect_timeout_ms : 3000));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(r->timeout_ms > 0 ? r->timeout_ms : 0));
    if (r->stall_ms > 0) {
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)((r->stall_ms + 999) / 1000));
    }
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "odw/" ODW_VERSION);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    if (is_loopback(r->url))
        curl_easy_setopt(c, CURLOPT_PROXY, "");
    if (x->ca_file != NULL) {
        curl_easy_setopt(c, CURLOPT_CAINFO, x->ca_file);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    if (r->body.p != NULL || (r->method != NULL && strcmp(r->method, "POST") == 0)) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.p != NULL ? r->body.p : "");
    }
    if (r->method != NULL && strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    else if (r->method != NULL)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

/* Host and port only: a URL's query may hold what nobody should read in a log. */
static void say_where(const char *url, char *to, size_t size)
{
    const char *host = strstr(url, "://");
    host = host != NULL ? host + 3 : url;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    host = at != NULL ? at + 1 : host;
    snprintf(to, size, "%.*s", (int)strcspn(host, "/?#"), host);
}

int exchange_begin(struct exchange *x, struct err *err)
{
    const struct http_request *r = x->request;
    x->why[0] = '\0';
    *x->response = (struct http_response){ 0 };
    buf_init(&x->response->body, BODY_MAX);
    if (add_headers(&x->headers, r->headers) < 0)
        return err_set(err, ERR_RETRY, "out of memory");
    for (const char *const *p = r->headers; p != NULL && *p != NULL; p++)
        if (strncasecmp(*p, "Content-Type:", 13) != 0 && add_header(&x->headers, *p) < 0)
            return err_set(err, ERR_RETRY, "out of memory");
    prepare(x, x->headers);
    return 0;
}

int exchange_end(struct exchange *x, CURLcode code, struct err *err)
{
    long status = 0;
    curl_slist_free_all(x->headers);
    x->headers = NULL;
    curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    x->response->status = (int)status;
    if (code == CURLE_OK)
        return 0;
    char where[256];
    say_where(x->request->url, where, sizeof where);
    enum err_class class = ERR_RETRY;
    if (x->broke_off || x->too_large || code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
        code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_OUT_OF_MEMORY)
        class = ERR_DROP;
    if (x->broke_off)
        return err_set(err, class, "%s: the answer wasn't read to its end", where);
    if (x->too_large)
        return err_set(err, class, "%s: expected an answer of at most %d MiB", where, (int)(BODY_MAX >> 20));
    return err_set(err, class, "%s: %s", where, x->why[0] != '\0' ? x->why : curl_easy_strerror(code));
}

int http_send(struct http *h, const struct http_request *request, struct http_response *response, struct err *err)
{
    struct exchange x = { .curl = h->curl, .ca_file = h->ca_file, .request = request, .response = response };
    if (exchange_begin(&x, err) < 0) {
        curl_slist_free_all(x.headers);
        return -1;
    }
    return exchange_end(&x, curl_easy_perform(h->curl), err);
}

int http_encode(struct buf *out, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                     c == '_' || c == '~';
        if (plain) {
            buf_putc(out, (char)c);
        } else {
            char three[3] = { '%', hex[c >> 4], hex[c & 15] };
            buf_put(out, three, 3);
        }
    }
    return out->failed ? -1 : 0;
}

const char *http_version(void)
{
    static char text[64];
    curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    snprintf(text, sizeof text, "libcurl %s", info->version);
    return text;
}
