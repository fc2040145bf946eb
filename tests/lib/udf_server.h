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
#include "lint/program.h"
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

/* lib/lint plays the server, to a function that is served in the process it starts. */
struct served {
    const struct udf *udf;
    struct udf_limits limits;
};

static int serve_child(void *arg)
{
    const struct served *served = arg;
    struct err err = ERR_INIT;
    signal(SIGPIPE, SIG_DFL);
    signal(SIGSEGV, SIG_DFL); /* cmocka's own */
    int done = udf_serve_within(served->udf, 0, 1, &served->limits, &err);
    if (done < 0)
        log_error("%s", err.text);
    return done < 0 ? 1 : 0;
}

static inline void start_within(struct program *s, const struct udf *udf, struct udf_limits limits)
{
    struct served served = { udf, limits };
    struct err err = ERR_INIT;
    if (program_start(s, serve_child, &served, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void start(struct program *s, const struct udf *udf)
{
    start_within(s, udf, udf_limits_default);
}

/* Sends what was prepared while answers are read. */
static inline void send_all(struct program *s)
{
    struct err err = ERR_INIT;
    if (program_send(s, &err) < 0)
        fail_msg("%s", err.text);
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
    buf_put_string(b, str_of(udf->args[i].name));
    buf_put_string(b, str_of(udf->args[i].type));
}

static void put_strings(struct program *s, const struct udf *udf, const struct str *values, size_t rows)
{
    put_head(&s->sent, udf, rows, rows);
    put_column(&s->sent, udf, 0);
    for (size_t i = 0; i < rows; i++)
        buf_put_string(&s->sent, values[i]);
}

static struct str get_bytes(struct program *s, size_t n)
{
    if (program_need(s, n) != GOT_ALL)
        fail_msg("the answer ended within a value");
    return (struct str){ program_take(s, n), n };
}

static uint64_t get_varint(struct program *s)
{
    uint64_t v = 0;
    for (size_t more = 1;; more++) {
        if (program_need(s, more) != GOT_ALL)
            fail_msg("the answer ended within a number");
        int n = varint_read(s->got.p + s->at, program_left(s), &v);
        assert_true(n >= 0);
        if (n > 0) {
            program_take(s, (size_t)n);
            return v;
        }
    }
}

static struct str get_text(struct program *s)
{
    return get_bytes(s, get_varint(s));
}

/* A block's head; its rows. */
static size_t get_head(struct program *s, const char *type)
{
    assert_int_equal(get_varint(s), 1);
    size_t rows = get_varint(s);
    assert_true(str_eq(get_text(s), STR("result")));
    assert_true(str_eq(get_text(s), str_of(type)));
    return rows;
}

/* Reads the answer for `rows` rows, which are compared with what `expect` says. */
static void expect_strings(struct program *s, const struct str *values, size_t rows)
{
    size_t row = 0;
    while (row < rows) {
        size_t n = get_head(s, "String");
        if (n == 0 || n > rows - row)
            fail_msg("a block of %zu rows where %zu are missing", n, rows - row);
        for (size_t i = 0; i < n; i++, row++) {
            struct str got = get_text(s);
            if (!str_eq(got, values[row]))
                fail_msg("row %zu of %zu: expected %.*s, got %.*s", row, rows, (int)(values[row].n < 80 ? values[row].n : 80),
                         values[row].p, (int)(got.n < 80 ? got.n : 80), got.p);
        }
    }
}

/* Sends one chunk and compares the answer. */
static inline void exchange(struct program *s, const struct udf *udf, const struct str *values, const struct str *expected,
                            size_t rows)
{
    put_strings(s, udf, values, rows);
    send_all(s);
    expect_strings(s, expected, rows);
    program_sent(s);
}

/* Ends the input; nothing more may come. Its exit status (-1: a signal's), and what it said on stderr. */
static int finish(struct program *s, char *said, size_t size)
{
    int status = 0;
    enum program_end end = program_end(s, 0, &status);
    if (program_left(s) > 0)
        fail_msg("%zu bytes more than were asked for", program_left(s));
    snprintf(said, size, "%.*s", STR_ARG(buf_str(&s->words)));
    program_fini(s);
    return end == PROGRAM_EXITED ? status : -1;
}

/* Ends it and expects success. */
static inline void finish_well(struct program *s)
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
