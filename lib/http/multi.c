/* lib/http/multi: libcurl's multi interface; handles are used again, so are connections. */
#include "http/multi.h"

#include <stdlib.h>

#include "http/exchange.h"

struct flight {
    struct flight *next; /* among those that are free */
    struct http_request request;
    struct http_response response;
    struct exchange exchange;
    void *tag;
};

struct http_multi {
    CURLM *curl;
    struct flight *free;
    struct flight **all;
    size_t n, cap, in_flight;
};

struct http_multi *http_multi_new(size_t connections, struct err *err)
{
    if (exchange_start_curl(err) < 0)
        return NULL;
    struct http_multi *m = calloc(1, sizeof *m);
    if (m == NULL || (m->curl = curl_multi_init()) == NULL) {
        err_set(err, ERR_STOP, "expected libcurl to start, got: out of memory");
        http_multi_free(m);
        return NULL;
    }
    curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)connections);
    curl_multi_setopt(m->curl, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return m;
}

void http_multi_free(struct http_multi *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++) {
        struct flight *f = m->all[i];
        curl_multi_remove_handle(m->curl, f->exchange.curl);
        curl_easy_cleanup(f->exchange.curl);
        curl_slist_free_all(f->exchange.headers);
        buf_fini(&f->response.body);
        free(f);
    }
    free(m->all);
    if (m->curl != NULL)
        curl_multi_cleanup(m->curl);
    free(m);
}

size_t http_multi_in_flight(const struct http_multi *m)
{
    return m->in_flight;
}

static struct flight *take_flight(struct http_multi *m)
{
    struct flight *f = m->free;
    if (f != NULL) {
        m->free = f->next;
        return f;
    }
    if (m->n == m->cap) {
        size_t cap = m->cap > 0 ? 2 * m->cap : 16;
        struct flight **all = realloc(m->all, cap * sizeof *all);
        if (all == NULL)
            return NULL;
        m->all = all;
        m->cap = cap;
    }
    if ((f = calloc(1, sizeof *f)) == NULL || (f->exchange.curl = curl_easy_init()) == NULL) {
        free(f);
        return NULL;
    }
    m->all[m->n++] = f;
    return f;
}

static void give_flight(struct http_multi *m, struct flight *f)
{
    f->next = m->free;
    m->free = f;
}

int http_multi_start(struct http_multi *m, const struct http_request *request, const char *ca_file, void *tag, struct err *err)
{
    struct flight *f = take_flight(m);
    if (f == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    f->request = *request;
    f->tag = tag;
    f->exchange =
        (struct exchange){ .curl = f->exchange.curl, .ca_file = ca_file, .request = &f->request, .response = &f->response };
    int begun = exchange_begin(&f->exchange, err);
    if (begun == 0) {
        /* A new connection where none is free; but over one that may turn out to be HTTP/2, not 64 at once. */
        curl_easy_setopt(f->exchange.curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        curl_easy_setopt(f->exchange.curl, CURLOPT_PIPEWAIT, strncmp(request->url, "https:", 6) == 0 ? 1L : 0L);
        curl_easy_setopt(f->exchange.curl, CURLOPT_PRIVATE, f);
        CURLMcode code = curl_multi_add_handle(m->curl, f->exchange.curl);
        if (code == CURLM_OK) {
            m->in_flight++;
            return 0;
        }
        err_set(err, ERR_RETRY, "%s", curl_multi_strerror(code));
    }
    curl_slist_free_all(f->exchange.headers);
    f->exchange.headers = NULL;
    buf_fini(&f->response.body);
    f->response = (struct http_response){ 0 };
    give_flight(m, f);
    return -1;
}

/* One that has ended, if there is one. */
static bool take_done(struct http_multi *m, struct http_done *done)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(m->curl, &left)) != NULL;) {
        char *private = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct flight *f = (struct flight *)(void *)private;
        *done = (struct http_done){ .tag = f->tag, .err = ERR_INIT };
        int ended = exchange_end(&f->exchange, code, &done->err);
        (void)ended; /* done->err says so */
        done->response = f->response;
        f->response = (struct http_response){ 0 };
        curl_multi_remove_handle(m->curl, f->exchange.curl);
        m->in_flight--;
        give_flight(m, f);
        return true;
    }
    return false;
}

int http_multi_wait(struct http_multi *m, int64_t timeout_ms, struct http_done *done, struct err *err)
{
    int running = 0;
    for (int turn = 0;; turn++) {
        CURLMcode code = curl_multi_perform(m->curl, &running);
        if (code != CURLM_OK)
            return err_set(err, ERR_STOP, "libcurl: %s", curl_multi_strerror(code));
        if (take_done(m, done))
            return 1;
        if (turn > 0)
            return 0;
        code = curl_multi_poll(m->curl, NULL, 0, (int)(timeout_ms > 0 ? timeout_ms : 0), NULL);
        if (code != CURLM_OK)
            return err_set(err, ERR_STOP, "libcurl: %s", curl_multi_strerror(code));
    }
}
