/* shim/metrics: what a running shim counts. */
#ifndef ODW_SHIM_METRICS_H
#define ODW_SHIM_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

enum metrics_route { ROUTE_OTHER, ROUTE_API, ROUTE_INGEST, ROUTE_DEAD_LETTERS, ROUTE_HEALTH, ROUTE_METRICS, ROUTES };

enum {
    METRICS_BUCKETS = 12, /* of a request's time; the last has no upper end */
    METRICS_CLASSES = 6,  /* by a status' first digit */
};

struct metrics {
    atomic_ullong requests[ROUTES][METRICS_CLASSES];
    atomic_ullong within[ROUTES][METRICS_BUCKETS]; /* each request in one bucket */
    atomic_ullong ms[ROUTES];
    atomic_ullong accepted, refused, unknown; /* records of POST /ingest */
};

void metrics_request(struct metrics *m, enum metrics_route route, int status, int64_t ms);
void metrics_ingest(struct metrics *m, uint64_t accepted, uint64_t refused, uint64_t unknown);

#endif
