/* lib/http: one request and its answer, as libcurl is told of it; what one at a time and many at once share. */
#ifndef ODW_HTTP_EXCHANGE_H
#define ODW_HTTP_EXCHANGE_H

#include <curl/curl.h>

#include "http/http.h"

/* What the callbacks of one request need. It may not move between begin and end. */
struct exchange {
    CURL *curl;
    const char *ca_file; /* NULL, or the only authorities to trust */
    const struct http_request *request;
    struct http_response *response;
    struct curl_slist *headers;
    bool broke_off, too_large;
    char why[CURL_ERROR_SIZE];
};

/* libcurl's own start, once for the process. */
int exchange_start_curl(struct err *err) __attribute__((warn_unused_result));
/* Inits the response and sets the handle up. */
int exchange_begin(struct exchange *x, struct err *err) __attribute__((warn_unused_result));
/* What came of it; as http_send. */
int exchange_end(struct exchange *x, CURLcode code, struct err *err) __attribute__((warn_unused_result));

#endif
