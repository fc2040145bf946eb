/* lib/http: many requests in flight at once, on one thread; over HTTP/2, where the server offers it, they share a connection. */
#ifndef ODW_HTTP_MULTI_H
#define ODW_HTTP_MULTI_H

#include "http/http.h"

struct http_multi;

/* What has come of one request. */
struct http_done {
    void *tag;                     /* as given to http_multi_start */
    struct http_response response; /* the caller finis its body */
    struct err err;                /* ERR_NONE, or why there was no complete answer; as http_send */
};

/* connections: kept open between requests, at most. */
struct http_multi *http_multi_new(size_t connections, struct err *err) __attribute__((warn_unused_result));
/* What is still in flight is broken off. */
void http_multi_free(struct http_multi *m);

/* Begins a request. Whatever it points to (URL, headers, body) must stay until it is done. ca_file: as http_new; borrowed likewise.
 * -1 and err: it wasn't begun. */
int http_multi_start(struct http_multi *m, const struct http_request *request, const char *ca_file, void *tag, struct err *err)
    __attribute__((warn_unused_result));
size_t http_multi_in_flight(const struct http_multi *m);

/* Waits until one has ended, or for timeout_ms. 1: *done is one that has; 0: none has; -1 and err. A signal that comes meanwhile
 * ends the wait early, with 0. */
int http_multi_wait(struct http_multi *m, int64_t timeout_ms, struct http_done *done, struct err *err)
    __attribute__((warn_unused_result));

#endif
