/* lib/trace: the headers that carry a trace from one program to the next: traceparent, b3, uber-trace-id. */
#ifndef ODW_TRACE_H
#define ODW_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { TRACE_ID = 32, SPAN_ID = 16 }; /* hex digits */

enum trace_format { TRACE_NONE, TRACE_W3C, TRACE_B3, TRACE_JAEGER };
const char *trace_format_name(enum trace_format f); /* "", "w3c", "b3", "jaeger" */

/* trace-flags of W3C Trace Context, level 2. */
enum { TRACE_FLAG_SAMPLED = 1, TRACE_FLAG_RANDOM = 2 };

struct trace {
    enum trace_format format;
    uint8_t version;                  /* W3C's; 0 for the others */
    uint8_t flags;                    /* W3C: as received, also bits that have no meaning yet; else TRACE_FLAG_SAMPLED or 0 */
    char trace_id[TRACE_ID + 1];      /* lower-case hex, never all zeros */
    char span_id[SPAN_ID + 1];        /* who sent it: W3C calls it parent-id */
    char parent_span_id[SPAN_ID + 1]; /* the sender's own parent, where the format tells it; else "" */
};

/* The value of a `traceparent`, `b3` or `uber-trace-id` header; blanks around it are not part of it. False, and *out as for nothing
 * (format TRACE_NONE, texts ""): it is none of them. Of a W3C version above 00 what version 00 defines is read, as the
 * specification asks; version ff is none. */
bool trace_parse(struct str text, struct trace *out);

/* An id by itself, as logs have it: 32 hex digits, or 16 (then padded on the left), either case. False, and out "": it isn't one.
 */
bool trace_id_parse(struct str text, char out[TRACE_ID + 1]);
/* 16 hex digits. */
bool span_id_parse(struct str text, char out[SPAN_ID + 1]);

#endif
