/* lib/s3/client: sends a signed request, and tries it again where the store asks for that. */
#include "s3/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "s3/answer.h"
#include "s3/sign.h"

enum { TRIES = 8, PAUSE_MS = 200, PAUSE_MAX_MS = 20000, ASKED_PAUSE_MAX_MS = 120000, STALL_MS = 60000, CONNECT_MS = 10000 };

struct s3 {
    struct s3_settings settings; /* its texts are its own */
    char *host;                  /* with its port where that isn't the scheme's */
    bool https, amazon;
    struct http *http;
};

static char *copy(const char *text, bool *failed)
{
    char *c = text != NULL ? strdup(text) : NULL;
    *failed = *failed || (text != NULL && c == NULL);
    return c;
}

/* scheme://host[:port][/] */
static int read_url(struct s3 *s, struct err *err)
{
    const char *url = s->settings.url, *host = strstr(url, "://");
    s->https = strncasecmp(url, "https://", 8) == 0;
    size_t n = host != NULL ? strcspn(host + 3, "/?#") : 0;
    const char *rest = host != NULL ? host + 3 + n : NULL;
    if ((!s->https && strncasecmp(url, "http://", 7) != 0) || n == 0 || memchr(host + 3, '@', n) != NULL ||
        (strcmp(rest, "") != 0 && strcmp(rest, "/") != 0))
        return err_set(err, ERR_STOP, "the store's URL: expected http://HOST:PORT or https://HOST, without path or user, got '%s'",
                       url);
    host += 3;
    if (s->https && n > 4 && memcmp(host + n - 4, ":443", 4) == 0)
        n -= 4;
    if (!s->https && n > 3 && memcmp(host + n - 3, ":80", 3) == 0)
        n -= 3;
    s->host = strndup(host, n);
    if (s->host == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    s->amazon = n > 14 && strcasecmp(s->host + n - 14, ".amazonaws.com") == 0;
    return 0;
}

struct s3 *s3_new(const struct s3_settings *given, struct err *err)
{
    bool failed = false;
    char amazon[128];
    struct s3 *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    const char *region = given->region != NULL ? given->region : "us-east-1";
    snprintf(amazon, sizeof amazon, "https://s3.%s.amazonaws.com", region);
    s->settings = (struct s3_settings){
        .url = copy(given->url != NULL ? given->url : amazon, &failed),
        .region = copy(region, &failed),
        .access_key = copy(given->access_key, &failed),
        .secret_key = copy(given->secret_key, &failed),
        .session_token = copy(given->session_token, &failed),
        .ca_file = copy(given->ca_file, &failed),
        .addressing = given->addressing,
        .tries = given->tries > 0 ? given->tries : TRIES,
        .pause_ms = given->pause_ms > 0 ? given->pause_ms : PAUSE_MS,
        .pause_max_ms = given->pause_max_ms > 0 ? given->pause_max_ms : PAUSE_MAX_MS,
    };
    if (failed) {
        err_set(err, ERR_STOP, "out of memory");
        goto fail;
    }
    if (read_url(s, err) < 0 || (s->http = http_new(s->settings.ca_file, err)) == NULL)
        goto fail;
    return s;
fail:
    s3_free(s);
    return NULL;
}

struct s3 *s3_copy(const struct s3 *s, struct err *err)
{
    return s3_new(&s->settings, err);
}

static void forget(const char *secret)
{
    if (secret != NULL)
        explicit_bzero((char *)secret, strlen(secret));
    free((char *)secret);
}

void s3_free(struct s3 *s)
{
    if (s == NULL)
        return;
    http_free(s->http);
    free((char *)s->settings.url);
    free((char *)s->settings.region);
    free((char *)s->settings.access_key);
    forget(s->settings.secret_key);
    forget(s->settings.session_token);
    free((char *)s->settings.ca_file);
    free(s->host);
    free(s);
}

/* ---- the request ---- */

/* Amazon's certificate is for one label before its host; and a name with capitals or '_' is no host at all. */
static bool in_host(const struct s3 *s, const char *bucket)
{
    if (s->settings.addressing != S3_AUTO)
        return s->settings.addressing == S3_VIRTUAL;
    return s->amazon && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(bucket);
}

static void put_path(struct buf *b, struct str key)
{
    while (key.n > 0) {
        const char *slash = memchr(key.p, '/', key.n);
        size_t n = slash != NULL ? (size_t)(slash - key.p) : key.n;
        http_encode(b, (struct str){ key.p, n });
        if (slash != NULL)
            buf_putc(b, '/');
        n += slash != NULL;
        key = (struct str){ key.p + n, key.n - n };
    }
}

struct prepared {
    struct buf url, headers; /* the headers one after another, each with its NUL */
    const char *list[10];
};

static void add_header(struct prepared *p, size_t *at, size_t *n, const char *name, struct str value)
{
    at[(*n)++] = p->headers.n;
    buf_printf(&p->headers, "%s: %.*s", name, STR_ARG(value));
    buf_putc(&p->headers, '\0');
}

static int prepare(const struct s3 *s, const struct s3_request *q, struct prepared *p)
{
    struct buf path, host, authorization, etag;
    struct buf *const all[] = { &path, &host, &authorization, &etag };
    char moment[20];
    size_t at[8], n = 0, n_signed = 0;
    time_t now = time(NULL);
    struct tm tm;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], 0);
    strftime(moment, sizeof moment, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    bool virtual = in_host(s, q->bucket);
    if (virtual)
        buf_printf(&host, "%s.", q->bucket);
    buf_puts(&host, s->host);
    buf_putc(&path, '/');
    if (!virtual) {
        http_encode(&path, str_of(q->bucket));
        if (q->key.n > 0)
            buf_putc(&path, '/');
    }
    put_path(&path, q->key);
    buf_printf(&p->url, "%s://%.*s%.*s", s->https ? "https" : "http", STR_ARG(buf_str(&host)), STR_ARG(buf_str(&path)));
    if (q->query.n > 0)
        buf_printf(&p->url, "?%.*s", STR_ARG(q->query));
    buf_text(&p->url);
    if (q->if_match != NULL)
        buf_printf(&etag, "\"%s\"", q->if_match);

    struct s3_header headers[8];
    headers[n_signed++] = (struct s3_header){ "host", buf_str(&host) };
    if (q->if_match != NULL)
        headers[n_signed++] = (struct s3_header){ "if-match", buf_str(&etag) };
    if (q->range != NULL)
        headers[n_signed++] = (struct s3_header){ "range", str_of(q->range) };
    headers[n_signed++] = (struct s3_header){ "x-amz-content-sha256", STR(S3_EMPTY_SHA256) };
    headers[n_signed++] = (struct s3_header){ "x-amz-date", str_of(moment) };
    if (s->settings.session_token != NULL)
        headers[n_signed++] = (struct s3_header){ "x-amz-security-token", str_of(s->settings.session_token) };
    bool anonymous = s->settings.access_key == NULL;
    struct s3_signing signing = {
        .method = q->method,
        .path = buf_str(&path),
        .query = q->query,
        .headers = headers,
        .n_headers = n_signed,
        .payload = S3_EMPTY_SHA256,
        .moment = moment,
        .region = s->settings.region,
        .service = "s3",
        .access_key = s->settings.access_key,
        .secret_key = s->settings.secret_key,
    };
    int rc = anonymous ? 0 : s3_sign(&signing, &authorization);
    for (size_t i = 1; i < n_signed; i++)
        if (!anonymous || headers[i].name[0] != 'x')
            add_header(p, at, &n, headers[i].name, headers[i].value);
    if (!anonymous)
        add_header(p, at, &n, "authorization", buf_str(&authorization));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        rc = all[i]->failed ? -1 : rc;
    if (rc == 0 && !p->url.failed && !p->headers.failed) {
        for (size_t i = 0; i < n; i++)
            p->list[i] = p->headers.p + at[i];
        p->list[n] = NULL;
    } else {
        rc = -1;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_fini(all[i]);
    return rc;
}

/* ---- the answer ---- */

/* What the callbacks of one try need. */
struct exchange {
    const struct s3_request *request;
    struct s3_answer *answer;
    int64_t retry_after_ms;
    time_t date; /* by the store's clock; 0: it didn't say */
    char region[32];
};

static void keep(char *to, size_t size, struct str value)
{
    snprintf(to, size, "%.*s", value.n < size ? (int)value.n : (int)size - 1, value.p);
}

/* IMF-fixdate (RFC 9110, 5.6.7). 0: it's none. */
static time_t read_date(struct str value)
{
    char text[64];
    struct tm t = { 0 };
    keep(text, sizeof text, value);
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &t);
    return end != NULL && *end == '\0' ? timegm(&t) : 0;
}

