/* shim/metrics: GET /metrics, in Prometheus' text format 0.0.4: how each source is doing, and what this shim did. */
#include "shim/metrics.h"

#include <jansson.h>
#include <string.h>

#include "shim/shim.h"

enum { WAIT_MS = 5000 };

static const char *const routes[ROUTES] = { "other", "api", "ingest", "dead_letters", "health", "metrics" };
static const int64_t ends_ms[METRICS_BUCKETS - 1] = { 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500 };

void metrics_request(struct metrics *m, enum metrics_route route, int status, int64_t ms)
{
    int class = status / 100, bucket = 0;
    while (bucket < METRICS_BUCKETS - 1 && ms > ends_ms[bucket])
        bucket++;
    atomic_fetch_add_explicit(&m->requests[route][class < METRICS_CLASSES ? class : 0], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->within[route][bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->ms[route], (unsigned long long)ms, memory_order_relaxed);
}

void metrics_ingest(struct metrics *m, uint64_t accepted, uint64_t refused, uint64_t unknown)
{
    atomic_fetch_add_explicit(&m->accepted, accepted, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->refused, refused, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->unknown, unknown, memory_order_relaxed);
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void label(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s=\"", name);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\\' || *p == '"')
            buf_putc(b, '\\');
        if (*p == '\n')
            buf_puts(b, "\\n");
        else
            buf_putc(b, *p);
    }
    buf_putc(b, '"');
}

static void value(struct buf *b, const json_t *n)
{
    if (json_is_integer(n))
        buf_printf(b, " %lld\n", (long long)json_integer_value(n));
    else
        buf_printf(b, " %.6g\n", json_number_value(n));
}

/* One number of each source; one that isn't known has no line. */
static void per_source(struct buf *b, const json_t *status, const char *key, const char *name, const char *type, const char *help)
{
    const json_t *s, *n;
    size_t i;
    head(b, name, type, help);
    json_array_foreach(json_object_get(status, "sources"), i, s)
    {
        if (!json_is_number(n = json_object_get(s, key)))
            continue;
        buf_printf(b, "%s{", name);
        label(b, "source", json_string_value(json_object_get(s, "source")));
        buf_putc(b, '}');
        value(b, n);
    }
}

static void lags(struct buf *b, const json_t *status)
{
    const json_t *s, *p;
    size_t i, k;
    head(b, "odw_source_partition_lag", "gauge", "Messages of a partition that are not committed yet.");
    json_array_foreach(json_object_get(status, "sources"), i, s)
    {
        json_array_foreach(json_object_get(s, "partitions"), k, p)
        {
            buf_puts(b, "odw_source_partition_lag{");
            label(b, "source", json_string_value(json_object_get(s, "source")));
            buf_printf(b, ",partition=\"%d\"}", (int)json_integer_value(json_object_get(p, "partition")));
            value(b, json_object_get(p, "lag"));
        }
    }
}

static void letters(struct buf *b, const json_t *status)
{
    const json_t *s;
    json_t *n;
    const char *class;
    size_t i;
    head(b, "odw_dead_letters_open", "gauge", "Open dead letters by class.");
    json_array_foreach(json_object_get(status, "sources"), i, s)
    {
        json_object_foreach(json_object_get(s, "dead_letters_open"), class, n)
        {
            buf_puts(b, "odw_dead_letters_open{");
            label(b, "source", json_string_value(json_object_get(s, "source")));
            buf_putc(b, ',');
            label(b, "class", class);
            buf_putc(b, '}');
            value(b, n);
        }
    }
}

static void extractions(struct buf *b, const json_t *status)
{
    const json_t *e = json_object_get(status, "extractions");
    if (!json_is_object(e))
        return;
    head(b, "odw_extractions_waiting", "gauge", "Documents that a language model is still to be asked about.");
    buf_puts(b, "odw_extractions_waiting");
    value(b, json_object_get(e, "waiting"));
    head(b, "odw_extractions_tried", "gauge", "Those of them that it could not answer yet: budget, provider, deadline.");
    buf_puts(b, "odw_extractions_tried");
    value(b, json_object_get(e, "tried"));
}

/* The error's text is a label: an alert that only says "1" sends its reader elsewhere. */
static void errors(struct buf *b, const json_t *status)
{
    const json_t *s, *p, *e;
    size_t i, k;
    head(b, "odw_source_last_error_info", "gauge", "The last error of a source's consumers or views, which may be over.");
    json_array_foreach(json_object_get(status, "sources"), i, s)
    {
        if (!json_is_object(e = json_object_get(s, "last_error")))
            continue;
        buf_puts(b, "odw_source_last_error_info{");
        label(b, "source", json_string_value(json_object_get(s, "source")));
        buf_putc(b, ',');
        label(b, "at", json_string_value(json_object_get(e, "at")));
        buf_putc(b, ',');
        label(b, "error", json_string_value(json_object_get(e, "text")));
        buf_puts(b, "} 1\n");
    }
    head(b, "odw_source_stopped", "gauge", "Problems of a source that odw status names now.");
    json_array_foreach(json_object_get(status, "sources"), i, s)
    {
        int n = 0;
        json_array_foreach(json_object_get(status, "problems"), k, p) n +=
            json_equal(json_object_get(p, "source"), json_object_get(s, "source"));
        buf_puts(b, "odw_source_stopped{");
        label(b, "source", json_string_value(json_object_get(s, "source")));
        buf_printf(b, "} %d\n", n);
    }
    head(b, "odw_problems", "gauge", "Problems that odw status names now.");
    buf_printf(b, "odw_problems %zu\n", json_array_size(json_object_get(status, "problems")));
}

