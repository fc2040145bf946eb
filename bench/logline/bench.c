/* bench/logline: MB per second of CPU that the log parser reads, and that it reads and writes as records. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "log/logline.h"

enum { ROUND_BYTES = 200 << 20 };

/* Lines as these programs write them; the first of a family says its name. */
static const struct {
    const char *family, *line;
} lines[] = {
    { "JSON (pino)", "{\"level\":30,\"time\":1764064800123,\"pid\":657,\"hostname\":\"web-7f9c\",\"name\":\"shop\",\"req\":{\"id\":"
                     "\"r-8812\",\"method\":\"GET\",\"url\":"
                     "\"/api/cart/88123\"},\"responseTime\":14,\"msg\":\"request completed\"}" },
    { "JSON (zap)", "{\"level\":\"error\",\"ts\":1764064800.1234567,\"logger\":\"checkout\",\"caller\":\"pay/"
                    "charge.go:118\",\"msg\":\"charge was declined by the "
                    "bank\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"order\":991823,\"attempt\":2}" },
    { "Docker's wrapper",
      "{\"log\":\"2026-11-25T09:00:00.123Z ERROR [main] com.example.shop.Cart - the basket of this session was not found in the "
      "store\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-25T09:00:00.123456789Z\"}" },
    { "logfmt", "time=2026-11-25T10:00:00.123Z level=INFO msg=\"compacted the head block\" component=tsdb mint=1764057600000 "
                "maxt=1764064800000 "
                "duration=1.23s ulid=01JDH5Z1 series=81233" },
    { "syslog RFC 5424", "<165>1 2026-11-25T10:00:00.003Z web-7.example.com sshd 8710 ID47 [origin@32473 ip=\"10.0.0.7\" "
                         "software=\"rsyslogd\"] Accepted publickey "
                         "for deploy from 10.0.0.1 port 51122 ssh2" },
    { "syslog RFC 3164",
      "<38>Nov 25 10:00:00 web-7 sshd[8710]: Accepted publickey for deploy from 10.0.0.1 port 51122 ssh2: ED25519 SHA256:abcdef" },
    { "Combined Log Format",
      "203.0.113.9 - - [25/Nov/2026:10:00:00 +0000] \"GET /api/orders/88123?expand=lines HTTP/1.1\" 200 1570 "
      "\"https://shop.example.com/cart\" "
      "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\"" },
    { "logback", "2026-11-25 10:00:00.123 [http-nio-8080-exec-7] INFO  com.example.shop.CartController - the basket of the session "
                 "was stored in 14 ms with "
                 "3 lines" },
    { "Spring Boot", "2026-11-25T10:00:00.123+01:00  WARN 12345 --- [nio-8080-exec-7] c.e.shop.CartController                  : "
                     "the price of the article is "
                     "older than a day" },
    { "Python",
      "2026-11-25 10:00:00,123 - shop.cart - ERROR - the basket of the session was not found in the store, a new one is made" },
    { "klog",
      "I1125 10:00:00.123456    1234 controller.go:118] the pod kube-system/dns-7f9c was updated, its status is ready now" },
    { "Go", "2026/11/25 10:00:00 server.go:118: the basket of the session was stored in 14 ms with 3 lines and 2 vouchers" },
    { "PostgreSQL",
      "2026-11-25 10:00:00.123 UTC [8710] shop@shop LOG:  duration: 1403.552 ms  statement: select * from orders where id = $1" },
    { "ClickHouse", "2026.11.25 10:00:00.123456 [ 8710 ] {5f1c8a52-3c9e-4d53-9d6b-0a1b2c3d4e5f} <Debug> executeQuery: (from "
                    "127.0.0.1:51122) SELECT count() "
                    "FROM events (stage: Complete)" },
    { "plain text",
      "the basket of the session was stored in 14 ms with 3 lines and 2 vouchers, nothing else was to be done for it" },
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads all n lines over and over until ROUND_BYTES have gone by. */
static void measure(const char *name, const struct str *all, size_t n)
{
    struct logline_parser *p = logline_parser_new();
    struct buf record;
    size_t bytes = 0, levels = 0, count = 0;
    buf_init(&record, 0);
    if (p == NULL)
        exit(EXIT_FAILURE);
    double started = cpu_seconds();
    while (bytes < ROUND_BYTES)
        for (size_t i = 0; i < n; i++) {
            const struct logline *l = logline_parse(p, all[i], INT64_C(1764064800000));
            levels += l->level[0] != '\0';
            bytes += all[i].n + 1;
            count++;
        }
    double parse = cpu_seconds() - started;
    size_t parsed = bytes;
    bytes = 0;
    started = cpu_seconds();
    while (bytes < ROUND_BYTES)
        for (size_t i = 0; i < n; i++) {
            buf_clear(&record);
            logline_put_members(logline_parse(p, all[i], INT64_C(1764064800000)), 0, STR(""), &record);
            bytes += all[i].n + 1;
        }
    double both = cpu_seconds() - started;
    printf("| %s | %zu | %.0f | %.2f | %.0f | %.0f %% |\n", name, parsed / count, (double)parsed / parse / 1e6,
           parse / (double)count * 1e6, (double)bytes / both / 1e6, 100.0 * (double)levels / (double)count);
    buf_fini(&record);
    logline_parser_free(p);
}

int main(int argc, char **argv)
{
    printf("| lines | bytes | parse, MB/s | µs a line | as a record, MB/s | with a level |\n|---|---|---|---|---|---|\n");
    if (argc > 1) {
        struct err err = ERR_INIT;
        struct buf text;
        buf_init(&text, 0);
        if (file_read(argv[1], &text, &err) < 0) {
            fprintf(stderr, "bench_logline: %s\n", err.text);
            return EXIT_FAILURE;
        }
        size_t n = 0;
        for (size_t i = 0; i < text.n; i++)
            n += text.p[i] == '\n';
        struct str *all = calloc(n + 1, sizeof *all), rest = buf_str(&text);
        for (n = 0; all != NULL && rest.n > 0; n++)
            all[n] = str_cut(&rest, '\n');
        measure(argv[1], all, n);
        free(all);
        buf_fini(&text);
        return EXIT_SUCCESS;
    }
    enum { N = sizeof lines / sizeof *lines };
    struct str all[N];
    for (size_t i = 0; i < N; i++)
        all[i] = str_of(lines[i].line);
    for (size_t i = 0; i < N; i++)
        measure(lines[i].family, &all[i], 1);
    measure("**all mixed**", all, N);
    return EXIT_SUCCESS;
}
