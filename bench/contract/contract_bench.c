/* bench/contract: how fast the contract engine reads events, beside jansson parsing the same bytes in the same run. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "contract/contract.h"

enum { EVENTS = 20000, BLOCK = 8192, ROUNDS = 7 };
#define APPENDED INT64_C(1795176000000)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* An event as a web page's script would send it, of about 480 bytes. */
static void put_event(struct buf *out, unsigned *seed)
{
    static const char *const names[] = { "$pageview", "$pageleave", "button_clicked", "signed_up", "search", "purchase" };
    static const char *const pages[] = { "pricing", "docs/getting-started", "blog/2026/10/what-is-new", "account/settings" };
    unsigned a = next_random(seed), b = next_random(seed), c = next_random(seed);
    buf_printf(
        out,
        "{\"id\":\"%08x-%04x-7%03x-9d2e-%06x%06x\",\"event_name\":\"%s\",\"timestamp\":\"2026-11-%02uT%02u:%02u:%02u.%03uZ\","
        "\"distinct_id\":\"user_%u\",\"session_id\":\"s-%06x%06x\",\"project_id\":\"web\",\"properties\":{"
        "\"$current_url\":\"https://shop.example/%s?utm=%u\",\"$referrer\":\"https://search.example/\",\"$screen_width\":%u,"
        "\"$lib\":\"web\",\"plan\":\"team\",\"position\":%u.%u},\"ip_address\":\"198.51.%u.%u\","
        "\"user_agent\":\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/%u.0 Safari/537.36\"}",
        a, b & 0xFFFF, c & 0xFFF, a & 0xFFFFFF, b, names[a % 6], 1 + b % 20, a % 24, b % 60, c % 60, a % 1000, c % 100000, c, a,
        pages[c % 4], b, 800 + c % 2000, a % 100, b % 100, a % 256, b % 256, 90 + c % 40);
}

struct bench {
    struct buf bytes;
    size_t ends[EVENTS];
    struct contract *contract;
};

static struct str event(const struct bench *b, size_t i)
{
    size_t from = i == 0 ? 0 : b->ends[i - 1];
    return (struct str){ b->bytes.p + from, b->ends[i] - from };
}

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "contract_bench: %s\n", what);
    exit(1);
}

/* typed: into columns, emptied after each block as the function runtime does. */
static double run_reader(const struct bench *b, bool typed)
{
    struct err err = ERR_INIT;
    struct reader *r = reader_new(b->contract, &err);
    struct col record;
    check(r != NULL && col_init(&record, "record", contract_type(b->contract), 0, &err) == 0, err.text);
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (size_t i = 0; i < EVENTS; i++) {
            check(reader_read(r, event(b, i), APPENDED, typed ? &record : NULL) == VERDICT_OK, "an event was refused");
            if (i % BLOCK == BLOCK - 1)
                col_clear(&record, 64 << 20);
        }
        double took = now() - start;
        col_clear(&record, 64 << 20);
        best = took < best ? took : best;
    }
    col_fini(&record);
    reader_free(r);
    return best;
}

static double run_jansson(const struct bench *b)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (size_t i = 0; i < EVENTS; i++) {
            struct str s = event(b, i);
            json_t *tree = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, NULL);
            check(tree != NULL, "jansson refused an event");
            json_decref(tree);
        }
        double took = now() - start;
        best = took < best ? took : best;
    }
    return best;
}

static void report(const struct bench *b, const char *what, double seconds, double other)
{
    printf("%-44s %8.2f GB/s %10.0f records/s %6.1f times jansson\n", what, (double)b->bytes.n / seconds / 1e9, EVENTS / seconds,
           other / seconds);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct err err = ERR_INIT;
    unsigned seed = 1;
    b.contract = contract_load(argc > 1 ? argv[1] : "contracts/events.schema.json", &err);
    check(b.contract != NULL, err.text);
    buf_init(&b.bytes, 0);
    for (size_t i = 0; i < EVENTS; i++) {
        put_event(&b.bytes, &seed);
        b.ends[i] = b.bytes.n;
    }
    double tree = run_jansson(&b), typed = run_reader(&b, true), checked = run_reader(&b, false);
    printf("%d events of %zu bytes, one thread, best of %d rounds\n", EVENTS, b.bytes.n / EVENTS, ROUNDS);
    report(&b, "checked", checked, tree);
    report(&b, "checked, typed, personal data cleaned", typed, tree);
    report(&b, "jansson: json_loadb, a tree and no checks", tree, tree);
    buf_fini(&b.bytes);
    contract_free(b.contract);
    return 0;
}