static void views(struct buf *b, const json_t *status)
{
    const json_t *v, *n;
    size_t i;
    head(b, "odw_view_age_seconds", "gauge", "Since an aggregate was last refreshed.");
    json_array_foreach(json_object_get(status, "views"), i, v)
    {
        if (!json_is_number(n = json_object_get(v, "last_success_age_seconds")))
            continue;
        buf_puts(b, "odw_view_age_seconds{");
        label(b, "view", json_string_value(json_object_get(v, "view")));
        buf_putc(b, '}');
        value(b, n);
    }
}

static void server(struct buf *b, const json_t *status, const char *key)
{
    bool up = json_is_true(json_object_get(json_object_get(status, key), "reachable"));
    buf_printf(b, "odw_server_up{server=\"%s\"} %d\n", key, up);
}

static void own(struct buf *b, struct shim *shim)
{
    struct metrics *m = &shim->metrics;
    head(b, "odw_shim_requests_total", "counter", "Requests answered, by the first digit of their status.");
    for (int route = 0; route < ROUTES; route++)
        for (int class = 1; class < METRICS_CLASSES; class ++) {
            unsigned long long n = atomic_load(&m->requests[route][class]);
            if (n > 0)
                buf_printf(b, "odw_shim_requests_total{route=\"%s\",code=\"%dxx\"} %llu\n", routes[route], class, n);
        }
    head(b, "odw_shim_request_seconds", "histogram", "From a request's head to the end of its answer.");
    for (int route = 0; route < ROUTES; route++) {
        unsigned long long sum = 0;
        for (int i = 0; i < METRICS_BUCKETS; i++) {
            sum += atomic_load(&m->within[route][i]);
            if (i < METRICS_BUCKETS - 1)
                buf_printf(b, "odw_shim_request_seconds_bucket{route=\"%s\",le=\"%g\"} %llu\n", routes[route],
                           (double)ends_ms[i] / 1000, sum);
            else
                buf_printf(b, "odw_shim_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n", routes[route], sum);
        }
        buf_printf(b, "odw_shim_request_seconds_sum{route=\"%s\"} %.3f\n", routes[route],
                   (double)atomic_load(&m->ms[route]) / 1000);
        buf_printf(b, "odw_shim_request_seconds_count{route=\"%s\"} %llu\n", routes[route], sum);
    }
    head(b, "odw_shim_ingest_records_total", "counter", "Records of POST /ingest by their verdict.");
    buf_printf(b, "odw_shim_ingest_records_total{verdict=\"accepted\"} %llu\n", atomic_load(&m->accepted));
    buf_printf(b, "odw_shim_ingest_records_total{verdict=\"refused\"} %llu\n", atomic_load(&m->refused));
    buf_printf(b, "odw_shim_ingest_records_total{verdict=\"unacknowledged\"} %llu\n", atomic_load(&m->unknown));
    head(b, "odw_shim_requests_under_way", "gauge", "Requests that are not answered yet.");
    buf_printf(b, "odw_shim_requests_under_way %d\n", atomic_load(&shim->busy));
    head(b, "odw_shim_ingest_held_bytes", "gauge", "Bytes of bodies that are held now.");
    buf_printf(b, "odw_shim_ingest_held_bytes %zu\n", atomic_load(&shim->ingest_bytes));
}

void metrics_answer(struct shim *shim, struct request *r)
{
    struct buf *b = &r->reply.body;
    json_t *status = watch_look(shim, WAIT_MS);
    r->reply.type = "text/plain; version=0.0.4; charset=utf-8";
    if (status != NULL) {
        head(b, "odw_server_up", "gauge", "Whether a server answers.");
        server(b, status, "clickhouse");
        server(b, status, "kafka");
        per_source(b, status, "lag", "odw_source_lag", "gauge", "Messages on the topic that are not committed yet.");
        lags(b, status);
        per_source(b, status, "rows_per_second", "odw_source_messages_per_second", "gauge",
                   "Messages judged, over the last minute.");
        per_source(b, status, "newest_row_age_seconds", "odw_source_newest_row_age_seconds", "gauge",
                   "Since the newest message that held was judged.");
        per_source(b, status, "rows", "odw_source_rows", "gauge", "Rows, those included that will merge.");
        per_source(b, status, "bytes", "odw_source_bytes", "gauge", "Bytes of rows on disk.");
        per_source(b, status, "parts", "odw_source_parts", "gauge", "Active parts of the rows' table.");
        per_source(b, status, "consumers", "odw_source_consumers", "gauge", "Consumers of the queue.");
        letters(b, status);
        extractions(b, status);
        errors(b, status);
        views(b, status);
        head(b, "odw_status_age_seconds", "gauge", "Age of all the above.");
        buf_printf(b, "odw_status_age_seconds %.3f\n", (double)json_integer_value(json_object_get(status, "age_ms")) / 1000);
    }
    own(b, shim);
    json_decref(status);
}
