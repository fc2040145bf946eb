/* tests/fuzz/trace: what must hold for any bytes as a tracing header. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "trace/trace.h"

const char *const fuzz_words[] = {
    "00-",
    "cc-",
    "ff-",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00f067aa0ba902b7",
    "0000000000000000",
    "-",
    "-01",
    "-1",
    "-d",
    ":",
    "%3A",
    ":0:",
    ":1",
    "0",
    "F",
    " ",
    NULL,
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz trace: %s\n", what);
        abort();
    }
}

static bool is_id(const char *id, size_t digits)
{
    return strlen(id) == digits && strspn(id, "0123456789abcdef") == digits && strspn(id, "0") < digits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct trace t, again;
    char *copy = malloc(n > 0 ? n : 1), text[128];
    must(copy != NULL, "memory");
    memcpy(copy, data, n);
    bool valid = trace_parse((struct str){ copy, n }, &t);
    must(valid == (t.format != TRACE_NONE), "a header has a format");
    if (valid) {
        must(is_id(t.trace_id, TRACE_ID) && is_id(t.span_id, SPAN_ID), "its ids are ids");
        must(t.parent_span_id[0] == '\0' || is_id(t.parent_span_id, SPAN_ID), "so is the parent's");
        must(t.version != 0xFF && (t.format == TRACE_W3C || t.version == 0), "ff is no version");
        /* Written as version 00 it is read as the same. */
        snprintf(text, sizeof text, "00-%s-%s-%02x", t.trace_id, t.span_id, t.flags);
        must(trace_parse(str_of(text), &again) && again.format == TRACE_W3C && strcmp(again.trace_id, t.trace_id) == 0 &&
                 strcmp(again.span_id, t.span_id) == 0 && again.flags == t.flags,
             "its ids can be written as a traceparent");
    } else {
        must(t.trace_id[0] == '\0' && t.span_id[0] == '\0' && t.parent_span_id[0] == '\0' && t.flags == 0, "no header, no ids");
    }
    free(copy);
    return 0;
}
