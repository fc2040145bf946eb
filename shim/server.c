/* shim/server: listening, from the first byte of a request to the last of its answer.
 *
 * A thread per connection: a request waits for ClickHouse or Kafka in the thread that reads it, and no other connection notices.
 * What a connection may take is bounded by its state: waiting for a request, reading it, being answered. */
#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "shim/shim.h"

enum { STACK = 512 * 1024, MEMORY = 64 * 1024, DISCARD = 1 << 20, REAP_EVERY_MS = 250 };

enum stage { STAGE_WAITING, STAGE_READING, STAGE_WORKING, STAGE_SENDING };

struct connection {
    int fd;
    enum stage stage;
    int64_t since;
    struct connection *next, **to_me;
};

struct connections {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct connection *first;
    pthread_t reaper;
    bool stop;
    int64_t idle_ms, request_ms;
};

/* One request's state at libmicrohttpd. */
struct exchange {
    struct request r;
    bool early; /* the answer is made already; the body is read and dropped */
    bool queued;
    size_t held, dropped;
    int64_t began;
};

static void stage(struct shim *shim, struct MHD_Connection *mc, enum stage to)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *c = info != NULL ? info->socket_context : NULL;
    if (c == NULL)
        return;
    pthread_mutex_lock(&shim->connections->lock);
    c->stage = to;
    c->since = monotonic_ms();
    pthread_mutex_unlock(&shim->connections->lock);
}

static void on_connection(void *context, struct MHD_Connection *mc, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct shim *shim = context;
    struct connections *all = shim->connections;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct connection *c = calloc(1, sizeof *c);
        *socket_context = c;
        if (c == NULL || info == NULL)
            return;
        int on = 1;
        c->fd = info->connect_fd;
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c->since = monotonic_ms();
        pthread_mutex_lock(&all->lock);
        c->next = all->first;
        c->to_me = &all->first;
        if (all->first != NULL)
            all->first->to_me = &c->next;
        all->first = c;
        pthread_mutex_unlock(&all->lock);
        return;
    }
    struct connection *c = *socket_context;
    if (c == NULL)
        return;
    /* Before the socket is closed: the reaper never touches a number that means another file by now. */
    pthread_mutex_lock(&all->lock);
    if (c->to_me != NULL) {
        *c->to_me = c->next;
        if (c->next != NULL)
            c->next->to_me = c->to_me;
    }
    pthread_mutex_unlock(&all->lock);
    free(c);
    *socket_context = NULL;
}

