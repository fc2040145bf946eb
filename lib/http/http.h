/* lib/http: an HTTP client over libcurl with kept-alive connections. Nothing else includes curl.h. */
#ifndef ODW_HTTP_H
#define ODW_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct http; /* one connection at a time; one thread at a time; kept alive between requests */

/* ca_file: NULL, or the only authorities to trust. */
struct http *http_new(const char *ca_file, struct err *err) __attribute__((warn_unused_result));
void http_free(struct http *h);

struct http_request {
    const char *method;         /* NULL: GET, or POST with a body */
    const char *url;            /* complete, encoded; its path is sent as it is, `..` and `//` too */
    const char *const *headers; /* "Name: value", NULL at the end; may be NULL */
    struct str body;
    int64_t connect_timeout_ms; /* 0: 3000 */
    int64_t timeout_ms;         /* of the whole; 0: none */
    int64_t stall_ms;           /* without a byte of the answer's body; 0: none. Counted in whole seconds */
    /* Gets the answer's body as it comes, only for a 2xx status; 0, or -1 to break off. NULL: it goes into response->body. */
    int (*on_body)(void *context, const char *p, size_t n);
    /* Gets the answer's headers as they come, with any status; names keep the server's case. NULL: only those that are kept. */
    void (*on_header)(void *context, struct str name, struct str value);
    void *context;
};

struct http_response {
    int status;
    struct buf body;         /* what on_body didn't take; init'ed by http_send, the caller finis it, also after an error */
    char exception_code[16]; /* X-ClickHouse-Exception-Code, or "" */
    char exception_tag[40];  /* X-ClickHouse-Exception-Tag, or "": marks an exception in the middle of a body */
    char summary[512];       /* X-ClickHouse-Summary, or "" */
    char retry_after[64];    /* Retry-After as it came, or "" */
};

/* 0 with any status; -1 and err where there was no complete answer: ERR_RETRY (refused, reset, cut, timed out), or ERR_DROP where
 * trying again is no use: a bad URL, a certificate that isn't trusted, a body over 256 MiB, on_body broke off. Proxies from the
 * environment are used except for loopback; redirects aren't followed. */
int http_send(struct http *h, const struct http_request *request, struct http_response *response, struct err *err)
    __attribute__((warn_unused_result));

/* Appends s percent-encoded (RFC 3986, unreserved characters stay). */
int http_encode(struct buf *out, struct str s);

const char *http_version(void); /* "libcurl 7.88.1" */

#endif
