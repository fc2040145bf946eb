/* cli/status: how the servers, the sources and what they stand on are doing. */
#ifndef ODW_STATUS_H
#define ODW_STATUS_H

#include <jansson.h>

#include "base/err.h"
#include "base/opt.h"
#include "declaration/plan.h"

/* Asks everything that can be asked within seconds; what can't be reached becomes a problem, not an error. The object that
 * `odw status --json` prints, or NULL without memory; the caller decrefs. Keys are stable:
 * ok, parts [name, pid, up], clickhouse {url, reachable, version}, kafka {brokers, reachable}, shim {url, reachable},
 * sources [source, topic, group, queue, rows, rows_per_second, newest_row_age_seconds, lag, partitions [partition, low, high,
 * committed, lag], dead_letters_open {CLASS: n}, consumers], views [view, status, last_success_age_seconds, exception],
 * disks [name, free_bytes, total_bytes], problems [source, cause, remedy]. What isn't known is null. */
json_t *status_gather(const struct opts *o, const struct plan *p);

/* Adds to problems; source "" where it is everyone's. */
void status_problem(json_t *status, const char *source, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