static bool named(struct str name, const char *wanted)
{
    return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

static void on_header(void *context, struct str name, struct str value)
{
    struct exchange *x = context;
    struct s3_answer *a = x->answer;
    char number[32];
    if (named(name, "ETag")) {
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = (struct str){ value.p + 1, value.n - 2 };
        keep(a->head.etag, sizeof a->head.etag, value);
    } else if (named(name, "Content-Type")) {
        keep(a->head.content_type, sizeof a->head.content_type, value);
    } else if (named(name, "Content-Length")) {
        keep(number, sizeof number, value);
        a->head.size = strtoll(number, NULL, 10);
    } else if (named(name, "Content-Range")) {
        keep(a->range, sizeof a->range, value);
    } else if (named(name, "Last-Modified")) {
        time_t t = read_date(value);
        a->head.modified_ms = (int64_t)t * 1000;
        a->head.has_modified = t != 0;
    } else if (named(name, "Date")) {
        x->date = read_date(value);
    } else if (named(name, "x-amz-bucket-region")) {
        keep(x->region, sizeof x->region, value);
    } else if (named(name, "Retry-After")) {
        /* Seconds, or a date (RFC 9110, 10.2.3). */
        char *end;
        keep(number, sizeof number, value);
        long long seconds = strtoll(number, &end, 10);
        time_t until = read_date(value);
        if (end > number && *end == '\0' && seconds >= 0)
            x->retry_after_ms = seconds < 86400 ? seconds * 1000 : 86400000;
        else if (until != 0)
            x->retry_after_ms = until > time(NULL) ? (int64_t)(until - time(NULL)) * 1000 : 0;
    }
}

static int on_body(void *context, const char *p, size_t n)
{
    struct exchange *x = context;
    return x->request->on_body(x->request->context, p, n);
}

static bool is_one_of(const char *code, const char *const *codes)
{
    for (; *codes != NULL; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

/* What a status that isn't good means, in words that say what to do. Codes as in "Error responses" of the API reference. */
static int refused(const struct s3 *s, const struct s3_request *q, struct exchange *x, int status, struct str body, struct err *err)
{
    static const char *const unknown_key[] = { "InvalidAccessKeyId", "XAdminUserNotFound", NULL };
    static const char *const other_region[] = { "PermanentRedirect",
                                                "TemporaryRedirect",
                                                "Redirect",
                                                "AuthorizationHeaderMalformed",
                                                "IllegalLocationConstraintException",
                                                NULL };
    static const char *const later[] = { "SlowDown",       "InternalError",        "ServiceUnavailable",
                                         "RequestTimeout", "OperationAborted",     "ThrottlingException",
                                         "Throttling",     "RequestLimitExceeded", NULL };
    static const char *const expired[] = { "ExpiredToken", "InvalidToken", "TokenRefreshRequired", NULL };
    struct s3_failure f;
    char what[128], object[256];
    s3_failure_read(&f, body);
    snprintf(what, sizeof what, "%d%s%s", status, f.code[0] != '\0' ? " " : "", f.code);
    snprintf(object, sizeof object, "s3://%s/%.*s", q->bucket, q->key.n < 180 ? (int)q->key.n : 180,
             q->key.p != NULL ? q->key.p : "");
    const char *region = x->region[0] != '\0' ? x->region : f.region;

    if (status >= 500 || status == 429 || status == 408 || is_one_of(f.code, later))
        return err_set(err, ERR_RETRY, "%s: the store can't answer now (%s)", s->host, what);
    if (status == 416)
        return 0;
    if (status == 412)
        return err_set(err, ERR_DROP, "%s: the object changed while it was read", object);
    if (is_one_of(f.code, unknown_key))
        return err_set(err, ERR_STOP, "%s: the store doesn't know this access key (%s): --s3-access-key, or AWS_ACCESS_KEY_ID",
                       s->host, what);
    if (strcmp(f.code, "SignatureDoesNotMatch") == 0)
        return err_set(err, ERR_STOP,
                       "%s: the secret key isn't that of the access key (%s): --s3-secret-key-file, or AWS_SECRET_ACCESS_KEY",
                       s->host, what);
    if (is_one_of(f.code, expired))
        return err_set(err, ERR_STOP, "%s: the session token has expired or isn't valid (%s)", s->host, what);
    if (strcmp(f.code, "RequestTimeTooSkewed") == 0) {
        long ahead = x->date != 0 ? (long)(time(NULL) - x->date) : 0;
        if (ahead != 0)
            return err_set(err, ERR_STOP, "%s: this machine's clock is %ld s %s the store's (%s): set it, then try again", s->host,
                           labs(ahead), ahead > 0 ? "ahead of" : "behind", what);
        return err_set(err, ERR_STOP, "%s: this machine's clock and the store's differ by too much (%s): set it, then try again",
                       s->host, what);
    }
    if (status == 301 || status == 302 || status == 307 || is_one_of(f.code, other_region)) {
        if (region[0] != '\0' && strcmp(region, s->settings.region) != 0)
            return err_set(err, ERR_STOP, "s3://%s: expected in the region %s, but the store says %s (%s): --s3-region %s",
                           q->bucket, s->settings.region, region, what, region);
        return err_set(err, ERR_STOP, "s3://%s: the store says that it isn't in the region %s, or not at %s (%s)%s%s", q->bucket,
                       s->settings.region, s->host, what, f.message[0] != '\0' ? ": " : "", f.message);
    }
    if (strcmp(f.code, "NoSuchBucket") == 0 || (status == 404 && q->key.n == 0))
        return err_set(err, ERR_STOP, "%s: there is no bucket '%s' (%s)", s->host, q->bucket, what);
    if (status == 404)
        return err_set(err, ERR_DROP, "%s: there is no such object (%s)", object, what);
    if (status == 403 || status == 401)
        return err_set(err, q->key.n > 0 ? ERR_DROP : ERR_STOP, "%s: access is denied (%s)%s", q->key.n > 0 ? object : object, what,
                       s->settings.access_key == NULL ? ": nothing was signed, for no access key is given" : "");
    return err_set(err, ERR_STOP, "%s: expected an answer to %s, got %s%s%s", s->host, object, what,
                   f.message[0] != '\0' ? ": " : "", f.message);
}

int s3_try(struct s3 *s, const struct s3_request *q, struct s3_answer *a, int64_t *pause_ms, struct err *err)
{
    struct exchange x = { .request = q, .answer = a, .retry_after_ms = -1 };
    struct prepared p = { 0 };
    struct http_response response = { 0 };
    int rc = -1;
    *a = (struct s3_answer){ 0 };
    *pause_ms = -1;
    buf_init(&p.url, 0);
    buf_init(&p.headers, 0);
    if (prepare(s, q, &p) < 0) {
        err_set(err, ERR_STOP, "out of memory for a request");
        goto out;
    }
    struct http_request request = {
        .method = q->method,
        .url = p.url.p,
        .headers = p.list,
        .connect_timeout_ms = CONNECT_MS,
        .stall_ms = STALL_MS,
        .on_body = q->on_body != NULL ? on_body : NULL,
        .on_header = on_header,
        .context = &x,
    };
    rc = http_send(s->http, &request, &response, err);
    a->status = response.status;
    a->body = response.body;
    if (rc == 0 && (response.status < 200 || response.status >= 300))
        rc = refused(s, q, &x, response.status, buf_str(&response.body), err);
    *pause_ms = x.retry_after_ms;
out:
    if (p.headers.p != NULL)
        explicit_bzero(p.headers.p, p.headers.cap);
    buf_fini(&p.url);
    buf_fini(&p.headers);
    return rc;
}

int s3_wait(struct s3 *s, int tried, int64_t pause_ms, const struct err *why, struct err *err)
{
    uint32_t random = 0;
    if (tried >= s->settings.tries)
        return err_set(err, ERR_STOP, "%s; tried %d times", why->text, tried);
    /* Full jitter: anything up to the bound, so that many clients don't come back together. */
    int64_t bound = s->settings.pause_ms;
    for (int i = 1; i < tried && bound < s->settings.pause_max_ms; i++)
        bound *= 2;
    if (bound > s->settings.pause_max_ms)
        bound = s->settings.pause_max_ms;
    if (getrandom(&random, sizeof random, 0) < 0)
        random = UINT32_MAX / 2;
    int64_t wait = (int64_t)(random % (uint64_t)(bound + 1));
    if (pause_ms > ASKED_PAUSE_MAX_MS)
        return err_set(err, ERR_STOP, "%s; it asks to come back in %lld s", why->text, (long long)(pause_ms / 1000));
    if (pause_ms >= 0)
        wait += pause_ms;
    log_warn("%s; trying again in %.1f s, try %d of %d", why->text, (double)wait / 1000, tried + 1, s->settings.tries);
    struct timespec t = { wait / 1000, wait % 1000 * 1000000 };
    if (nanosleep(&t, NULL) < 0 && errno == EINTR)
        return err_set(err, ERR_RETRY, "interrupted while waiting for the store");
    return 0;
}

int s3_ask(struct s3 *s, const struct s3_request *q, struct s3_answer *a, struct err *err)
{
    for (int tried = 1;; tried++) {
        struct err why = ERR_INIT;
        int64_t pause_ms;
        if (s3_try(s, q, a, &pause_ms, &why) == 0)
            return 0;
        buf_fini(&a->body);
        if (why.class != ERR_RETRY) {
            *err = why;
            return -1;
        }
        if (s3_wait(s, tried, pause_ms, &why, err) < 0)
            return -1;
    }
}
