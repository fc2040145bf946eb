/* bench/ua: CPU time per agent, unseen and from the cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"
#include "ua/ua.h"

enum { ROUNDS = 5, FILE_MAX = 256 << 20 };

struct agents {
    struct str *at;
    size_t n;
};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long resident_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static size_t sink;

/* Microseconds per agent over one pass. */
static double pass(struct ua *ua, const struct agents *agents, bool anew)
{
    double from = cpu_us();
    for (size_t i = 0; i < agents->n; i++) {
        struct ua_answer a;
        if ((anew ? ua_parse_anew(ua, agents->at[i], &a) : ua_parse(ua, agents->at[i], &a)) < 0)
            exit(1);
        sink += a.browser.n + a.device.n + a.is_bot;
    }
    return (cpu_us() - from) / (double)agents->n;
}

static double least(struct ua *ua, const struct agents *agents, bool anew)
{
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double us = pass(ua, agents, anew);
        best = us < best ? us : best;
    }
    return best;
}

static void line(const char *what, double us)
{
    printf("| %-58s | %8.2f |\n", what, us);
}

int main(int argc, char **argv)
{
    struct buf text;
    struct err err = ERR_INIT;
    struct agents agents = { .n = 0 };
    buf_init(&text, FILE_MAX);
    if (argc != 2 || file_read(argv[1], &text, &err) < 0) {
        fprintf(stderr, "Usage: bench_ua FILE (one agent a line)%s%s\n", err.text[0] != '\0' ? ": " : "", err.text);
        return 2;
    }
    struct str rest = buf_str(&text);
    agents.at = malloc((text.n + 1) * sizeof *agents.at);
    while (rest.n > 0 && agents.at != NULL)
        agents.at[agents.n++] = str_cut(&rest, '\n');
    if (agents.n == 0)
        return 2;
    long before = resident_kib();
    double from = cpu_us();
    struct ua *ua = ua_new(&err);
    if (ua == NULL)
        return 1;
    line("odw: start, in all (µs)", cpu_us() - from);
    line("odw: unseen, by a new process, its rules compiled meanwhile", pass(ua, &agents, true));
    size_t tried = 0;
    for (size_t i = 0; i < agents.n; i++) {
        struct ua_answer a;
        if (ua_parse_anew(ua, agents.at[i], &a) < 0)
            return 1;
        tried += ua_rules_tried(ua);
    }
    line("odw: unseen", least(ua, &agents, true));
    pass(ua, &agents, false);
    line("odw: from the cache", least(ua, &agents, false));
    fprintf(stderr, "%zu agents; %.1f rules tried for each, %u rules compiled, %ld KiB more resident%s\n", agents.n,
            (double)tried / (double)agents.n, ua_rules_held(ua), resident_kib() - before, sink == 0 ? "?" : "");
    ua_free(ua);
    free(agents.at);
    buf_fini(&text);
    return 0;
}