/* Ends connections that take too long: one that sends a byte now and then is never idle for libmicrohttpd. */
static void *reap(void *context)
{
    struct connections *all = context;
    pthread_mutex_lock(&all->lock);
    while (!all->stop) {
        int64_t now = monotonic_ms();
        for (struct connection *c = all->first; c != NULL; c = c->next) {
            int64_t allowed = c->stage == STAGE_WAITING ? all->idle_ms : c->stage == STAGE_WORKING ? INT64_MAX : all->request_ms;
            if (now - c->since > allowed)
                shutdown(c->fd, SHUT_RDWR);
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += REAP_EVERY_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&all->wake, &all->lock, &until);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* ---- a request ---- */

static enum MHD_Result on_arg(void *context, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value,
                              size_t value_size)
{
    struct request *r = context;
    (void)kind;
    if (r->n_args == REQUEST_ARGS)
        return MHD_NO;
    r->args[r->n_args++] =
        (struct request_arg){ { key, key_size }, { value != NULL ? value : "", value != NULL ? value_size : 0 } };
    return MHD_YES;
}

static struct str header(struct MHD_Connection *mc, const char *name)
{
    const char *value = MHD_lookup_connection_value(mc, MHD_HEADER_KIND, name);
    return value != NULL ? str_of(value) : (struct str){ NULL, 0 };
}

static enum MHD_Result queue(struct shim *shim, struct exchange *x, struct MHD_Connection *mc)
{
    struct reply *a = &x->r.reply;
    char text[32];
    if (a->body.failed)
        reply_problem(a, PROBLEM_BUSY, x->r.path, NULL, 0, "there is no memory left for this answer");
    struct MHD_Response *response = MHD_create_response_from_buffer(a->body.n, a->body.p, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        return MHD_NO;
    size_t bytes = a->body.n;
    a->body = (struct buf){ .max = a->body.max }; /* the response frees it */
    if (bytes > 0)
        MHD_add_response_header(response, "Content-Type", a->type);
    MHD_add_response_header(response, "Cache-Control", a->cache[0] != '\0' ? a->cache : "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (a->etag[0] != '\0')
        MHD_add_response_header(response, "ETag", a->etag);
    if (a->allow != NULL)
        MHD_add_response_header(response, "Allow", a->allow);
    if (a->status == 401)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"odw\"");
    if (a->retry_after > 0) {
        snprintf(text, sizeof text, "%d", a->retry_after);
        MHD_add_response_header(response, "Retry-After", text);
    }
    if (atomic_load(&shim->draining))
        MHD_add_response_header(response, "Connection", "close");
    stage(shim, mc, STAGE_SENDING);
    enum MHD_Result rc = MHD_queue_response(mc, (unsigned)a->status, response);
    MHD_destroy_response(response);
    x->queued = rc == MHD_YES;
    metrics_request(&shim->metrics, x->r.route, a->status, monotonic_ms() - x->began);
    if (shim->access_log)
        log_info("access method=%.*s path=%.*s status=%d bytes=%zu ms=%lld", STR_ARG(x->r.method), STR_ARG(x->r.path), a->status,
                 bytes, (long long)(monotonic_ms() - x->began));
    return rc;
}

static enum MHD_Result begin(struct shim *shim, struct MHD_Connection *mc, const char *url, const char *method, void **state)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        return MHD_NO;
    *state = x;
    atomic_fetch_add(&shim->busy, 1);
    stage(shim, mc, STAGE_READING);
    struct request *r = &x->r;
    x->began = monotonic_ms();
    r->method = str_of(method);
    r->path = str_of(url);
    r->content_type = header(mc, "Content-Type");
    r->content_encoding = header(mc, "Content-Encoding");
    r->if_none_match = header(mc, "If-None-Match");
    r->origin = header(mc, "Origin");
    r->host = header(mc, "Host");
    buf_init(&r->body, shim->body_max);
    arena_init(&r->arena, (size_t)4 << 20);
    reply_init(&r->reply);
    int args = MHD_get_connection_values_n(mc, MHD_GET_ARGUMENT_KIND, on_arg, r);
    struct str length = header(mc, "Content-Length");
    unsigned long long announced = length.p != NULL ? strtoull(length.p, NULL, 10) : 0;
    x->early = route_early(shim, r, header(mc, "Authorization"));
    if (!x->early && args > REQUEST_ARGS) {
        reply_problem(&r->reply, PROBLEM_PARAMETER, r->path, NULL, 0, "expected at most %d parameters, got %d", REQUEST_ARGS, args);
        x->early = true;
    }
    if (!x->early && announced > shim->body_max) {
        reply_problem(&r->reply, PROBLEM_TOO_LARGE, r->path, NULL, 0, "expected a body of at most %zu bytes, got %llu",
                      shim->body_max, announced);
        x->early = true;
    }
    if (!x->early && announced > 0 && atomic_load(&shim->ingest_bytes) + announced > shim->ingest_bytes_max) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "too many bodies are held at once: send it again in a moment");
        x->early = true;
    }
    if (!x->early && announced > 0)
        (void)buf_reserve(&r->body, (size_t)announced < DISCARD ? (size_t)announced : DISCARD);
    /* A client that asked first, or that has much to say, hears it now. A short body is read to its end, so that the connection
     * stays. */
    struct str expect = header(mc, "Expect");
    if (x->early && (announced > DISCARD || expect.p != NULL))
        return queue(shim, x, mc);
    return MHD_YES;
}

static enum MHD_Result take_body(struct shim *shim, struct exchange *x, const char *p, size_t *n)
{
    struct request *r = &x->r;
    if (!x->early && atomic_fetch_add(&shim->ingest_bytes, *n) + *n > shim->ingest_bytes_max) {
        atomic_fetch_sub(&shim->ingest_bytes, *n);
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "too many bodies are held at once: send it again in a moment");
        x->early = true;
    } else if (!x->early) {
        x->held += *n;
        if (buf_put(&r->body, p, *n) < 0) {
            reply_problem(&r->reply, PROBLEM_TOO_LARGE, r->path, NULL, 0, "expected a body of at most %zu bytes", shim->body_max);
            x->early = true;
        }
    }
    if (x->early) {
        if (r->body.p != NULL) {
            buf_fini(&r->body);
            atomic_fetch_sub(&shim->ingest_bytes, x->held);
            x->held = 0;
        }
        x->dropped += *n;
        if (x->dropped > shim->body_max * 4)
            return MHD_NO; /* enough: the connection is closed */
    }
    *n = 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *mc, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct shim *shim = context;
    struct exchange *x = *state;
    (void)version;
    if (x == NULL)
        return begin(shim, mc, url, method, state);
    if (*upload_size > 0)
        return take_body(shim, x, upload, upload_size);
    if (x->queued)
        return MHD_YES;
    if (!x->early) {
        stage(shim, mc, STAGE_WORKING);
        route_answer(shim, &x->r);
    }
    return queue(shim, x, mc);
}

static void on_completed(void *context, struct MHD_Connection *mc, void **state, enum MHD_RequestTerminationCode code)
{
    struct shim *shim = context;
    struct exchange *x = *state;
    (void)code;
    if (x == NULL)
        return;
    *state = NULL;
    stage(shim, mc, STAGE_WAITING);
    atomic_fetch_sub(&shim->ingest_bytes, x->held);
    buf_fini(&x->r.body);
    arena_fini(&x->r.arena);
    reply_fini(&x->r.reply);
    free(x);
    atomic_fetch_sub(&shim->busy, 1);
}

static void on_log(void *context, const char *format, va_list args)
{
    char text[512];
    (void)context;
    vsnprintf(text, sizeof text, format, args);
    log_debug("libmicrohttpd: %s", text);
}

