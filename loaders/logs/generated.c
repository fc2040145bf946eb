/* loaders/logs/generated: log lines as services would write them. */
#include "loaders/logs/generated.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "loaders/generate.h"

enum { LINES_PER_TRACE = 6 };

struct generated {
    uint64_t seed;
    int64_t at, count, first_ms, span_ms;
    bool live;
    unsigned fail_percentage;
};

static const char *const services[] = { "checkout", "cart", "catalog", "search", "auth", "payments", "mail", "gateway" };

/* How often in a thousand; they add up to 1000. %n is a number, %u a user's address, %i an IP address. */
static const struct {
    const char *level, *text;
    unsigned share;
} lines[] = {
    { "INFO", "request completed in %n ms with status 200", 330 },
    { "INFO", "order %n was stored", 120 },
    { "DEBUG", "cache hit for key product:%n", 160 },
    { "DEBUG", "query took %n ms and read %n rows", 120 },
    { "INFO", "user %u signed in from %i", 60 },
    { "WARN", "retrying the call to inventory, attempt %n", 60 },
    { "WARN", "connection from %i was slow: %n ms", 40 },
    { "ERROR", "payment for order %n was declined by the bank", 30 },
    { "ERROR", "could not send the receipt to %u: connection refused", 25 },
    { "ERROR",
      "java.lang.IllegalStateException: basket %n is empty\\n\\tat com.example.shop.Cart.total(Cart.java:88)"
      "\\n\\tat com.example.shop.Checkout.pay(Checkout.java:41)",
      15 },
    { "TRACE", "entering Cart.total with %n lines", 35 },
    { "FATAL", "out of file descriptors, shutting down worker %n", 5 },
};

struct generated *generated_new(const struct opts *o, int64_t *total, struct err *err)
{
    struct generated *g = calloc(1, sizeof *g);
    int64_t until = wall_ms();
    if (g == NULL) {
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    if (opts_text(o, "until") != NULL && gen_read_moment("--until", opts_text(o, "until"), &until, err) < 0) {
        free(g);
        return NULL;
    }
    g->seed = gen_mix((uint64_t)opts_number(o, "seed") + 0x6c6f6773);
    g->count = *total = opts_number(o, "count");
    g->span_ms = opts_number(o, "days") * GEN_DAY_MS;
    g->first_ms = until - g->span_ms;
    g->live = g->span_ms == 0 && opts_text(o, "until") == NULL;
    g->fail_percentage = (unsigned)opts_number(o, "fail-percentage");
    return g;
}

void generated_free(struct generated *g)
{
    free(g);
}

static void put_text(struct buf *b, const char *text, uint64_t random)
{
    for (; *text != '\0'; text++) {
        if (*text != '%') {
            buf_putc(b, *text);
            continue;
        }
        random = gen_mix(random);
        switch (*++text) {
        case 'u':
            buf_puts(b, "user");
            gen_put_number(b, random % 100000);
            buf_puts(b, "@example.com");
            break;
        case 'i':
            buf_puts(b, "203.0.113.");
            gen_put_number(b, random % 254 + 1);
            break;
        default:
            gen_put_number(b, random % 90000 + 7);
        }
    }
}

int generated_next(struct generated *g, struct buf *b, struct buf *key, struct err *err)
{
    if (g->at >= g->count)
        return 0;
    int64_t i = g->at++;
    uint64_t unique = gen_mix((uint64_t)i + g->seed), random = gen_mix(unique ^ g->seed << 32 ^ 0x6f6477), more = gen_mix(random);
    /* Lines of one trace follow one another. */
    uint64_t trace = gen_mix((uint64_t)(i / LINES_PER_TRACE) ^ g->seed << 8), second = gen_mix(trace);
    int64_t ms = g->live ? wall_ms() : g->first_ms + (int64_t)((double)g->span_ms * (double)(i + 1) / (double)g->count);
    const char *service = services[more % 8];
    unsigned share = (unsigned)(random % 1000);
    size_t line = 0;
    while (share >= lines[line].share)
        share -= lines[line++].share;
    buf_puts(b, "{\"id\":\"");
    gen_put_uuid(b, ms, unique, random);
    buf_puts(b, "\",\"timestamp\":\"");
    gen_put_time(b, ms);
    buf_printf(b, "\",\"level\":\"%s\",\"source\":\"%s\",\"message\":\"%s", lines[line].level, service,
               (more >> 32) % 100 < g->fail_percentage ? "[DLQ]" : "");
    put_text(b, lines[line].text, more);
    buf_puts(b, "\",\"trace_id\":\"");
    gen_put_hex(b, trace | 1, 16);
    gen_put_hex(b, second, 16);
    buf_puts(b, "\",\"span_id\":\"");
    gen_put_hex(b, unique | 1, 16);
    buf_puts(b, "\",\"request_id\":\"req-");
    gen_put_hex(b, second >> 8, 12);
    buf_printf(b, "\",\"attributes\":{\"host\":\"%s-%u\",\"thread\":\"worker-%u\"}}", service, (unsigned)(more >> 8) % 4,
               (unsigned)(more >> 16) % 16);
    buf_puts(key, service);
    return b->failed ? err_set(err, ERR_DROP, "line %" PRId64 " is larger than the topic takes", g->at) : 1;
}
