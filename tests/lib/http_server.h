/* tests/lib/http_server: an HTTP server for unit tests that answers with the bytes it was given, whatever is asked; or with one
 * answer after another. */
#ifndef ODW_TEST_HTTP_SERVER_H
#define ODW_TEST_HTTP_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

enum { HTTP_SERVER_THEN = 16 };

struct http_server {
    int listener, wake[2], connections, requests;
    pthread_t thread;
    pthread_mutex_t lock;
    struct buf answer; /* sent as it is */
    bool close_after;  /* the connection, once the answer is out */
    bool silent;       /* reads, never answers */
    struct {
        struct buf answer;
        bool close_after;
    } then[HTTP_SERVER_THEN]; /* what comes after this answer, once each; the last one stays */
    int n_then, at_then;
    struct buf request; /* the last one: head and body */
    char url[64];
};

/* The whole length of the request that begins at b, 0 while more has to come. */
static size_t request_length(struct buf *b)
{
    const char *end = b->n > 0 ? memmem(b->p, b->n, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - b->p) + 4, body = 0;
    for (const char *p = b->p; p < end; p++)
        if (strncasecmp(p, "\ncontent-length:", 16) == 0)
            body = (size_t)strtoul(p + 16, NULL, 10);
    return b->n >= head + body ? head + body : 0;
}

static void serve_one(struct http_server *s, int fd)
{
    struct buf in;
    buf_init(&in, 0);
    for (;;) {
        struct pollfd ready[2] = { { fd, POLLIN, 0 }, { s->wake[0], POLLIN, 0 } };
        char chunk[65536];
        if (poll(ready, 2, -1) < 0 || ready[1].revents != 0)
            break;
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n <= 0)
            break;
        buf_put(&in, chunk, (size_t)n);
        size_t length = request_length(&in);
        if (length == 0)
            continue;
        pthread_mutex_lock(&s->lock);
        buf_clear(&s->request);
        buf_put(&s->request, in.p, length);
        s->requests++;
        ssize_t put = s->silent ? 0 : send(fd, s->answer.p, s->answer.n, MSG_NOSIGNAL);
        bool stop = put < 0 || s->close_after;
        if (s->at_then < s->n_then) {
            buf_clear(&s->answer);
            buf_put_str(&s->answer, buf_str(&s->then[s->at_then].answer));
            s->close_after = s->then[s->at_then++].close_after;
        }
        pthread_mutex_unlock(&s->lock);
        buf_clear(&in);
        if (stop)
            break;
    }
    buf_fini(&in);
    close(fd);
}

static void *serve(void *context)
{
    struct http_server *s = context;
    for (;;) {
        struct pollfd ready[2] = { { s->listener, POLLIN, 0 }, { s->wake[0], POLLIN, 0 } };
        if (poll(ready, 2, -1) < 0 || ready[1].revents != 0)
            return NULL;
        int fd = accept(s->listener, NULL, NULL);
        s->connections++;
        if (fd >= 0)
            serve_one(s, fd);
    }
}

static void http_server_start(struct http_server *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    *s = (struct http_server){ .lock = PTHREAD_MUTEX_INITIALIZER };
    buf_init(&s->answer, 0);
    buf_init(&s->request, 0);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(s->listener, 8) < 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &size) < 0 || pipe(s->wake) < 0 ||
        pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
}

static void http_server_stop(struct http_server *s)
{
    ssize_t put = write(s->wake[1], "", 1);
    (void)put;
    pthread_join(s->thread, NULL);
    close(s->listener);
    close(s->wake[0]);
    close(s->wake[1]);
    buf_fini(&s->answer);
    buf_fini(&s->request);
    for (int i = 0; i < HTTP_SERVER_THEN; i++)
        buf_fini(&s->then[i].answer);
}

static void http_server_put(struct buf *to, const char *status, const char *headers, struct str body, long length)
{
    buf_clear(to);
    buf_printf(to, "HTTP/1.1 %s\r\n%sContent-Length: %ld\r\n\r\n", status, headers, length >= 0 ? length : (long)body.n);
    buf_put_str(to, body);
}

/* headers: complete lines, or "". length: what Content-Length says; -1: as long as the body is. */
static void http_server_answer(struct http_server *s, const char *status, const char *headers, struct str body, long length,
                               bool close_after)
{
    pthread_mutex_lock(&s->lock);
    http_server_put(&s->answer, status, headers, body, length);
    s->close_after = close_after;
    s->n_then = s->at_then = s->requests = 0;
    pthread_mutex_unlock(&s->lock);
}

/* After http_server_answer, before anything is asked: what the next request gets. */
__attribute__((unused)) static void http_server_then(struct http_server *s, const char *status, const char *headers,
                                                     struct str body, long length, bool close_after)
{
    pthread_mutex_lock(&s->lock);
    if (s->n_then == HTTP_SERVER_THEN)
        abort();
    http_server_put(&s->then[s->n_then].answer, status, headers, body, length);
    s->then[s->n_then++].close_after = close_after;
    pthread_mutex_unlock(&s->lock);
}

/* Whether the last request holds these bytes. */
static bool http_server_saw(struct http_server *s, struct str bytes)
{
    pthread_mutex_lock(&s->lock);
    bool saw = s->request.n > 0 && memmem(s->request.p, s->request.n, bytes.p, bytes.n) != NULL;
    pthread_mutex_unlock(&s->lock);
    return saw;
}

#endif
