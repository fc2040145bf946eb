/* dev/stack: does a part answer? */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stack.h"

static struct sockaddr_in loopback(int port)
{
    return (
        struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

bool probe_port_free(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_in at = loopback(port);
    /* With SO_REUSEADDR, as the servers do: connections in TIME_WAIT don't count. */
    bool is_free = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
    if (fd >= 0)
        close(fd);
    return is_free;
}

static int dial(int port, struct err *err)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval second = { 1, 0 };
    struct sockaddr_in at = loopback(port);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second) == 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    err_errno(err, ERR_RETRY, "port %d", port);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Reads until `want` bytes are there or the other side ends. */
static size_t receive(int fd, char *p, size_t want)
{
    size_t n = 0;
    ssize_t got;
    while (n < want && (got = recv(fd, p + n, want - n, 0)) > 0)
        n += (size_t)got;
    return n;
}

bool probe_http(int port, const char *path, struct err *err)
{
    int fd = dial(port, err);
    if (fd < 0)
        return false;
    char text[512];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", path, port);
    bool sent = send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;
    size_t got = sent ? receive(fd, text, 12) : 0;
    close(fd);
    if (got == 12 && memcmp(text, "HTTP/1.1 200", 12) == 0)
        return true;
    err_set(err, ERR_RETRY, "port %d: expected HTTP/1.1 200 on %s, got \"%.*s\"", port, path, (int)got, text);
    return false;
}

/* One request of the Kafka protocol and the first `want` bytes of the answer's body. Header version 1: a null client id. */
static bool ask_kafka(int fd, int api, int version, const char *body, size_t n, char *answer, size_t want)
{
    char request[64] = { 0 };
    uint32_t size = htonl((uint32_t)(10 + n));
    memcpy(request, &size, 4);
    request[5] = (char)api;
    request[7] = (char)version;
    request[12] = request[13] = (char)0xff;
    memcpy(request + 14, body, n);
    char head[8];
    return send(fd, request, 14 + n, MSG_NOSIGNAL) == (ssize_t)(14 + n) && receive(fd, head, 8) == 8 &&
           receive(fd, answer, want) == want;
}

bool probe_kafka(int port, struct err *err)
{
    int fd = dial(port, err);
    if (fd < 0)
        return false;
    /* Metadata, version 1, of no topics: answers with the brokers that are up. */
    char brokers[4] = { 0 };
    bool ok = ask_kafka(fd, 3, 1, "\0\0\0\0", 4, brokers, sizeof brokers);
    close(fd);
    if (ok && (brokers[0] != 0 || brokers[1] != 0 || brokers[2] != 0 || brokers[3] != 0))
        return true;
    err_set(err, ERR_RETRY, "port %d: %s", port, ok ? "the broker is not in its cluster yet" : "no answer to a metadata request");
    return false;
}
