/* bench/enrich: calls per second of ipGeo, urlParse and traceParse, beside libmaxminddb and libcurl, in one run. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <curl/curl.h>
#include <maxminddb.h>

#include "geo/geo.h"
#include "trace/trace.h"
#include "url/url.h"

enum { VALUES = 1 << 20, ROUNDS = 5, WIDTH = 160 };

static char (*values)[WIDTH];
static uint64_t state = 42;
static volatile uint64_t sink;

static unsigned below(unsigned n)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)((state >> 33) % n);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The median of the rounds, in the table. */
static void measure(const char *what, const char *with, void (*run)(const char *value, size_t n))
{
    double took[ROUNDS];
    size_t bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        bytes = 0;
        for (size_t i = 0; i < VALUES; i++) {
            size_t n = strlen(values[i]);
            run(values[i], n);
            bytes += n;
        }
        took[round] = now() - start;
    }
    qsort(took, ROUNDS, sizeof *took, compare);
    double median = took[ROUNDS / 2];
    printf("| %s | %s | %.2f M | %.0f | %.0f |\n", what, with, VALUES / median / 1e6, (double)bytes / median / 1e6,
           median * 1e9 / VALUES);
    fflush(stdout);
}

/* --- addresses --- */

static struct geo *geo;
static MMDB_s peers[GEO_DATABASES];
static size_t n_peers;

static void find(const char *value, size_t n)
{
    struct geo_answer a;
    geo_find(geo, (struct str){ value, n }, &a);
    sink += a.country.n + a.asn + a.organisation.n;
}

/* As the library's manual does it: parse, look up, take the values out. */
static void find_peer(const char *value, size_t n)
{
    (void)n;
    static const char *const paths[][2] = { { "country_code" },
                                            { "autonomous_system_number" },
                                            { "autonomous_system_organization" } };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    bool is_four = inet_pton(AF_INET, value, &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, value, &six.sin6_addr) != 1)
        return;
    for (size_t i = 0; i < n_peers; i++) {
        int status;
        MMDB_lookup_result_s r =
            MMDB_lookup_sockaddr(&peers[i], is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six, &status);
        for (size_t k = 0; r.found_entry && k < 3; k++) {
            MMDB_entry_data_s v;
            if (MMDB_aget_value(&r.entry, &v, paths[k]) == MMDB_SUCCESS && v.has_data)
                sink += v.data_size;
        }
    }
}

static void make_random(void)
{
    for (size_t i = 0; i < VALUES; i++)
        snprintf(values[i], WIDTH, "%u.%u.%u.%u", 1 + below(223), below(256), below(256), below(256));
}

/* Visitors of a site: 50,000 addresses, some of them far more often than others, a fifth IPv6. */
static void make_visitors(void)
{
    for (size_t i = 0; i < VALUES; i++) {
        uint64_t was = state;
        state = (uint64_t)below(below(50000) + 1) * 0x9E3779B97F4A7C15u;
        if (below(5) == 0)
            snprintf(values[i], WIDTH, "2a0%x:%x:%x::%x", below(8), below(0x1000), below(0x10000), below(0x10000));
        else
            snprintf(values[i], WIDTH, "%u.%u.%u.%u", 1 + below(223), below(256), below(256), below(256));
        state = was + i;
    }
}

/* --- URLs --- */

static struct url_reader reader;
static struct buf memory, scratch[2], out;

static void parse(const char *value, size_t n)
{
    struct url url;
    struct url_parameters p;
    buf_clear(&out);
    if (url_read(&reader, (struct str){ value, n }, &url) < 0 || url_parameters_read(url.query, &memory, &p) < 0 ||
        url_query_redact(url.query, scratch, &out) < 0)
        abort();
    sink += url.host.n + url.registrable_domain.n + p.n_utm + out.n;
}

static void parse_peer(const char *value, size_t n)
{
    (void)n;
    CURLU *u = curl_url();
    char *host = NULL, *path = NULL, *query = NULL;
    if (curl_url_set(u, CURLUPART_URL, value, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        curl_url_get(u, CURLUPART_HOST, &host, 0);
        curl_url_get(u, CURLUPART_PATH, &path, 0);
        curl_url_get(u, CURLUPART_QUERY, &query, 0);
        sink += host != NULL ? strlen(host) : 0;
    }
    curl_free(host);
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(u);
}

static void make_urls(void)
{
    static const char *const hosts[] = { "www.example.com", "shop.example.co.uk", "blog.someone.github.io", "m.example.de",
                                         "example.com.br" };
    static const char *const tails[] = { "", "?page=2", "?utm_source=newsletter&utm_medium=email&utm_campaign=spring%20sale",
                                         "?gclid=Cj0KCQjw%2D_abc&q=red+shoes", "?id=8213&token=0f3a9c&sort=price" };
    for (size_t i = 0; i < VALUES; i++)
        snprintf(values[i], WIDTH, "https://%s/category-%u/item/%u%s", hosts[below(5)], below(40), below(100000), tails[below(5)]);
}

/* --- traces --- */

static void trace(const char *value, size_t n)
{
    struct trace t;
    sink += trace_parse((struct str){ value, n }, &t) ? t.flags : 0;
}

static void make_traces(void)
{
    for (size_t i = 0; i < VALUES; i++)
        snprintf(values[i], WIDTH, "00-%08x%08x%08x%08x-%08x%08x-0%u", below(1u << 31), below(1u << 31), below(1u << 31),
                 below(1u << 31), 1 + below(1u << 30), below(1u << 31), below(2));
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    if (argc < 2) {
        fputs("bench_enrich: expected databases of addresses (*.mmdb)\n", stderr);
        return 2;
    }
    if ((geo = geo_open((const char *const *)argv + 1, (size_t)argc - 1, &err)) == NULL) {
        fprintf(stderr, "bench_enrich: %s\n", err.text);
        return 1;
    }
    for (int i = 1; i < argc && n_peers < GEO_DATABASES; i++)
        if (MMDB_open(argv[i], MMDB_MODE_MMAP, &peers[n_peers]) == MMDB_SUCCESS)
            n_peers++;
    if ((values = malloc((size_t)VALUES * WIDTH)) == NULL)
        return 1;
    url_reader_init(&reader);
    buf_init(&memory, 0);
    buf_init(&scratch[0], 0);
    buf_init(&scratch[1], 0);
    buf_init(&out, 0);
    printf(
        "%d values, one core, CPU time, median of %d rounds\n\n| what | with | calls/s | MB/s | ns/call |\n|---|---|---|---|---|\n",
        VALUES, ROUNDS);
    make_random();
    measure("random IPv4 addresses", "ipGeo", find);
    measure("", "libmaxminddb", find_peer);
    make_visitors();
    measure("visitors' addresses", "ipGeo", find);
    measure("", "libmaxminddb", find_peer);
    make_urls();
    measure("URLs", "urlParse, all of it", parse);
    measure("", "libcurl: host, path, query", parse_peer);
    make_traces();
    measure("traceparent headers", "traceParse", trace);
    return 0;
}
