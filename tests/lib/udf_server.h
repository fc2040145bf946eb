/* tests/lib: plays ClickHouse to a function that is served in a process of its own; and a function that asks for trouble. */
#ifndef ODW_TEST_UDF_SERVER_H
#define ODW_TEST_UDF_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "udf/part.h"

static volatile unsigned sink;

/* Echoes its text, unless the text asks for trouble. */
static int trouble(struct udf_row *row)
{
    struct str s = row->str[0];
    if (str_starts(s, STR("!segv")))
        raise(SIGSEGV);
    if (str_starts(s, STR("!loop")))
        for (;;)
            sink++;
    if (str_starts(s, STR("!wait")))
        pause();
    if (str_starts(s, STR("!exit")))
        exit(3);
    if (str_starts(s, STR("!alloc")))
        for (;;) {
            char *p = malloc(1 << 20);
            memset(p, 1, 1 << 20);
            sink += (unsigned char)p[sink & 1023];
        }
    if (str_starts(s, STR("!print"))) {
        printf("printed by a library\n");
        fflush(stdout);
        ssize_t put = write(1, "written to 1\n", 13);
        (void)put;
    }
    if (str_starts(s, STR("!read"))) {
        char byte;
        if (read(0, &byte, 1) != 0)
            return -1;
    }
    if (str_starts(s, STR("!socket")) && socket(AF_INET, SOCK_STREAM, 0) < 0)
        return -1;
    if (str_starts(s, STR("!exec"))) {
        execl("/bin/true", "true", (char *)NULL);
        return -1;
    }
    if (str_starts(s, STR("!create")) && open("/dev/null", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0)
        return -1;
    if (str_starts(s, STR("!append")) && fopen("/dev/null", "a") == NULL)
        return -1;
    if (str_starts(s, STR("!fork"))) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        if (pid > 0)
            waitpid(pid, NULL, 0);
        return pid > 0 ? -1 : 0; /* no row put: another error than that of a fork that worked */
    }
    if (str_starts(s, STR("!kill")) && kill(getppid(), 0) == 0)
        return -1;
    if (str_starts(s, STR("!open"))) {
        int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
        char byte;
        if (fd < 0 || read(fd, &byte, 1) != 1)
            return -1;
        close(fd);
    }
    if (str_starts(s, STR("!none")))
        return 0;
    if (str_starts(s, STR("!refuse"))) {
        col_put_str(row->out, STR("half a row"));
        return -1;
    }
    if (str_starts(s, STR("!stop"))) {
        err_set(row->err, ERR_STOP, "expected the name of a thing, got \"%.*s\"", STR_ARG(s));
        return UDF_STOP;
    }
    if (str_starts(s, STR("!twice")))
        col_put_str(row->out, s);
    if (str_starts(s, STR("!scribble")))
        *(char *)s.p = 'x'; /* another row's bytes would be as near */
    if (str_starts(s, STR("!large")))
        for (int i = 0; i < 64; i++)
            buf_put_str(row->scratch, s);
    col_put_str(row->out, row->scratch->n > 0 ? buf_str(row->scratch) : s);
    return 0;
}

static void say_why(struct udf_row *row, const char *why)
{
    buf_printf(row->scratch, "error: %s", why);
    col_put_str(row->out, buf_str(row->scratch));
}

enum split { SPLIT_NONE, SPLIT_BYTES, SPLIT_RANDOM };

struct server {
    pid_t pid;
    int to, from, said; /* its stdin, stdout, stderr */
    struct buf sent;    /* what will be sent */
    struct buf got;     /* what came back and wasn't compared yet */
    enum split split;
    pthread_t writer;
    size_t written; /* of what was sent, how much the function's process took */
};

static inline void start_within(struct server *s, const struct udf *udf, struct udf_limits limits)
{
    int in[2], out[2], said[2];
    *s = (struct server){ 0 };
    buf_init(&s->sent, 0);
    buf_init(&s->got, 0);
    assert_int_equal(buf_reserve(&s->got, 1), 0);
    assert_int_equal(pipe(in) | pipe(out) | pipe(said), 0);
    fflush(NULL);
    s->pid = fork();
    if (s->pid == 0) {
        struct err err = ERR_INIT;
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(said[1], 2);
        close(in[1]);
        close(out[0]);
        signal(SIGPIPE, SIG_DFL);
        signal(SIGSEGV, SIG_DFL); /* cmocka's own */
        int done = udf_serve_within(udf, 0, 1, &limits, &err);
        if (done < 0)
            log_error("%s", err.text);
        _exit(done < 0 ? 1 : 0);
    }
    close(in[0]);
    close(out[1]);
    close(said[1]);
    s->to = in[1];
    s->from = out[0];
    s->said = said[0];
    fcntl(s->said, F_SETPIPE_SZ, 1 << 20);
}

static inline void start(struct server *s, const struct udf *udf)
{
    start_within(s, udf, udf_limits_default);
}

static void *write_sent(void *arg)
{
    struct server *s = arg;
    unsigned seed = 7;
    size_t at = 0;
    while (at < s->sent.n) {
        size_t n = s->sent.n - at;
        if (s->split == SPLIT_BYTES)
            n = 1;
        else if (s->split == SPLIT_RANDOM && n > 1)
            n = at + 8 < s->sent.n && rand_r(&seed) % 2 ? 1 + (size_t)rand_r(&seed) % 7
                                                        : 1 + (size_t)rand_r(&seed) % (n < 70000 ? n : 70000);
        ssize_t put = write(s->to, s->sent.p + at, n);
        if (put <= 0)
            break;
        at += (size_t)put;
    }
    s->written = at;
    return NULL;
}

