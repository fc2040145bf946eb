/* lib/status: how the servers, the sources and what they stand on are doing. */
#ifndef ODW_STATUS_H
#define ODW_STATUS_H

#include <jansson.h>

#include "base/err.h"
#include "base/opt.h"
#include "declaration/plan.h"

/* Asks, and keeps its connections to ask again; one thread at a time. settings and plan are borrowed. ask_shim: whether the shim
 * is asked too (the shim itself doesn't). NULL without memory. */
struct status;
struct status *status_new(const struct opts *settings, const struct plan *p, bool ask_shim);
void status_free(struct status *s);

/* Asks everything that can be asked within seconds; what can't be reached becomes a problem, not an error. The object that
 * `odw status --json` prints, or NULL without memory; the caller decrefs. Keys are stable:
 * ok, parts [name, pid, up], clickhouse {url, reachable, version}, kafka {brokers, reachable}, shim {url, reachable},
 * sources [source, topic, group, rows, bytes, parts, rows_per_second, newest_row_age_seconds, lag, partitions [partition, low,
 * high, committed, lag], dead_letters_open {CLASS: n}, consumers, last_error {at, text}], views [view, status,
 * last_success_age_seconds, exception], extractions {waiting, tried, oldest_seconds, reason} (documents that a language model is
 * still to be asked about; tried: those that it could not answer yet), disks [name, free_bytes, total_bytes], problems [source ("":
 * everyone's), cause, remedy, since (ISO 8601, UTC)]. What isn't known is null. */
json_t *status_gather(struct status *s);

/* Adds to problems; source "" where it is everyone's. */
void status_problem(json_t *status, const char *source, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