/* ---- listening ---- */

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* "HOST:PORT", "[::1]:PORT", "http://HOST:PORT" */
static int split_address(const char *text, char host[256], char port[16], struct err *err)
{
    struct str s = str_of(text);
    if (str_starts(s, STR("http://")))
        s = (struct str){ s.p + 7, s.n - 7 };
    while (str_ends(s, STR("/")))
        s.n--;
    const char *colon = s.n > 0 ? memrchr(s.p, ':', s.n) : NULL;
    struct str h = { s.p, colon != NULL ? (size_t)(colon - s.p) : 0 }, p = { colon, colon != NULL ? s.n - h.n : 0 };
    if (p.n > 0)
        p.p++, p.n--;
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = (struct str){ h.p + 1, h.n - 2 };
    if (h.n == 0 || h.n >= 256 || p.n == 0 || p.n >= 16)
        return err_set(err, ERR_STOP, "shim-listen: expected HOST:PORT, got %s", text);
    snprintf(host, 256, "%.*s", STR_ARG(h));
    snprintf(port, 16, "%.*s", STR_ARG(p));
    return 0;
}

static int listen_on(struct shim *shim, const char *text, struct err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
    char host[256], port[16];
    int fd = -1, on = 1;
    if (split_address(text, host, port, err) < 0)
        return -1;
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0)
        return err_set(err, ERR_STOP, "shim-listen: %s isn't an address to listen on: %s", text, gai_strerror(rc));
    if (!shim->has_token && !is_loopback(found->ai_addr)) {
        err_set(err, ERR_STOP,
                "shim-listen: %s can be reached from other machines, and no token is set: expected a file with a bearer token "
                "(shim-token-file), or "
                "an address such as 127.0.0.1:%s",
                text, port);
        goto out;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
        err_errno(err, ERR_STOP, "can't listen on %s", text);
        if (fd >= 0)
            close(fd);
        fd = -1;
        goto out;
    }
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char numeric[16] = "?";
    if (getsockname(fd, (struct sockaddr *)&bound, &size) == 0)
        getnameinfo((struct sockaddr *)&bound, size, NULL, 0, numeric, sizeof numeric, NI_NUMERICSERV);
    log_info("listening url=http://%s%s%s:%s token=%s", strchr(host, ':') != NULL ? "[" : "", host,
             strchr(host, ':') != NULL ? "]" : "", numeric, shim->has_token ? "yes" : "no");
out:
    freeaddrinfo(found);
    return fd;
}

int server_start(struct shim *shim, struct err *err)
{
    const char *address = opts_text(shim->settings, "shim-listen");
    int fd = listen_on(shim, address != NULL ? address : opts_text(shim->settings, "shim-url"), err);
    if (fd < 0)
        return -1;
    /* Each connection is a file here, and a thread. */
    struct rlimit files;
    unsigned connections = (unsigned)opts_number(shim->settings, "shim-max-connections");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < connections + 200) {
        files.rlim_cur = files.rlim_max < connections + 200 ? files.rlim_max : connections + 200;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    struct connections *all = calloc(1, sizeof *all);
    if (all == NULL) {
        close(fd);
        return err_set(err, ERR_STOP, "out of memory");
    }
    pthread_condattr_t attr;
    all->idle_ms = shim->idle_ms;
    all->request_ms = shim->request_ms;
    pthread_mutex_init(&all->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&all->wake, &attr);
    pthread_condattr_destroy(&attr);
    shim->connections = all;
    if (pthread_create(&all->reaper, NULL, reap, all) != 0) {
        close(fd);
        return err_set(err, ERR_STOP, "can't start a thread");
    }
    shim->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL,
        NULL, on_request, shim, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((shim->idle_ms + 999) / 1000), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY, MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK, MHD_OPTION_NOTIFY_CONNECTION, on_connection, shim,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, shim, MHD_OPTION_END);
    if (shim->daemon == NULL) {
        close(fd);
        return err_set(err, ERR_STOP, "the HTTP server can't be started");
    }
    return 0;
}

int server_stop(struct shim *shim, int64_t drain_ms)
{
    int rc = 0;
    if (shim->daemon != NULL) {
        int64_t end = monotonic_ms() + drain_ms;
        int fd = MHD_quiesce_daemon(shim->daemon);
        atomic_store(&shim->draining, true);
        if (fd >= 0)
            close(fd);
        while (atomic_load(&shim->busy) > 0 && monotonic_ms() < end)
            nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        int cut = atomic_load(&shim->busy);
        if (cut > 0) {
            log_warn("%d requests were not done within %lld ms and are cut off", cut, (long long)drain_ms);
            rc = -1;
        }
        MHD_stop_daemon(shim->daemon);
        shim->daemon = NULL;
    }
    if (shim->connections != NULL) {
        struct connections *all = shim->connections;
        pthread_mutex_lock(&all->lock);
        all->stop = true;
        pthread_cond_signal(&all->wake);
        pthread_mutex_unlock(&all->lock);
        pthread_join(all->reaper, NULL);
        pthread_mutex_destroy(&all->lock);
        pthread_cond_destroy(&all->wake);
        free(all);
        shim->connections = NULL;
    }
    return rc;
}