/* Sends what was prepared while answers are read. */
static inline void send_all(struct server *s)
{
    assert_int_equal(pthread_create(&s->writer, NULL, write_sent, s), 0);
}

static void sent_all(struct server *s)
{
    pthread_join(s->writer, NULL);
    buf_clear(&s->sent);
}

static void put_text(struct buf *b, struct str s)
{
    buf_put_varint(b, s.n);
    buf_put_str(b, s);
}

static void put_head(struct buf *b, const struct udf *udf, uint64_t announced, uint64_t rows)
{
    int n = 0;
    while (n < UDF_ARGS && udf->args[n].name != NULL)
        n++;
    buf_printf(b, "%llu\n", (unsigned long long)announced);
    buf_put_varint(b, (uint64_t)n);
    buf_put_varint(b, rows);
}

static void put_column(struct buf *b, const struct udf *udf, int i)
{
    put_text(b, str_of(udf->args[i].name));
    put_text(b, str_of(udf->args[i].type));
}

static void put_strings(struct server *s, const struct udf *udf, const struct str *values, size_t rows)
{
    put_head(&s->sent, udf, rows, rows);
    put_column(&s->sent, udf, 0);
    for (size_t i = 0; i < rows; i++)
        put_text(&s->sent, values[i]);
}

/* Reads more of the answer; false at its end. */
static bool read_more(struct server *s)
{
    assert_int_equal(buf_reserve(&s->got, 1 << 16), 0);
    ssize_t n = read(s->from, s->got.p + s->got.n, s->got.cap - s->got.n);
    if (n > 0)
        s->got.n += (size_t)n;
    return n > 0;
}

static uint64_t get_varint(struct server *s, size_t *at)
{
    uint64_t v = 0;
    int n;
    while ((n = varint_read(s->got.p + *at, s->got.n - *at, &v)) == 0)
        if (!read_more(s))
            fail_msg("the answer ended within a number");
    assert_true(n > 0);
    *at += (size_t)n;
    return v;
}

static struct str get_bytes(struct server *s, size_t *at, size_t n)
{
    while (s->got.n - *at < n)
        if (!read_more(s))
            fail_msg("the answer ended within a value");
    *at += n;
    return (struct str){ s->got.p + *at - n, n };
}

static struct str get_text(struct server *s, size_t *at)
{
    size_t n = get_varint(s, at);
    return get_bytes(s, at, n);
}

/* A block's head; its rows. */
static size_t get_head(struct server *s, size_t *at, const char *type)
{
    assert_int_equal(get_varint(s, at), 1);
    size_t rows = get_varint(s, at);
    struct str name = get_text(s, at);
    assert_true(str_eq(name, STR("result")));
    struct str got = get_text(s, at);
    assert_true(str_eq(got, str_of(type)));
    return rows;
}

/* Reads the answer for `rows` rows, which are compared with what `expect` says. */
static void expect_strings(struct server *s, const struct str *values, size_t rows)
{
    size_t row = 0;
    while (row < rows) {
        size_t at = 0, n = get_head(s, &at, "String");
        if (n == 0 || n > rows - row)
            fail_msg("a block of %zu rows where %zu are missing", n, rows - row);
        for (size_t i = 0; i < n; i++, row++) {
            struct str got = get_text(s, &at);
            if (!str_eq(got, values[row]))
                fail_msg("row %zu of %zu: expected %.*s, got %.*s", row, rows, (int)(values[row].n < 80 ? values[row].n : 80),
                         values[row].p, (int)(got.n < 80 ? got.n : 80), got.p);
        }
        memmove(s->got.p, s->got.p + at, s->got.n - at);
        s->got.n -= at;
    }
}

/* Sends one chunk and compares the answer. */
static inline void exchange(struct server *s, const struct udf *udf, const struct str *values, const struct str *expected,
                            size_t rows)
{
    put_strings(s, udf, values, rows);
    send_all(s);
    expect_strings(s, expected, rows);
    sent_all(s);
}

/* Ends the input; nothing more may come. Its exit status, and what it said on stderr. */
static int finish(struct server *s, char *said, size_t size)
{
    int status = 0;
    close(s->to);
    bool more = read_more(s);
    if (more || s->got.n > 0)
        fail_msg("%zu bytes more than were asked for", s->got.n);
    waitpid(s->pid, &status, 0);
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(s->said, said + n, size - 1 - n)) > 0)
        n += (size_t)got;
    said[n] = '\0';
    close(s->from);
    close(s->said);
    buf_fini(&s->sent);
    buf_fini(&s->got);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Ends it and expects success. */
static inline void finish_well(struct server *s)
{
    char said[4096];
    int status = finish(s, said, sizeof said);
    if (status != 0)
        fail_msg("exit status %d: %s", status, said);
}

static struct str *make_values(size_t rows)
{
    struct str *values = calloc(rows, sizeof *values);
    for (size_t i = 0; i < rows; i++) {
        char *text = malloc(24);
        values[i] = (struct str){ text, (size_t)snprintf(text, 24, "row %zu", i) };
    }
    return values;
}

static void free_values(struct str *values, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        free((char *)values[i].p);
    free(values);
}

#endif
